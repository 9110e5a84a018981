"""How verdicts look in a terminal: one word and one sign each, never colour alone, 80 columns, ASCII if need be."""

import os
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from agent.messages import Language, Message

# status: (word, sign, ASCII sign, colour)
LOOKS: dict[str, tuple[Message, str, str, str]] = {
    "pass": (Message("Meets"), "✓", "+", "green"),
    "compliant": (Message("Meets"), "✓", "+", "green"),
    "fail": (Message("Fails"), "✕", "x", "red"),
    "non_compliant": (Message("Fails"), "✕", "x", "red"),
    "inconclusive": (Message("Not proved"), "?", "?", "yellow"),
    "not_applicable": (Message("Does not apply"), "–", "-", "dim"),
    "waived": (Message("Excepted"), "◐", "o", "blue"),
    "attested": (Message("Stated"), "✎", "s", "blue"),
    "error": (Message("Could not be judged"), "!", "!", "yellow"),
}


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
    label, sign, ascii_sign, colour = LOOKS[status]
    text = label(language)
    return Text(f"{sign if unicode_fits(out) else ascii_sign} {text.upper() if upper else text}", style=colour)


def printable(text: Any, out: Console) -> str:
    """Text as the terminal's encoding can show it: what it has not becomes `?`."""
    encoding = out.encoding or "utf-8"
    return str(text).encode(encoding, errors="replace").decode(encoding)
