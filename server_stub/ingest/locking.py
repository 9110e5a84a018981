"""A delivery's phones, locked, and of which of them anybody decided anything: in two statements, sent at once.

Of most phones nobody decided anything, and the decisions' own statements take longer than all else of a delivery.
What was decided is asked once the phones are locked: a statement that waits for a lock sees no more than it saw before.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import connection

from server_stub.holders.importing import assign
from server_stub.holders.models import Assignment
from server_stub.ingest.by_hand import columns, loaded
from server_stub.phones.models import Phone
from server_stub.web.text import clean

# Whether `decisions.applying.decisions_of` would find anything for the phone; group exceptions count for all groups.
_TOUCHED = """
    EXISTS(SELECT 1 FROM policies_edition WHERE state = 'published')
    OR EXISTS(SELECT 1 FROM decisions_statement WHERE phone_key = phone.key)
    OR EXISTS(SELECT 1 FROM decisions_waiver WHERE phone_key = phone.key AND approved)
    OR EXISTS(SELECT 1 FROM decisions_waiver WHERE group_id IS NOT NULL AND approved)
"""
_LOCK = "SELECT {columns} FROM phones_phone AS phone WHERE key IN ({keys}) ORDER BY key {lock}"
_DECIDED = "SELECT key FROM phones_phone AS phone WHERE key IN ({keys}) AND ({touched})"


class Locked:
    """Some phones, locked in one order. The statements are sent at once, and their answers read when asked for."""

    def __init__(self, keys: Collection[str]) -> None:
        keys = sorted(set(keys))
        places = ", ".join(["%s"] * len(keys))
        lock = "FOR UPDATE OF phone" if connection.features.has_select_for_update else ""
        self._phones, self._touched = connection.cursor(), connection.cursor()
        self._phones.execute(_LOCK.format(columns=columns(Phone, "phone"), keys=places, lock=lock), keys)
        self._touched.execute(_DECIDED.format(keys=places, touched=_TOUCHED), keys)

    def read(self) -> tuple[dict[str, Phone], set[str]]:
        """The phones that there are by key, and the keys of those that somebody decided something about."""
        with self._phones as phones, self._touched as touched:
            found = {phone.key: phone for phone in loaded(Phone, phones.fetchall())}
            return found, {key for (key,) in touched.fetchall()}


def phones_of(locked: Locked, serials: dict[str, str], now: datetime) -> tuple[dict[str, Phone], set[str]]:
    """The same for the phones of `serials` (by key); those never seen are made, with whom they were given to."""
    phones, touched = locked.read()
    if unseen := sorted(serials.keys() - phones.keys()):
        _make([Phone(key=key, serial=clean(serials[key], 300), first_seen_at=now) for key in unseen])
        phones, touched = Locked(serials).read()
    return phones, touched & serials.keys()


def _make(phones: Sequence[Phone]) -> None:
    unseen = {phone.key: phone for phone in phones}
    for given in Assignment.objects.select_related("holder", "group").filter(phone_key__in=list(unseen)):
        assign(unseen[given.phone_key], given)
    Phone.objects.bulk_create(phones, ignore_conflicts=True)
