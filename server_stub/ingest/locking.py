"""A delivery's phones, locked, of which of them anybody decided anything, and the policies: in two statements at once.

Of most phones nobody decided anything, and the decisions' own statements take longer than all else of a delivery.
What was decided is asked once the phones are locked: a statement that waits for a lock sees no more than it saw before.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import connection

from server_stub.holders.importing import assign
from server_stub.holders.models import Assignment
from server_stub.ingest.by_hand import columns, loaded
from server_stub.ingest.current import Found
from server_stub.phones.models import Phone
from server_stub.policies.published import LAST, published
from server_stub.web.text import clean

# Whether `decisions.applying` would find any statement of the phone, and any exception.
_STATED = "EXISTS(SELECT 1 FROM decisions_statement WHERE phone_key = phone.key)"
_EXCEPTED = """
    EXISTS(SELECT 1 FROM decisions_waiver WHERE phone_key = phone.key AND approved)
    OR EXISTS(
        SELECT 1 FROM decisions_waiver AS waiver JOIN holders_group AS its ON its.id = waiver.group_id
        WHERE its.name = phone."group" AND waiver.approved
    )
"""
_LOCK = "SELECT {columns} FROM phones_phone AS phone WHERE key IN ({keys}) ORDER BY key {lock}"
_DECIDED = (
    "SELECT phone.key, {stated}, {excepted}, last.* FROM phones_phone AS phone LEFT JOIN ({last}) AS last ON true "
    "WHERE phone.key IN ({keys})"
)


class Locked:
    """Some phones, locked in one order. The statements are sent at once, and their answers read when asked for."""

    def __init__(self, keys: Collection[str]) -> None:
        keys = sorted(set(keys))
        places = ", ".join(["%s"] * len(keys))
        lock = "FOR UPDATE OF phone" if connection.features.has_select_for_update else ""
        self._phones, self._decided = connection.cursor(), connection.cursor()
        self._phones.execute(_LOCK.format(columns=columns(Phone, "phone"), keys=places, lock=lock), keys)
        self._decided.execute(_DECIDED.format(keys=places, stated=_STATED, excepted=_EXCEPTED, last=LAST), keys)

    def read(self) -> Found:
        """What was found of these phones."""
        with self._phones as phones, self._decided as decided:
            found = {phone.key: phone for phone in loaded(Phone, phones.fetchall())}
            told = decided.fetchall()
        last = next((last for _, _, _, *last in told if last[0] is not None), None)
        return Found(
            found,
            stated={key for key, stated, *_ in told if stated},
            excepted={key for key, _, excepted, *_ in told if excepted},
            policies=published(tuple(last) if last else None),
        )


def phones_of(locked: Locked, serials: dict[str, str], now: datetime) -> Found:
    """The same for the phones of `serials` (by key); those never seen are made, with whom they were given to."""
    found = locked.read()
    if unseen := sorted(serials.keys() - found.phones.keys()):
        _make([Phone(key=key, serial=clean(serials[key], 300), first_seen_at=now) for key in unseen])
        found = Locked(serials).read()
    return found


def _make(phones: Sequence[Phone]) -> None:
    unseen = {phone.key: phone for phone in phones}
    for given in Assignment.objects.select_related("holder", "group").filter(phone_key__in=list(unseen)):
        assign(unseen[given.phone_key], given)
    Phone.objects.bulk_create(phones, ignore_conflicts=True)
