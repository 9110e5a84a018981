"""Letting go of what was kept long enough, kind by kind. The audit log and the receipts stay.

Reports are gone through phone by phone: no statement runs over the whole history.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from server_stub.agents.models import EnrolmentCode
from server_stub.audit.chain import Actor, record
from server_stub.decisions.models import Statement, Waiver
from server_stub.phones.models import Phone, StoredReport

if TYPE_CHECKING:
    from django.db.models import QuerySet

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Gone:
    """How many of each kind were let go of, or would be."""

    contents: int
    reports: int
    decisions: int
    codes: int
    sessions: int


def run(actor: Actor, *, dry_run: bool = False) -> Gone:
    """Let go of what is older than the settings say. A phone's newest report stays whole as long as the phone does."""
    now = timezone.now()
    contents = sum(_erase(each, now, dry_run=dry_run) for each in _older(now - settings.KEEP_CONTENTS))
    reports = sum(_delete(each, dry_run=dry_run) for each in _older(now - settings.KEEP_HISTORY))
    past = now - settings.KEEP_HISTORY
    gone = Gone(
        contents=contents,
        reports=reports,
        decisions=_delete(Waiver.objects.filter(until__lt=past), dry_run=dry_run)
        + _delete(Statement.objects.filter(valid_until__lt=past), dry_run=dry_run),
        codes=_delete(EnrolmentCode.objects.filter(expires_at__lt=now - settings.KEEP_CODES), dry_run=dry_run),
        sessions=_delete(Session.objects.filter(expire_date__lt=now), dry_run=dry_run),
    )
    if not dry_run and any(asdict(gone).values()):
        record("retention.ran", actor, **asdict(gone))
    return gone


def erase_contents(reports: "QuerySet[StoredReport]", now: datetime) -> int:
    """Keep of these reports the line in the history and nothing else."""
    return reports.filter(erased_at=None).update(signed=b"", erased_at=now)


def _older(than: datetime) -> Iterator["QuerySet[StoredReport]"]:
    """The reports of some phones at a time, but for each phone's newest one."""
    after = ""
    while phones := list(Phone.objects.filter(key__gt=after).order_by("key").only("key", "report_id")[:_AT_ONCE]):
        after = phones[-1].key
        keys: Sequence[str] = [phone.key for phone in phones]
        newest = [phone.report_id for phone in phones if phone.report_id]
        yield StoredReport.objects.filter(phone__in=keys, scanned_at__lt=than).exclude(report_id__in=newest)


def _erase(reports: "QuerySet[StoredReport]", now: datetime, *, dry_run: bool) -> int:
    return reports.filter(erased_at=None).count() if dry_run else erase_contents(reports, now)


def _delete(rows: "QuerySet[Any]", *, dry_run: bool) -> int:
    if dry_run:
        return rows.count()
    with transaction.atomic():
        return rows.delete()[0]
