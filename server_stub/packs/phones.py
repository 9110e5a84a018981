"""The phones of a pack: those that did not meet, or were late, at the range's end, or failed within it.

At an end that is now, a phone stands as the fleet page shows it; at one in the past it is judged anew from its newest
report of then, by the policy, exceptions and statements of then.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from server_stub.decisions.applying import as_it_stands, decisions_of
from server_stub.ingest import extract
from server_stub.packs.span import Span
from server_stub.phones.models import Phone, Rank, StoredReport
from server_stub.phones.status import headline_of
from server_stub.phones.stored import report_of

_AT_ONCE = 200
_NEWEST = ("-scanned_at", "-report_id")


@dataclass(frozen=True, slots=True)
class PhoneLine:
    """One phone. `failed`, `unproved`, `reports`: of the signed reports within the range, as their agents judged."""

    key: str
    serial: str
    model: str
    holder: str
    group: str
    rank: int
    late: bool
    seen_at: datetime
    headline: str
    failed: int
    unproved: int
    reports: int

    @property
    def told_of(self) -> bool:
        """Whether a pack lists it."""
        return self.rank != Rank.MEETS or self.late or self.failed > 0

    @property
    def weight(self) -> tuple[int, bool, str]:
        """What needs attention first."""
        return self.rank, not self.late, self.key


def lines(span: Span) -> Iterator[PhoneLine]:
    """All phones that had been looked at by the range's end, by key; bounded in memory, whatever the fleet."""
    after = ""
    seen = Phone.objects.filter(scanned_at__isnull=False).order_by("key")
    while phones := list(seen.filter(key__gt=after)[:_AT_ONCE]):
        after = phones[-1].key
        within = _within(phones, span)
        yield from (_line(phone, within, None) for phone in phones) if span.is_now else _past(phones, within, span)


def _past(phones: Sequence[Phone], within: Counter[tuple[str, int]], span: Span) -> Iterator[PhoneLine]:
    people = decisions_of(phones)
    for phone in phones:
        of_then = StoredReport.objects.filter(phone=phone, scanned_at__lt=span.end).order_by(*_NEWEST).first()
        if of_then is None:
            continue
        report = report_of(phone, of_then)
        if of_then.erased_at is None:
            report = as_it_stands(report, people[phone.key], span.end)
        then = Phone(
            key=phone.key,
            serial=phone.serial,
            model=phone.model,
            holder=phone.holder,
            group=phone.group,
            late_hours=phone.late_hours,
            rank=extract.rank(report),
            scanned_at=of_then.scanned_at,
            headline=extract.headline(report),
        )
        yield _line(then, within, span.end)


def _line(phone: Phone, within: Counter[tuple[str, int]], at: datetime | None) -> PhoneLine:
    period = settings.LATE_AFTER if phone.late_hours is None else timedelta(hours=phone.late_hours)
    seen_at = phone.scanned_at or phone.first_seen_at
    numbers = {rank: within[phone.key, rank] for rank in Rank.values}
    return PhoneLine(
        key=phone.key,
        serial=phone.serial,
        model=phone.model,
        holder=phone.holder,
        group=phone.group,
        rank=phone.rank,
        late=seen_at < (at or timezone.now()) - period,
        seen_at=seen_at,
        headline=headline_of(phone),
        failed=numbers[Rank.FAIL],
        unproved=numbers[Rank.NOT_PROVED],
        reports=sum(numbers.values()),
    )


def _within(phones: Sequence[Phone], span: Span) -> Counter[tuple[str, int]]:
    found = StoredReport.objects.filter(
        phone__in=[phone.key for phone in phones], scanned_at__gte=span.start, scanned_at__lt=span.end
    )
    numbers = found.values_list("phone_id", "rank").annotate(Count("report_id")).order_by()
    return Counter({(key, rank): number for key, rank, number in numbers})
