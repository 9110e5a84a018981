"""How the fleet stood over the last days: lines to draw, and the same numbers for a table."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from itertools import pairwise

from django.utils import timezone
from django.utils.translation import gettext

from server_stub.alerts.models import LateDay
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
class TrendDay(Day):
    """The end of one day; `late` is None where it was not counted: of a clause, and before anybody did."""

    late: int | None


@dataclass(frozen=True, slots=True)
class Trend:
    """`lines` is empty while there is but one day to tell of. `days`: those on which a number changed, and the ends."""

    topic: str
    first: str
    last: str
    lines: list[Line]
    days: list[TrendDay]


def trend_of(topic: str = FLEET, today: date | None = None, late: int | None = None) -> Trend:
    """The trend of the verdicts, with that of the late phones (`late`: how many there are now), or of a clause."""
    days = trend(topic, today or timezone.now().date(), DAYS)
    while len(days) > 1 and not _total(days[1]):
        days = days[1:]
    told = list(_with_late(days, late)) if topic == FLEET else [TrendDay(**asdict(day), late=None) for day in days]
    changed = [day for n, day in enumerate(told) if n in (0, len(told) - 1) or _numbers(day) != _numbers(told[n - 1])]
    return Trend(topic, days[0].day, days[-1].day, list(_lines(told)) if len(told) > 1 else [], changed)


def _with_late(days: Sequence[Day], now: int | None) -> Iterator[TrendDay]:
    """Days on which nobody counted are as the day before them."""
    counted = dict(LateDay.objects.filter(day__gte=days[0].day, day__lte=days[-1].day).values_list("day", "late"))
    late: int | None = None
    for day in days:
        late = counted.get(date.fromisoformat(day.day), late)
        yield TrendDay(**asdict(day), late=now if now is not None and day is days[-1] else late)


def _numbers(day: TrendDay) -> tuple[int, int, int, int | None]:
    return day.fail, day.not_proved, day.meet, day.late


def _total(day: Day) -> int:
    return day.fail + day.not_proved + day.meet


def _lines(days: Sequence[TrendDay]) -> Iterator[Line]:
    top = max(number or 0 for day in days for number in _numbers(day)) or 1
    columns = [column for column in zip(*map(_numbers, days), strict=True) if column[-1] is not None]
    ends = _apart([_y(column[-1] or 0, top) for column in columns])
    words = [(str(WORDS[status].text), WORDS[status].sign) for status in ("fail", "inconclusive", "pass")]
    words += [(gettext("Late"), "late")] * (len(columns) - 3)
    for (word, sign), column, end in zip(words, columns, ends, strict=True):
        known = [(100 * n / (len(days) - 1), value) for n, value in enumerate(column) if value is not None]
        points = " ".join(f"{x:.1f},{_y(value, top):.1f}" for x, value in known)
        yield Line(word, sign, column[-1] or 0, points, end)


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
