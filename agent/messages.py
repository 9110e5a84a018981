"""Sentences for people, kept apart from their language until somebody reads them.

A message is an English sentence with named gaps, and what fills them. The Spanish sentence comes from
`locale/es/LC_MESSAGES/posture.po`; a test finds every sentence that has none.
"""

import gettext
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal, get_args

Language = Literal["en", "es"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

LOCALE = Path(__file__).parent / "locale"


@cache
def _catalogue(language: Language) -> gettext.NullTranslations:
    return gettext.translation("posture", LOCALE, [language], fallback=True)


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence: `Message("{command} was refused: {answer}", {"command": …, "answer": …})`.

    What fills a gap may be text that a stranger wrote: it is only ever inserted, never read as a format, and without
    its control and direction characters, line breaks too.
    """

    sentence: str
    values: Mapping[str, "str | int | Message"] = field(default_factory=dict)

    def __call__(self, language: Language = "en") -> str:
        """Return the sentence in `language`, its gaps filled."""
        sentence = _catalogue(language).gettext(self.sentence)
        return sentence.format_map({name: _filling(value, language) for name, value in self.values.items()})

    def __str__(self) -> str:
        return self()


def _filling(value: "str | int | Message", language: Language) -> str | int:
    if isinstance(value, Message):
        return value(language)
    return _CONTROLS.sub(_REPLACED, value) if isinstance(value, str) else value


_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]")
_REPLACED = "\N{REPLACEMENT CHARACTER}"


def quoted(text: str, limit: int = 240) -> str:
    """Make a stranger's text fit to show: no control or direction characters, no newline, at most `limit` long."""
    clean = _CONTROLS.sub(_REPLACED, text.strip())
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


# What the C library says most often when a file, a disk or a network refuses: its words are the key.
_SYSTEM = {
    message.sentence: message
    for message in (
        Message("Address already in use"),
        Message("Broken pipe"),
        Message("Connection refused"),
        Message("Connection reset by peer"),
        Message("Connection timed out"),
        Message("Disk quota exceeded"),
        Message("File exists"),
        Message("File name too long"),
        Message("Input/output error"),
        Message("Is a directory"),
        Message("Name or service not known"),
        Message("Network is unreachable"),
        Message("No route to host"),
        Message("No space left on device"),
        Message("No such file or directory"),
        Message("Not a directory"),
        Message("Operation not permitted"),
        Message("Permission denied"),
        Message("Read-only file system"),
        Message("Temporary failure in name resolution"),
        Message("Too many open files"),
    )
}


def because(error: OSError) -> Message:
    """What the system says of an error, in the reader's language where that is a common one."""
    said = error.strerror or str(error)
    return _SYSTEM.get(said) or Message("{why}", {"why": said})


class PostureError(Exception):
    """Anything that ends in one clear sentence for a person instead of a traceback.

    `permanent` says that doing the same again gives the same result; `exit_status` is the command's.
    """

    exit_status = 2

    def __init__(self, message: Message, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.permanent = permanent
