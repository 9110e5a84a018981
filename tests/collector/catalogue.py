"""Every sentence of the collector's pages that goes through gettext, found in its Python and in its templates."""

from io import BytesIO
from pathlib import Path

from babel.messages.extract import extract
from django.utils.translation.template import templatize

import server_stub

HERE = Path(server_stub.__file__).parent
_KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "Refusal": (3,),
}


def sentences() -> set[str | tuple[str, ...]]:
    found: set[str | tuple[str, ...]] = set()
    for path in sorted(HERE.rglob("*.py")) + sorted(HERE.rglob("*.html")):
        text = path.read_text()
        source = templatize(text) if path.suffix == ".html" else text
        for _line, message, _comments, _context in extract("python", BytesIO(source.encode()), _KEYWORDS):
            found.add(message)
    return found
