"""How the fleet stood over the last days: lines to draw, and the same numbers for a table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from django.utils import timezone

from server_stub.phones.tally import FLEET, Day, trend
from server_stub.web.words import WORDS, Sign

DAYS = 90
_HEIGHT = 100.0  # of the drawing, in its own units; labels are placed in percent of it
_LABEL = 15.0  # one label's height in the same units


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its points in a drawing of 100 by 100, and the word at its end."""

    word: str
    sign: Sign
    number: int
    points: str
    label_y: float


@dataclass(frozen=True, slots=True)
class Trend:
    """`lines` is empty while there is but one day to tell of. `days`: those on which a number changed, and the ends."""

    topic: str
    first: str
    last: str
    lines: list[Line]
    days: list[Day]


def trend_of(topic: str = FLEET, today: date | None = None) -> Trend:
    """The trend of the verdicts, or of a clause."""
    days = trend(topic, today or timezone.now().date(), DAYS)
    while len(days) > 1 and not _total(days[1]):
        days = days[1:]
    changed = [day for n, day in enumerate(days) if n in (0, len(days) - 1) or _numbers(day) != _numbers(days[n - 1])]
    return Trend(topic, days[0].day, days[-1].day, list(_lines(days)) if len(days) > 1 else [], changed)


def _numbers(day: Day) -> tuple[int, int, int]:
    return day.fail, day.not_proved, day.meet


def _total(day: Day) -> int:
    return sum(_numbers(day))


def _lines(days: Sequence[Day]) -> Iterator[Line]:
    top = max(max(_numbers(day)) for day in days) or 1
    columns = list(zip(*map(_numbers, days), strict=True))
    ends = _apart([_y(column[-1], top) for column in columns])
    for status, column, end in zip(("fail", "inconclusive", "pass"), columns, ends, strict=True):
        points = " ".join(f"{100 * n / (len(days) - 1):.1f},{_y(value, top):.1f}" for n, value in enumerate(column))
        yield Line(str(WORDS[status].text), WORDS[status].sign, column[-1], points, end)


def _y(value: int, top: int) -> float:
    return _HEIGHT - 4 - (_HEIGHT - 12) * value / top


def _apart(wanted: Sequence[float]) -> list[float]:
    """Labels as near to their lines' ends as they can be without covering each other."""
    placed = list(wanted)
    order = sorted(range(len(wanted)), key=lambda n: wanted[n])
    for above, below in pairwise(order):
        placed[below] = max(placed[below], placed[above] + _LABEL)
    over = max(0.0, placed[order[-1]] - _HEIGHT)
    limit = placed[order[-1]] - over
    for n in reversed(order):
        placed[n] = min(placed[n], limit)
        limit = placed[n] - _LABEL
    return [round(y, 1) for y in placed]
