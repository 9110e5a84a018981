"""Sentences for people, kept apart from their language until somebody reads them.

A message is an English sentence with named gaps, and what fills them. The Spanish sentence comes from
`locale/es/LC_MESSAGES/posture.po`; a test finds every sentence that has none.
"""

import gettext
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

    What fills a gap may be text that a phone wrote: it is only ever inserted, never read as a format.
    """

    sentence: str
    values: Mapping[str, "str | int | Message"] = field(default_factory=dict)

    def __call__(self, language: Language = "en") -> str:
        """Return the sentence in `language`, its gaps filled."""
        sentence = _catalogue(language).gettext(self.sentence)
        filled = {k: v(language) if isinstance(v, Message) else v for k, v in self.values.items()}
        return sentence.format_map(filled)

    def __str__(self) -> str:
        return self()


class PostureError(Exception):
    """Anything that ends in one clear sentence for a person instead of a traceback.

    `permanent` says that doing the same again gives the same result; `exit_status` is the command's.
    """

    exit_status = 2

    def __init__(self, message: Message, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.permanent = permanent
