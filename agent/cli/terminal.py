"""How verdicts look in a terminal: one word and one sign each, never colour alone, 80 columns, ASCII if need be."""

import os
import sys
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


def printable(text: Any, out: Console) -> str:
    """Text as the terminal's encoding can show it: what it has not becomes `?`."""
    encoding = out.encoding or "utf-8"
    return str(text).encode(encoding, errors="replace").decode(encoding)
