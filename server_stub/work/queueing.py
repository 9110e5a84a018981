"""Queueing what is due: once, however many collectors share the database, and once for all that was missed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django_tasks.base import Task, TaskResultStatus
from django_tasks_db.models import DBTaskResult

from server_stub.work.models import Routine
from server_stub.work.recurrence import Daily, Every

# Whoever took a job and has not ended it by then is gone: the machine lost its power.
LEASE = timedelta(hours=1)
KEEP_FAILED = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Recurring:
    """A job that recurs."""

    job: Task[[], None]
    when: Every | Daily


def queue_due(recurring: Mapping[str, Recurring], now: datetime, zone: ZoneInfo) -> list[str]:
    """Queue a job for each routine that is due. Returns their names."""
    _know(recurring, now, zone)
    if not Routine.objects.filter(due_at__lte=now, name__in=list(recurring)).exists():
        return []  # most turns end here, without a lock
    queued = []
    with transaction.atomic():
        due = Routine.objects.filter(due_at__lte=now, name__in=list(recurring)).order_by("name")
        for routine in due.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked):
            each = recurring[routine.name]
            if not _under_way(routine, now):
                routine.task_id = each.job.enqueue().id
                queued.append(routine.name)
            routine.due_at = each.when.after(now, zone)
            routine.save(update_fields=["task_id", "due_at"])
    return queued


def release(now: datetime) -> int:
    """Give up the jobs of workers that died. Returns how many; what they did half, the next run does again."""
    dead: Any = DBTaskResult.objects.running().filter(started_at__lt=now - LEASE)
    return int(dead.update(status=TaskResultStatus.FAILED, finished_at=now, exception_class_path="worker lost"))


def forget(now: datetime) -> None:
    """Delete the rows of jobs that failed long ago."""
    DBTaskResult.objects.finished().filter(finished_at__lt=now - KEEP_FAILED).delete()


def _know(recurring: Mapping[str, Recurring], now: datetime, zone: ZoneInfo) -> None:
    known = set(Routine.objects.values_list("name", flat=True))
    new = [
        Routine(name=name, due_at=each.when.after(now, zone) if isinstance(each.when, Daily) else now)
        for name, each in recurring.items()
        if name not in known
    ]
    if new:
        Routine.objects.bulk_create(new, ignore_conflicts=True)


def _under_way(routine: Routine, now: datetime) -> bool:
    """Whether the last run waits or runs still: a second one beside it would only do the same."""
    last = DBTaskResult.objects.filter(id=routine.task_id).first() if routine.task_id else None
    if last is None or last.status in (TaskResultStatus.SUCCESSFUL, TaskResultStatus.FAILED):
        return False
    return last.started_at is None or last.started_at > now - LEASE
