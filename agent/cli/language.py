"""Which language the person at the terminal reads, known before any command is loaded."""

import gettext
import os
import sys
from functools import cache
from typing import cast

from agent.messages import LANGUAGES, LOCALE, Language, Message


@cache
def language() -> Language:
    """Return `--lang`, else POSTURE_LANG, else the locale's language, else English."""
    given = [word.removeprefix("--lang=") for word in sys.argv if word.startswith("--lang=")]
    given += [after for word, after in zip(sys.argv, sys.argv[1:], strict=False) if word == "--lang"]
    variables = ("POSTURE_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    for wish in (*given, *(os.environ.get(name, "") for name in variables)):
        if wish[:2].lower() in LANGUAGES:
            return cast("Language", wish[:2].lower())
        if wish:
            break
    return "en"


def t(sentence: str, **values: str | int) -> str:
    """Return a sentence of the command line in the person's language, its gaps filled."""
    return Message(sentence, values)(language())


def speak() -> None:
    """Have click say its own words ("Usage:", "Show this message and exit.") in the person's language.

    Click asks gettext's default domain, and that goes by the environment alone.
    """
    if language() != "en":
        os.environ["LANGUAGE"] = language()
        gettext.bindtextdomain("click", LOCALE)
        gettext.textdomain("click")
