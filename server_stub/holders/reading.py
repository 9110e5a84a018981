"""A CSV of holders, or a program's rows, read one by one: what each says, or what is wrong with it."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.translation import gettext

from server_stub.web.text import clean

if TYPE_CHECKING:
    import _csv

REQUIRED = ("serial", "holder")
COLUMNS: dict[str, int] = {  # and how long a cell may be
    "serial": 300,
    "holder": 200,
    "holder_id": 120,
    "group": 120,
    "asset_tag": 80,
    "late_after_hours": 5,
}
LIMIT_BYTES = 8 * 1024 * 1024
_LONGEST_PERIOD_H = 8784
_MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One phone. None: there is no such column, so what is known of it stays."""

    number: int
    serial: str
    holder: str
    holder_id: str | None
    group: str | None
    asset_tag: str | None
    late_after_hours: int | None

    @property
    def reference(self) -> str:
        """What the holder is known by."""
        return self.holder_id or self.holder[:120]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a line (1 is the header), in the reader's language."""

    line: int
    sentence: str


@dataclass(slots=True)
class Sheet:
    """A file that was read: its lines, or its problems."""

    lines: list[Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, line: int, sentence: str) -> None:
        """Note what is wrong; a hundred are enough."""
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(line, sentence))


def read(content: bytes) -> Sheet:
    """Read a CSV in UTF-8, cells parted by comma or semicolon. Never raises for what a file holds."""
    sheet = Sheet()
    if len(content) > LIMIT_BYTES:
        sheet.wrong(1, gettext("The file is larger than 8 MB."))
        return sheet
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        sheet.wrong(line, gettext("The file is not UTF-8; save it as “CSV UTF-8”."))
        return sheet
    header, _, _ = text.partition("\n")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";" if header.count(";") > header.count(",") else ",")
    try:
        names = [name.strip().lower() for name in next(rows, [])]
        if _header_fits(names, sheet):
            _read_lines(rows, names, sheet)
    except csv.Error as error:
        sheet.wrong(rows.line_num, gettext("The line is not CSV: %(why)s.") % {"why": error})
    _cross_check(sheet)
    return sheet


def _header_fits(names: list[str], sheet: Sheet) -> bool:
    for name in REQUIRED:
        if name not in names:
            sheet.wrong(1, gettext("The first line should name a column “%(name)s”.") % {"name": name})
    for place, name in enumerate(names):
        if name not in COLUMNS:
            known = ", ".join(COLUMNS)
            told = {"name": clean(name, 40), "known": known}
            sheet.wrong(1, gettext("There is no column “%(name)s”; the columns are %(known)s.") % told)
        elif names.index(name) != place:
            sheet.wrong(1, gettext("The column “%(name)s” is there twice.") % {"name": name})
    return not sheet.problems


def _read_lines(rows: "_csv.Reader", names: list[str], sheet: Sheet) -> None:
    for cells in rows:
        number = rows.line_num
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(names):
            told = {"found": len(cells), "wanted": len(names)}
            sheet.wrong(number, gettext("The line has %(found)s cells; the first line names %(wanted)s.") % told)
            continue
        _read_row(number, dict(zip(names, cells, strict=True)), sheet)


def read_rows(rows: Sequence[Mapping[str, str]]) -> Sheet:
    """The same of rows that a program sends, each with the columns it names; a row's number is its place, from 1."""
    sheet = Sheet()
    for number, row in enumerate(rows, start=1):
        _read_row(number, row, sheet)
    _cross_check(sheet)
    return sheet


def _read_row(number: int, cells: Mapping[str, str], sheet: Sheet) -> None:
    row = {name: cell.strip() for name, cell in cells.items()}
    wrong = [name for name, cell in row.items() if not _cell_fits(name, cell, number, sheet)]
    if not wrong:
        hours = row.get("late_after_hours")
        sheet.lines.append(
            Line(
                number,
                row["serial"],
                row["holder"],
                row.get("holder_id"),
                row.get("group"),
                row.get("asset_tag"),
                int(hours) if hours else None,
            )
        )


def _cell_fits(name: str, cell: str, number: int, sheet: Sheet) -> bool:
    if name == "serial" and cell.lower() in ("", "unknown"):
        sheet.wrong(number, gettext("The serial is empty."))
    elif len(cell) > COLUMNS[name]:
        told = {"name": name, "most": COLUMNS[name]}
        sheet.wrong(number, gettext("“%(name)s” is longer than %(most)s characters.") % told)
    elif clean(cell, COLUMNS[name]) != cell:
        sheet.wrong(number, gettext("“%(name)s” holds characters that cannot be seen.") % {"name": name})
    elif name == "late_after_hours" and cell and not _is_period(cell):
        sheet.wrong(
            number, gettext("“late_after_hours” should be whole hours, 1 to %(most)s.") % {"most": _LONGEST_PERIOD_H}
        )
    else:
        return True
    return False


def _is_period(cell: str) -> bool:
    return cell.isascii() and cell.isdigit() and 1 <= int(cell) <= _LONGEST_PERIOD_H


def _cross_check(sheet: Sheet) -> None:
    """What one line says against another: a phone twice, a group with two periods, one number for two people."""
    phones: dict[str, int] = {}
    periods: dict[str, Line] = {}
    people: dict[str, Line] = {}
    for line in sheet.lines:
        if line.serial in phones:
            told = {"line": phones[line.serial]}
            sheet.wrong(line.number, gettext("The phone is already in line %(line)s.") % told)
        phones.setdefault(line.serial, line.number)
        if line.late_after_hours is not None:
            if not line.group:
                sheet.wrong(line.number, gettext("“late_after_hours” is a group's; the line names no group."))
            elif (first := periods.setdefault(line.group, line)).late_after_hours != line.late_after_hours:
                told = {"line": first.number}
                sheet.wrong(line.number, gettext("The group has another period in line %(line)s.") % told)
        if line.holder_id and not line.holder:
            sheet.wrong(line.number, gettext("There is a holder's number without a name."))
        elif line.holder_id and (same := people.setdefault(line.holder_id, line)).holder != line.holder:
            told = {"line": same.number}
            sheet.wrong(line.number, gettext("The holder's number has another name in line %(line)s.") % told)
    sheet.problems.sort(key=lambda problem: problem.line)
