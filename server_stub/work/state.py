"""How the background work stands, in Prometheus' text format."""

from collections.abc import Iterator

from django.db.models import Count
from django_tasks_db.models import DBTaskResult

from server_stub.work.models import Routine

_STATES = {"READY": "waiting", "RUNNING": "running", "FAILED": "failed"}


def lines() -> Iterator[str]:
    """Jobs by state, of all collectors that share the database; how each routine went last."""
    found = DBTaskResult.objects.order_by().values_list("status").annotate(Count("id"))
    numbers: dict[str, int] = dict(found)
    yield "# HELP posture_jobs Background jobs by state; failed ones are kept for two weeks."
    yield "# TYPE posture_jobs gauge"
    for status, state in _STATES.items():
        yield f'posture_jobs{{state="{state}"}} {numbers.get(status, 0)}'
    yield "# HELP posture_routine_succeeded_seconds When the recurring job last succeeded, in seconds since 1970."
    yield "# TYPE posture_routine_succeeded_seconds gauge"
    routines = list(Routine.objects.order_by("name"))
    for each in routines:
        if each.succeeded_at is not None:
            yield f'posture_routine_succeeded_seconds{{routine="{each.name}"}} {each.succeeded_at.timestamp():.0f}'
    yield "# HELP posture_routine_failures How often in a row the recurring job has failed."
    yield "# TYPE posture_routine_failures gauge"
    for each in routines:
        yield f'posture_routine_failures{{routine="{each.name}"}} {each.failures}'
