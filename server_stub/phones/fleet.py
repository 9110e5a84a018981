"""The fleet: counts, filters and order, all read from current state, so that history never slows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from server_stub.phones import tally
from server_stub.phones.models import Phone, Rank, RuleState
from server_stub.web.text import clean

# What "not met" means for a clause when no status is asked for.
_OPEN = ("fail", "inconclusive", "error")
_RULE_STATUSES: Mapping[str, Sequence[str]] = {
    "non_compliant": ("fail",),
    "inconclusive": ("inconclusive", "error"),
    "compliant": ("pass", "waived"),
}
ORDERS: Mapping[str, Sequence[str]] = {
    "attention": ("rank", "rank_since", "key"),
    "seen": ("-scanned_at", "-key"),
    "longest-unseen": ("scanned_at", "key"),
    "model": ("model", "key"),
    "serial": ("serial", "key"),
}


@dataclass(frozen=True, slots=True)
class Counts:
    """How many phones. A late phone that met then is late, not "meets"; a late one that failed is both."""

    total: int
    fail: int
    not_proved: int
    late: int
    meet: int


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; "" asks for nothing. Unknown words ask for nothing either."""

    q: str = ""
    status: str = ""
    clause: str = ""
    maker: str = ""
    android: str = ""
    late: str = ""
    sort: str = "attention"

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "Filters":
        """Read the filters from a request's parameters."""
        status, sort = query.get("status", ""), query.get("sort", "")
        return cls(
            q=clean(query.get("q", "").strip(), 100),
            status=status if status in Rank.labels else "",
            clause=clean(query.get("clause", ""), 40),
            maker=clean(query.get("maker", ""), 120),
            android=clean(query.get("android", ""), 40),
            late="yes" if query.get("late") == "yes" else "",
            sort=sort if sort in ORDERS else "attention",
        )

    @property
    def any(self) -> bool:
        """Whether anything narrows the list."""
        return bool(self.q or self.status or self.clause or self.maker or self.android or self.late)


def count(late_before: datetime) -> Counts:
    """Count the fleet: kept numbers, and the late ones among them by an index that finds these alone."""
    numbers = tally.now()
    found = Phone.objects.filter(scanned_at__lt=late_before).values_list("rank").annotate(Count("key"))
    late: dict[int, int] = dict(found)
    return Counts(
        total=sum(numbers.values()),
        fail=numbers[Rank.FAIL],
        not_proved=numbers[Rank.NOT_PROVED],
        late=sum(late.values()),
        meet=numbers[Rank.MEETS] - late.get(Rank.MEETS, 0),
    )


def select(filters: Filters, late_before: datetime) -> "QuerySet[Phone]":
    """The phones that the filters let through, in no order."""
    phones = Phone.objects.filter(scanned_at__isnull=False)
    if filters.q:
        words = Q(serial__icontains=filters.q) | Q(model__icontains=filters.q) | Q(holder__icontains=filters.q)
        phones = phones.filter(words)
    if filters.clause:
        states = RuleState.objects.filter(clause=filters.clause)
        states = states.filter(status__in=_RULE_STATUSES.get(filters.status, _OPEN))
        if filters.status != "compliant":
            states = states.filter(in_the_way=True)
        phones = phones.filter(key__in=states.values("phone_id"))
    elif filters.status:
        phones = _by_status(phones, filters, late_before)
    if filters.maker:
        phones = phones.filter(manufacturer=filters.maker)
    if filters.android:
        phones = phones.filter(android_version=filters.android)
    if filters.late:
        phones = phones.filter(scanned_at__lt=late_before)
    return phones


def _by_status(phones: "QuerySet[Phone]", filters: Filters, late_before: datetime) -> "QuerySet[Phone]":
    rank = next(rank for rank in Rank if rank.label == filters.status)
    phones = phones.filter(rank=rank)
    return phones if filters.late or rank is not Rank.MEETS else phones.filter(scanned_at__gte=late_before)


def choices(field: str) -> list[str]:
    """The values that a column has, for a filter."""
    found = Phone.objects.exclude(**{field: ""}).order_by(field).values_list(field, flat=True).distinct()
    return list(found[:100])
