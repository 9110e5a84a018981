"""The audit pack as files, made on the collector's own machine: the PDF, and its lists whole as CSV beside it."""

import csv
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from django.utils.translation import gettext

from server_stub.audit.chain import TERMINAL
from server_stub.packs.making import Maker
from server_stub.packs.pages import PHONES, ROWS, entry_rows, pdf, phone_rows
from server_stub.packs.span import read
from server_stub.web.sheet import cell


def write(first: str, last: str, to: Path, folder: Path | None) -> str:
    """Write it. Returns the PDF's SHA-256. Raises ValueError with a sentence, OSError."""
    span = read(first, last)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        _sheet(folder / "phones.csv", PHONES, phone_rows(span, holders=True))
        _sheet(folder / "audit.csv", ROWS, entry_rows(span))
    made = pdf(span, Maker(gettext("the collector's terminal"), holders=True), TERMINAL)
    to.write_bytes(made)
    return hashlib.sha256(made).hexdigest()


def _sheet(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows([cell(value) for value in row] for row in rows)
