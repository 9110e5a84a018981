"""Judging the phones anew once a published policy holds: in keys' order, a few at a time, from where it stopped.

What a phone's page shows is judged when it is read; this moves what the lists and counts show.
"""

from typing import TYPE_CHECKING

from django.utils import timezone

from server_stub.ingest.current import rejudge
from server_stub.phones.models import Phone
from server_stub.policies.models import Edition

if TYPE_CHECKING:
    from django.db.models import QuerySet

_AT_ONCE = 100
SOME = 200  # judged while a person waits: a second or two
IN_BACKGROUND = 2000  # some seconds: other jobs wait for it


def due() -> "QuerySet[Edition]":
    """Editions that hold, and by which not every phone was judged yet."""
    begun = Edition.objects.filter(
        state=Edition.State.PUBLISHED, judged_at__isnull=True, effective_from__lte=timezone.now()
    )
    return begun.order_by("effective_from", "number").defer("text", "files")


def judge_some(most: int = SOME) -> int:
    """Judge the next phones, at most about so many. Returns how many."""
    done = 0
    for edition in due():
        while done < most:
            found = _judge_next(edition)
            done += found
            if found < _AT_ONCE:
                break
    return done


def judge_all() -> int:
    """Judge all phones that wait for it. Returns how many were judged."""
    done = 0
    while found := judge_some(10_000):
        done += found
    return done


def _judge_next(edition: Edition) -> int:
    """Judge some phones; note how far. Two who do it at once do the same twice, unharmed."""
    keys = list(
        phones_of(edition.layer, edition.name)
        .filter(key__gt=edition.judged_upto)
        .values_list("key", flat=True)[:_AT_ONCE]
    )
    rejudge(keys, timezone.now())
    edition.judged_upto = keys[-1] if keys else edition.judged_upto
    edition.judged_at = None if len(keys) == _AT_ONCE else timezone.now()
    edition.save(update_fields=["judged_upto", "judged_at"])
    return len(keys)


def phones_of(layer: str, name: str) -> "QuerySet[Phone]":
    """The phones under a layer, by key."""
    phones = Phone.objects.filter(scanned_at__isnull=False).order_by("key")
    if layer == Edition.Layer.GROUP:
        return phones.filter(group=name)
    return phones.filter(serial=name) if layer == Edition.Layer.PHONE else phones
