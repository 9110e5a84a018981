"""How verdicts look in a terminal: one word and one sign each, never colour alone, 80 columns, ASCII if need be."""

import os
import sys
import unicodedata
from typing import Any

from rich.console import Console
from rich.text import Text

from agent.messages import Language
from agent.report.words import LOOKS, Colour

_STYLES: dict[Colour, str] = {"green": "green", "red": "red", "amber": "yellow", "blue": "blue", "grey": "dim"}


def console(*, stderr: bool = False) -> Console:
    """A console for people. Without a terminal, or with NO_COLOR, it prints plain words."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else int(os.environ.get("COLUMNS", "80"))
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=width, safe_box=True)


def unicode_fits(out: Console) -> bool:
    """Whether the terminal's encoding has the signs."""
    return (out.encoding or "").lower().startswith("utf")


def word(status: str, language: Language, out: Console, *, upper: bool = False) -> Text:
    """Return sign and word of a status, coloured where colour is to be had."""
    look = LOOKS[status]
    text = look.word(language)
    sign = look.sign if unicode_fits(out) else look.ascii_sign
    return Text(f"{sign} {text.upper() if upper else text}", style=_STYLES[look.colour])


# What stands for a sign that a terminal cannot show, where taking the accents off is not enough.
_PLAIN = {"›": ">", "→": "->", "⋮": ":", "…": "...", "·": "-", "–": "-", "“": '"', "”": '"', "’": "'", "¿": ""}


def printable(text: Any, out: Console) -> str:
    """Text as the terminal's encoding can show it: without accents if need be; what is left becomes `?`."""
    encoding, shown = out.encoding or "utf-8", str(text)
    try:
        shown.encode(encoding)
    except UnicodeEncodeError:
        return "".join(_plainest(each, encoding) for each in shown)
    return shown


def _plainest(character: str, encoding: str) -> str:
    bare = unicodedata.normalize("NFKD", character)[:1]
    for each in (character, _PLAIN.get(character, bare)):
        try:
            each.encode(encoding)
        except UnicodeEncodeError:
            continue
        return each
    return "?"
