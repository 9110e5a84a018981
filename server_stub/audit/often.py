"""How much of one kind a stranger may make the audit log grow: what goes beyond is in the metrics only."""

from datetime import timedelta

from django.utils import timezone

from server_stub.audit.models import Entry

MOST = 20
_WITHIN = timedelta(hours=1)


def too_often(action: str, actor: str, subject: str = "") -> bool:
    """Whether this actor did this so often within the last hour that one more row would say nothing new."""
    lately = Entry.objects.filter(action=action, actor=actor, at__gte=timezone.now() - _WITHIN)
    return lately.filter(subject=subject)[MOST - 1 : MOST].exists()
