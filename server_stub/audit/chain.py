"""The chain: each row's hash is over its own fields and the hash of the row before it.

Hash: SHA-256, in hex, over the UTF-8 of a JSON object with the row's fields, its keys sorted, no blanks (RFC 8785
for the values that occur: texts, whole numbers, true and false). The first row's `previous` is 64 zeros.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from django.db import transaction
from django.utils import timezone

from server_stub.audit.models import Entry, Head
from server_stub.people.models import Person
from server_stub.web.keyset import windows
from server_stub.web.text import clean

FIRST = "0" * 64
_HEAD = 1
_DETAIL = 400


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a person by name, an agent by key id, the collector's own terminal, itself, or a stranger."""

    kind: Literal["person", "agent", "terminal", "collector", "stranger"]
    name: str = ""


TERMINAL = Actor("terminal")
COLLECTOR = Actor("collector")
STRANGER = Actor("stranger")


@dataclass(frozen=True, slots=True)
class Verified:
    """Rows `first` to `last` follow one another unchanged; `hash` is the last one's. Both are 0 in an empty log."""

    first: int
    last: int
    hash: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Broken:
    """The first row at which the chain does not hold.

    changed: its fields are not those that were hashed. unlinked: it does not follow the row before it.
    missing: no such row, though later ones exist. cut: no such row, though the chain's end says so.
    """

    number: int
    how: Literal["changed", "unlinked", "missing", "cut"]


def by(user: object) -> Actor:
    """The person who is signed in."""
    return Actor("person", user.username) if isinstance(user, Person) else STRANGER


def record(action: str, actor: Actor, subject: str = "", **details: str | int | bool) -> Entry:
    """Append one row; with the change itself in one transaction, so that neither is there without the other."""
    told = {name: clean(value, _DETAIL) if isinstance(value, str) else value for name, value in details.items()}
    with transaction.atomic():
        head, _ = Head.objects.select_for_update().get_or_create(id=_HEAD, defaults={"number": 0, "hash": FIRST})
        entry = Entry(
            number=head.number + 1,
            at=timezone.now(),
            actor_kind=actor.kind,
            actor=clean(actor.name, 160),
            action=action,
            subject=clean(subject, 160),
            details=told,
            previous=head.hash,
        )
        entry.hash = digest(entry)
        entry.save(force_insert=True)
        head.number, head.hash = entry.number, entry.hash
        head.save()
    return entry


def digest(entry: Entry) -> str:
    """The hash that a row with these fields should have."""
    fields = {
        "number": entry.number,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_kind": entry.actor_kind,
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "details": entry.details,
        "previous": entry.previous,
    }
    text = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def verify(newest: int | None = None) -> Verified | Broken:
    """Check the whole chain, or only its newest rows, up to where it ends now. Nobody who appends waits for it."""
    head = Head.objects.filter(id=_HEAD).first() or Head(number=0, hash=FIRST)
    first = 1 if newest is None else max(1, head.number - newest + 1)
    rows = Entry.objects.filter(number__gte=first, number__lte=head.number)
    before = None if first == 1 else Entry.objects.filter(number=first - 1).first()
    found = _walk(windows(rows, ("number",)), first, before.hash if before else FIRST, head)
    return _beyond_its_end() or found if isinstance(found, Verified) else found


def _beyond_its_end() -> Broken | None:
    """Rows that nobody appended by the rules; asked while nobody appends."""
    with transaction.atomic():
        head = Head.objects.select_for_update().filter(id=_HEAD).first() or Head(number=0, hash=FIRST)
        forged = Entry.objects.filter(number__gt=head.number).exists()
    return Broken(head.number, "unlinked") if forged else None


def _walk(rows: Iterable[Entry], first: int, previous: str, head: Head) -> Verified | Broken:
    last: Entry | None = None
    expected = first
    for row in rows:
        if row.number != expected:
            return Broken(expected, "missing")
        if digest(row) != row.hash:
            return Broken(row.number, "changed")
        if row.previous != previous:
            return Broken(row.number, "unlinked")
        last, previous, expected = row, row.hash, expected + 1
    if expected <= head.number:
        return Broken(expected, "cut")
    if previous != head.hash:
        return Broken(head.number, "unlinked")
    return Verified(first if last else 0, head.number, head.hash, last.at if last else None)
