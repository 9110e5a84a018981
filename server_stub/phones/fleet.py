"""The fleet: counts, filters and order, all read from current state, so that history never slows it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Literal

from django.db import connection
from django.db.models import Count, F, FilteredRelation, Q, QuerySet
from django.utils import timezone

from server_stub.phones import tally
from server_stub.phones.models import Phone, Rank, RuleState
from server_stub.phones.status import late
from server_stub.web.text import clean
from server_stub.web.words import SEVERITIES

_SEARCHED = ("serial", "model", "holder", "asset_tag")
ORDERS: Mapping[str, Sequence[str]] = {
    "attention": ("rank", "rank_since", "key"),
    "seen": ("-scanned_at", "-key"),
    "longest-unseen": ("scanned_at", "key"),
    "model": ("model", "key"),
    "serial": ("serial", "key"),
}

_IN_CLAUSE = ("clause_rank", "clause_since", "key")


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
    group: str = ""
    late: str = ""
    severity: str = ""
    patch_days: str = ""  # the security patch is older than so many days
    unseen_days: str = ""  # not seen for so many days
    failing_days: str = ""  # has failed for so many days
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
            group=clean(query.get("group", ""), 120),
            late="yes" if query.get("late") == "yes" else "",
            severity=query.get("severity", "") if query.get("severity") in SEVERITIES else "",
            patch_days=_days(query.get("patch_days", "")),
            unseen_days=_days(query.get("unseen_days", "")),
            failing_days=_days(query.get("failing_days", "")),
            sort=sort if sort in ORDERS else "attention",
        )

    @property
    def any(self) -> bool:
        """Whether anything narrows the list."""
        return any(value for name, value in asdict(self).items() if name != "sort")


def _days(text: str) -> str:
    return str(int(text)) if text.isascii() and text.isdigit() and 0 < int(text[:5]) <= 3650 else ""


def count() -> Counts:
    """Count the fleet: kept numbers, and the late ones among them by an index that finds these alone."""
    numbers = tally.now()
    found = Phone.objects.filter(late()).values_list("rank").annotate(Count("key"))
    behind: dict[int, int] = dict(found)
    return Counts(
        total=sum(numbers.values()),
        fail=numbers[Rank.FAIL],
        not_proved=numbers[Rank.NOT_PROVED],
        late=sum(behind.values()),
        meet=numbers[Rank.MEETS] - behind.get(Rank.MEETS, 0),
    )


def select(filters: Filters) -> "QuerySet[Phone]":
    """The phones that the filters let through, in no order."""
    phones = Phone.objects.filter(scanned_at__isnull=False)
    if filters.q:
        phones = phones.filter(reduce(or_, (Q(**{f"{field}__icontains": filters.q}) for field in _SEARCHED)))
    if filters.clause:
        phones = _by_clause(phones, filters)
    elif filters.status:
        phones = _by_status(phones, filters)
    if filters.severity:
        weighty = RuleState.objects.filter(severity=filters.severity, in_the_way=True)
        phones = phones.filter(key__in=weighty.values("phone_id"))
    if filters.maker:
        phones = phones.filter(manufacturer=filters.maker)
    if filters.group:
        phones = phones.filter(group=filters.group)
    if filters.android:
        phones = phones.filter(android_version=filters.android)
    if filters.late:
        phones = phones.filter(late())
    return _by_age(phones, filters, timezone.now())


def order(filters: Filters) -> Sequence[str]:
    """By what `select`'s phones are listed; of a clause's, those come first that have stood worst in it for longest."""
    return _IN_CLAUSE if filters.clause and filters.sort == "attention" else ORDERS[filters.sort]


def _by_clause(phones: "QuerySet[Phone]", filters: Filters) -> "QuerySet[Phone]":
    """Where no status is asked for, those that do not meet it."""
    stands = FilteredRelation("clauses", condition=Q(clauses__clause=filters.clause))
    phones = phones.annotate(stands=stands, clause_rank=F("stands__rank"), clause_since=F("stands__since"))
    asked = [rank for rank in Rank if rank.label == filters.status]
    return phones.filter(clause_rank=asked[0]) if asked else phones.filter(clause_rank__lt=Rank.MEETS)


def _by_age(phones: "QuerySet[Phone]", filters: Filters, now: datetime) -> "QuerySet[Phone]":
    if filters.patch_days:
        oldest = (now - timedelta(days=int(filters.patch_days))).date().isoformat()
        phones = phones.filter(security_patch__lt=oldest).exclude(security_patch="")
    if filters.unseen_days:
        phones = phones.filter(scanned_at__lt=now - timedelta(days=int(filters.unseen_days)))
    if filters.failing_days:
        phones = phones.filter(rank=Rank.FAIL, rank_since__lt=now - timedelta(days=int(filters.failing_days)))
    return phones


def _by_status(phones: "QuerySet[Phone]", filters: Filters) -> "QuerySet[Phone]":
    rank = next(rank for rank in Rank if rank.label == filters.status)
    phones = phones.filter(rank=rank)
    return phones if filters.late or rank is not Rank.MEETS else phones.exclude(late())


_STEPS = """
    WITH RECURSIVE step(value) AS (
        SELECT min({0}) FROM phones_phone WHERE {0} > ''
        UNION ALL SELECT (SELECT min({0}) FROM phones_phone WHERE {0} > step.value) FROM step WHERE value <> ''
    ) SELECT value FROM step WHERE value <> '' LIMIT 100
"""


def choices(column: Literal["manufacturer", "android_version"]) -> list[str]:
    """The values that a column has, for a filter: stepping from one to the next by the column's index."""
    with connection.cursor() as cursor:
        cursor.execute(_STEPS.format(connection.ops.quote_name(column)))
        return [value for (value,) in cursor.fetchall()]
