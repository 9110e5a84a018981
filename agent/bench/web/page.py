"""The page's HTML. Its parts are the ones that change; each is pushed to the browser when it does."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from agent.bench.board import Board
from agent.messages import LANGUAGES, Language, Message
from agent.report.words import LOOKS

PARTS = ("verdict", "note", "queue", "steps", "questions")

_WORDS = {
    "title": Message("Bench"),
    "skip": Message("Skip to the verdict"),
    "language": Message("Language"),
    "theme": Message("Dark or light"),
    "sound": Message("Sound"),
    "lost": Message("The bench has ended, or this page has lost it: look at its terminal, and open its new address."),
    "now": Message("Do this now"),
    "steps": Message("What stands between it and “Meets”"),
    "questions": Message("Questions for a person"),
    "who": Message("Who answers"),
    "may_answer": Message("May answer: {roles}"),
    "advice": Message("(advice: the verdict does not wait for it)"),
    "yes": Message("Yes"),
    "no": Message("No"),
    "no_answer": Message("No answer"),
    "answer": Message("Note the answers"),
    "save_certificate": Message("Save the certificate"),
    "save_report": Message("Save the report"),
    "print": Message("Print it"),
    "repeat": Message("Scan again"),
    "queue": Message("At the bench"),
    "show": Message("Show"),
    "progress": Message("{answered} of {commands} answers"),
    "without_script": Message("Without scripts this page does not follow the bench: load it anew to see what changed."),
}


def page(board: Board, *, sound: bool) -> str:
    """The whole page."""
    return _template("page.html.j2").render(
        board=board, words=_words(board.language), parts=parts(board), languages=LANGUAGES, sound=sound, say=say(board)
    )


def parts(board: Board) -> dict[str, str]:
    """The parts that change, as HTML by their ids; what phones say is escaped by the template engine."""
    words = _words(board.language)
    return {name: _template(f"{name}.html.j2").render(board=board, words=words, looks=LOOKS).strip() for name in PARTS}


def say(board: Board) -> str:
    """The verdict as a screen reader says it."""
    shown = board.shown
    return "" if shown is None else f"{shown.phone}: {shown.word}. {shown.to_do}"


@cache
def static(name: str) -> tuple[bytes, str] | None:
    """A file of the page and its type; None for a name that is none."""
    kinds = {"bench.css": "text/css", "bench.js": "text/javascript"}
    if name not in kinds:
        return None
    return files(__package__).joinpath(name).read_bytes(), f"{kinds[name]}; charset=utf-8"


@cache
def _words(language: Language) -> Mapping[str, str]:
    """The page's own labels; a gap that a template fills stands for itself."""
    return {name: Message(label.sentence, _gaps(label))(language) for name, label in _WORDS.items()}


def _gaps(label: Message) -> dict[str, str | int | Message]:
    return {name: f"{{{name}}}" for name in re.findall(r"\{(\w+)\}", label.sentence)}


def _template(name: str) -> Template:
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    loader = PackageLoader("agent.bench.web", ".")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
