"""How jobs end: what succeeded leaves no row, what failed stays to be looked at, and routines remember it."""

from typing import Any

from django.db.models import F
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks.signals import task_finished
from django_tasks_db.models import DBTaskResult

from server_stub.work.models import Routine


def listen() -> None:
    """Connect to the queue's signal."""
    task_finished.connect(_ended, dispatch_uid="work-ended")


def _ended(task_result: Any, **_signal: Any) -> None:
    routine = Routine.objects.filter(task_id=task_result.id)
    if task_result.status != TaskResultStatus.SUCCESSFUL:
        routine.update(failures=F("failures") + 1)
        return
    routine.update(succeeded_at=timezone.now(), failures=0)
    DBTaskResult.objects.filter(id=task_result.id).delete()
