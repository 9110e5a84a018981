"""For machines that watch: alive, able to serve, counters. No login, nothing about any phone."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_stub.agents.models import Agent
from server_stub.ingest.current import settle
from server_stub.ingest.receive import ENROLMENTS, OUTCOMES
from server_stub.phones.fleet import count
from server_stub.policies.metrics import metric_lines
from server_stub.work.state import lines as work_lines

_TEXT = "text/plain; charset=utf-8"


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type=_TEXT)


@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """The database answers and its tables are those of this version."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return HttpResponse("the database does not answer\n", status=503, content_type=_TEXT)
    if missing:
        return HttpResponse("the database waits for migrations\n", status=503, content_type=_TEXT)
    return HttpResponse("ready\n", content_type=_TEXT)


@require_safe
def metrics(_request: HttpRequest) -> HttpResponse:
    """Prometheus' text format, version 0.0.4."""
    settle(timezone.now())
    counts = count()
    lines = ["# HELP posture_phones Phones by current state.", "# TYPE posture_phones gauge"]
    states = {"fails": counts.fail, "not_proved": counts.not_proved, "meets": counts.meet, "late": counts.late}
    lines += [f'posture_phones{{state="{state}"}} {number}' for state, number in states.items()]
    lines += ["# HELP posture_agents Enrolled agents, not revoked.", "# TYPE posture_agents gauge"]
    lines += [f"posture_agents {Agent.objects.filter(revoked_at=None, replaced_at=None).count()}"]
    lines += [
        "# HELP posture_reports_total Reports by outcome, in this process.",
        "# TYPE posture_reports_total counter",
    ]
    lines += [f'posture_reports_total{{outcome="{kind}"}} {number}' for kind, number in sorted(OUTCOMES.items())]
    lines += [
        "# HELP posture_enrolments_total Agents that asked to be taken in, by outcome, in this process.",
        "# TYPE posture_enrolments_total counter",
    ]
    lines += [f'posture_enrolments_total{{outcome="{kind}"}} {number}' for kind, number in sorted(ENROLMENTS.items())]
    lines += [*work_lines(), *metric_lines()]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")
