"""Which language the person at the terminal reads, known before any command is loaded."""

import gettext
import os
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import cast

from agent.messages import LANGUAGES, LOCALE, Language, Message


@cache
def language() -> Language:
    """Return `--lang`, else POSTURE_LANG, else the configured one, else the locale's, else English."""
    for wish in _wishes():
        if wish[:2].lower() in LANGUAGES:
            return cast("Language", wish[:2].lower())
        if wish:
            break
    return "en"


def _wishes() -> Iterator[str]:
    yield from _given("--lang")
    yield os.environ.get("POSTURE_LANG", "")
    yield _configured()
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        yield os.environ.get(name, "")


def _given(option: str) -> Iterator[str]:
    for word, after in zip(sys.argv, [*sys.argv[1:], ""], strict=True):
        if word.startswith(f"{option}="):
            yield word.removeprefix(f"{option}=")
        elif word == option:
            yield after


def _configured() -> str:
    """Return the language that `posture.yaml` names, found by its line: nothing may load a YAML reader here.

    `posture --help` alone goes without it, for its start. What is wrong in the file is said by who reads the whole.
    """
    if all(word.startswith("-") for word in sys.argv[1:]):
        return ""
    from agent.data_dir import DataDir  # noqa: PLC0415 - help needs none

    folder = next(_given("--data"), "")
    try:
        text = DataDir.find(Path(folder) if folder else None).configuration.read_bytes()
    except OSError:
        return ""
    found = re.search(rb"^language:[ \t]+(en|es)[ \t]*(?:#.*)?\r?$", text, re.MULTILINE)
    return found[1].decode() if found else ""


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
