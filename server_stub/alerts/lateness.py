"""Late phones: told once until they are seen, counted for the trend; and phones that are listed but were never scanned.

A phone becomes late by time alone, so nobody writes it down: this looks for it, along the index of the late ones.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from django.db import transaction

from server_stub.alerts.events import LATE, weight
from server_stub.alerts.models import Alert, LateDay, Trouble
from server_stub.alerts.raising import raise_alerts
from server_stub.holders.models import Assignment
from server_stub.phones.models import Phone
from server_stub.phones.status import late

_AT_ONCE = 500
_WEIGHT = weight("medium")


def look(now: datetime) -> None:
    """Tell of phones that became late, forget those that were seen again, note today's numbers."""
    number = sum(_note(page, now) for page in _late())
    for keys in _known():
        behind = set(Phone.objects.filter(late(), key__in=keys).values_list("key", flat=True))
        Trouble.objects.filter(event=LATE, subject__in=set(keys) - behind).delete()
    LateDay.objects.update_or_create(day=now.date(), defaults={"late": number, "never": never_scanned()})


def never_scanned() -> int:
    """How many phones are on the holders' list and were never scanned."""
    known = sum(
        Phone.objects.filter(key__in=keys, scanned_at__isnull=False).count() for keys in _pages_of_assignments()
    )
    return Assignment.objects.count() - known


def count_never(now: datetime) -> None:
    """The list changed: count anew those that were never scanned."""
    day, _ = LateDay.objects.get_or_create(day=now.date(), defaults={"late": _newest().late, "never": 0})
    day.never = never_scanned()
    day.save(update_fields=["never"])


def never_now() -> int:
    """How many were listed but never scanned, at the last look."""
    return _newest().never


def _newest() -> LateDay:
    return LateDay.objects.order_by("-day").first() or LateDay(late=0, never=0)


def _late() -> Iterator[Sequence[Phone]]:
    after = ""
    found = Phone.objects.filter(late()).order_by("key").only("key", "group", "scanned_at")
    while page := list(found.filter(key__gt=after)[:_AT_ONCE]):
        after = page[-1].key
        yield page


def _note(page: Sequence[Phone], now: datetime) -> int:
    keys = [phone.key for phone in page]
    told = set(Trouble.objects.filter(event=LATE, subject__in=keys).values_list("subject", flat=True))
    new = [phone for phone in page if phone.key not in told]
    if new:
        with transaction.atomic():
            Trouble.objects.bulk_create(
                Trouble(event=LATE, subject=phone.key, since=phone.scanned_at or now, told=_WEIGHT) for phone in new
            )
            raise_alerts(
                Alert(at=now, event=LATE, weight=_WEIGHT, phone_key=phone.key, group=phone.group) for phone in new
            )
    return len(page)


def _known() -> Iterator[Collection[str]]:
    after = ""
    rows = Trouble.objects.filter(event=LATE).order_by("subject")
    while keys := list(rows.filter(subject__gt=after).values_list("subject", flat=True)[:_AT_ONCE]):
        after = keys[-1]
        yield keys


def _pages_of_assignments() -> Iterator[Collection[str]]:
    after, rows = "", Assignment.objects.order_by("phone_key")
    while keys := list(rows.filter(phone_key__gt=after).values_list("phone_key", flat=True)[:_AT_ONCE]):
        after = keys[-1]
        yield keys
