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


def lock_phones(serials: dict[str, str], now: datetime) -> tuple[dict[str, Phone], set[str]]:
    """The phones (key: serial), locked in one order, and the keys of those that somebody decided something about.

    Those never seen are made, with what is known of whom they were given to.
    """
    keys = sorted(serials)
    phones, touched = _locked(keys)
    if len(phones) < len(keys):
        known = {phone.key for phone in phones}
        _make([Phone(key=key, serial=clean(serials[key], 300), first_seen_at=now) for key in keys if key not in known])
        phones, touched = _locked(keys)
    return {phone.key: phone for phone in phones}, touched


def _locked(keys: Collection[str]) -> tuple[list[Phone], set[str]]:
    places = ", ".join(["%s"] * len(keys))
    lock = "FOR UPDATE OF phone" if connection.features.has_select_for_update else ""
    with connection.cursor() as phones, connection.cursor() as touched:
        phones.execute(_LOCK.format(columns=columns(Phone, "phone"), keys=places, lock=lock), list(keys))
        touched.execute(_DECIDED.format(keys=places, touched=_TOUCHED), list(keys))
        return list(loaded(Phone, phones.fetchall())), {key for (key,) in touched.fetchall()}


def _make(phones: Sequence[Phone]) -> None:
    unseen = {phone.key: phone for phone in phones}
    for given in Assignment.objects.select_related("holder", "group").filter(phone_key__in=list(unseen)):
        assign(unseen[given.phone_key], given)
    Phone.objects.bulk_create(phones, ignore_conflicts=True)
