"""How many phones stand how, kept as they move, so that no page counts the fleet; and the same for past days."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zlib import crc32

from django.db import connection
from django.db.models import Sum

from server_stub.phones.models import ClauseState, Movement, Phone, Rank, RuleState, Tally

FLEET = ""  # the topic of the verdicts; the others are clauses
_SHARDS = 16
_AT_ONCE = 150  # rows a statement

Places = Mapping[str, int]  # topic: rank


def places(phone: Phone, rules: Iterable[RuleState]) -> dict[str, int]:
    """How a phone counts: its verdict, and each clause by the worst of the rules that count in it."""
    if phone.scanned_at is None:
        return {}
    found: dict[str, int] = {FLEET: phone.rank}
    for rule in rules:
        if rule.status == "not_applicable" or (rule.status not in ("pass", "waived") and not rule.in_the_way):
            continue
        rank = Rank.FAIL if rule.status == "fail" else Rank.NOT_PROVED if rule.in_the_way else Rank.MEETS
        found[rule.clause] = min(found.get(rule.clause, rank), rank)
    return found


class Moves:
    """What changes within one transaction, written once at its end, in one order, so that writers never deadlock.

    The phones themselves are locked meanwhile.
    """

    def __init__(self) -> None:
        self._numbers: Counter[tuple[str, date, int, int]] = Counter()
        self._clauses: dict[tuple[str, str], ClauseState | None] = {}  # None: it applies no longer

    def add(self, key: str, before: Places, after: Places, at: datetime) -> None:
        """A phone stands otherwise since `at`."""
        shard, day = crc32(key.encode()) % _SHARDS, at.date()
        for topic in {**before, **after}:
            if before.get(topic) == after.get(topic):
                continue
            if topic in before:
                self._numbers[topic, day, before[topic], shard] -= 1
            if topic in after:
                self._numbers[topic, day, after[topic], shard] += 1
            if topic != FLEET:
                self._clauses[key, topic] = self._state(key, topic, after.get(topic), at)

    def _state(self, key: str, clause: str, rank: int | None, at: datetime) -> ClauseState | None:
        return None if rank is None else ClauseState(phone_id=key, clause=clause, rank=rank, since=at)

    def write(self) -> None:
        """Add it to the kept numbers, and keep how each clause stands."""
        self.write_numbers()
        self._write_clauses()

    def write_numbers(self) -> None:
        """Add it to the kept numbers alone."""
        moved = sorted(item for item in self._numbers.items() if item[1])
        totals: Counter[tuple[str, int, int]] = Counter()
        for (topic, _day, rank, shard), number in moved:
            totals[topic, rank, shard] += number
        _upsert("phones_tally", ("topic", "rank", "shard"), [(*k, n) for k, n in sorted(totals.items()) if n])
        _upsert("phones_movement", ("topic", "day", "rank", "shard"), [(*k, n) for k, n in moved])

    def _write_clauses(self) -> None:
        if gone := [key for key, state in self._clauses.items() if state is None]:
            ClauseState.objects.filter(pk__in=gone).delete()
        if stand := [state for _, state in sorted(self._clauses.items()) if state is not None]:
            ClauseState.objects.bulk_create(
                stand, update_conflicts=True, unique_fields=["phone", "clause"], update_fields=["rank", "since"]
            )


def _upsert(table: str, key: tuple[str, ...], rows: list[tuple[str | int | date, ...]]) -> None:
    names = (*key, "number")
    one = f"({', '.join(['%s'] * len(names))})"
    for start in range(0, len(rows), _AT_ONCE):
        part = rows[start : start + _AT_ONCE]
        sql = (
            f"INSERT INTO {table} ({', '.join(names)}) VALUES {', '.join([one] * len(part))} "  # noqa: S608 - our names
            f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET number = {table}.number + excluded.number"
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, [value for row in part for value in row])


def now(topic: str = FLEET) -> dict[int, int]:
    """How many phones stand how in this topic, by rank."""
    found = Tally.objects.filter(topic=topic).values_list("rank").annotate(Sum("number"))
    return dict.fromkeys(Rank.values, 0) | dict(found)


@dataclass(frozen=True, slots=True)
class Day:
    """The end of one day."""

    day: str
    fail: int
    not_proved: int
    meet: int


def trend(topic: str, today: date, days: int) -> list[Day]:
    """The last days, oldest first: today's numbers, less what moved since. Costs the window, whatever the fleet."""
    first = today - timedelta(days=days - 1)
    moved = Movement.objects.filter(topic=topic, day__gt=first).values_list("day", "rank").annotate(Sum("number"))
    by_day: dict[date, Counter[int]] = defaultdict(Counter)
    for day, rank, number in moved:
        by_day[day][rank] += number
    return list(_back(now(topic), by_day, today, days))[::-1]


def _back(numbers: dict[int, int], moved: Mapping[date, Counter[int]], today: date, days: int) -> Iterator[Day]:
    ahead = [day for day in moved if day > today]  # a clock a few minutes ahead of ours at midnight
    for back in range(days):
        day = today - timedelta(days=back)
        yield Day(day.isoformat(), numbers[Rank.FAIL], numbers[Rank.NOT_PROVED], numbers[Rank.MEETS])
        for leaving in (day, *(ahead if back == 0 else ())):
            for rank, number in moved.get(leaving, {}).items():
                numbers[rank] -= number


def forget(phones: Iterable[Phone], at: datetime) -> None:
    """Take phones that are being deleted out of the numbers. Call it within the transaction that deletes them."""
    moves = Moves()
    rules: dict[str, list[RuleState]] = defaultdict(list)
    gone = list(phones)
    for rule in RuleState.objects.filter(phone__in=[phone.key for phone in gone]):
        rules[rule.phone_id].append(rule)
    for phone in gone:
        moves.add(phone.key, places(phone, rules[phone.key]), {}, at)
    moves.write()
