"""The range of days that a pack is of, and the audit log's rows within it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext

from server_stub.audit.models import Entry, Head

_LONGEST = timedelta(days=3 * 366)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days in UTC, both ends included; never beyond now."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        """The first instant."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def end(self) -> datetime:
        """The first instant after it, or now where the last day is today."""
        return min(datetime.combine(self.last + timedelta(days=1), time(), UTC), timezone.now())

    @property
    def is_now(self) -> bool:
        """Whether it ends today, so that its end is the present."""
        return self.last >= timezone.now().date()


def read(first: str, last: str) -> Span:
    """Read two days, YYYY-MM-DD. Raises ValueError with a sentence."""
    try:
        span = Span(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError as error:
        raise ValueError(gettext("Give both days, as 2026-11-24.")) from error
    if span.last < span.first:
        raise ValueError(gettext("The last day is before the first one."))
    if span.first > timezone.now().date():
        raise ValueError(gettext("The first day is still to come."))
    if span.last - span.first > _LONGEST:
        raise ValueError(gettext("A pack is of three years at most."))
    return Span(span.first, min(span.last, timezone.now().date()))


@dataclass(frozen=True, slots=True)
class Rows:
    """The numbers of the audit log's rows within a range: from `first` to before `beyond`."""

    first: int
    beyond: int

    @property
    def count(self) -> int:
        """How many."""
        return self.beyond - self.first


def rows_of(span: Span) -> Rows:
    """Find them by halving: rows are numbered in the order of time, and no index by time is needed."""
    head = Head.objects.first()
    last = head.number if head else 0
    return Rows(_first_from(span.start, last), _first_from(span.end, last))


def _first_from(at: datetime, last: int) -> int:
    low, high = 1, last + 1
    while low < high:
        middle = (low + high) // 2
        found = Entry.objects.filter(number=middle).values_list("at", flat=True).first()
        if found is not None and found < at:
            low = middle + 1
        else:
            high = middle
    return low
