"""What a pack holds before it is set: sections of sentences, pairs and tables. All of it is text, nothing is markup."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from server_stub.web.text import clean

_LONGEST = 600
_LONG_WORD = re.compile(r"\S{14,}")
_PIECE = re.compile(r".{1,6}", re.DOTALL)
_HALF = re.compile(r".{1,32}", re.DOTALL)  # of a digest, as it fits into its column


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing of our own (SVG), and the same in words."""

    svg: str
    alt: str


Cell = str | Picture


@dataclass(frozen=True, slots=True)
class Table:
    """Columns: their heads, their widths in parts of the page's, and which are set in the machine's own letters."""

    heads: list[str]
    widths: list[int]
    mono: list[int]
    rows: list[list[Cell]]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, sentences, pairs of a name and a value, a table."""

    title: str
    sentences: list[str]
    pairs: list[list[str]]
    table: Table | None


@dataclass(frozen=True, slots=True)
class Pack:
    """The whole document. `made`: by whom and when, in a line."""

    language: str
    title: str
    subtitle: str
    made: str
    cover: list[list[str]]
    contents: str  # the heading over the list of sections
    sections: list[Section]


def table(
    heads: Sequence[str], widths: Sequence[int], rows: Sequence[Sequence[Cell]], mono: Sequence[int] = ()
) -> Table:
    """A table whose texts, wherever they come from, fit into cells."""
    told = [[_cell(each, mono=place in mono) for place, each in enumerate(row)] for row in rows]
    return Table(list(heads), list(widths), list(mono), told)


def section(title: str, *sentences: str, pairs: Sequence[tuple[str, str]] = (), of: Table | None = None) -> Section:
    """A section; what strangers wrote is cleaned here."""
    told = [_text(each) for each in sentences if each]
    return Section(title, told, [[name, _text(value) or "–"] for name, value in pairs], of)


def _cell(cell: Cell, *, mono: bool) -> Cell:
    if not isinstance(cell, str):
        return cell
    return "\n".join(_HALF.findall(clean(cell, _LONGEST))) if mono else _text(cell)


def _text(text: str) -> str:
    """Cleaned; a serial number, a hash or a stranger's long word may break where a column ends."""
    return _LONG_WORD.sub(lambda word: "\u200b".join(_PIECE.findall(word[0])), clean(text, _LONGEST))
