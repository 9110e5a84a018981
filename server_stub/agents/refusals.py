"""How often each agent was refused, and why: kept, so that the agents' page can say it, and named in the audit log."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import F
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from server_stub.agents.models import Refused
from server_stub.audit.chain import Actor, record
from server_stub.audit.often import too_often

# The refusal's stable words for people; others stand as they are.
_KINDS: Mapping[str, str | Promise] = {
    "bad-signature": _("signature does not fit"),
    "wrong-agent": _("in another agent's name"),
    "foreign-phone": _("another agent's phone"),
    "another-report": _("a report's number used twice"),
    "known": _("sent again"),
    "from-the-future": _("from the future"),
    "too-large": _("too large"),
    "revoked-agent": _("key was revoked"),
    "replaced-key": _("key was replaced"),
    "unknown-agent": _("key is not enrolled"),
    "stale-request": _("asked too late, or for another phone"),
    "wrong-form": _("no report (the agent's doctor asks so, too)"),
    "no-envelope": _("nothing signed"),
    "wrong-encoding": _("broken on its way"),
    "wrong-media-type": _("of another kind"),
    "wrong-code": _("wrong enrolment code"),
    "used-code": _("enrolment code used twice"),
    "expired-code": _("expired enrolment code"),
}


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """So many of one kind."""

    kind: str
    words: str
    number: int
    last_at: str


def refused(action: str, actor: Actor, kind: str, **details: str) -> None:
    """Count a refusal, and name it in the audit log: each kind, but no flood of one."""
    note(actor.name, kind)
    if not too_often(action, actor.name, kind):
        record(action, actor, kind, **details)


def note(sender: str, kind: str, number: int = 1) -> None:
    """Count refusals. `sender`: an agent's id, "" for nobody known."""
    now, changes = timezone.now(), {"number": F("number") + number}
    row, new = Refused.objects.get_or_create(sender=sender, kind=kind, defaults={"number": number, "last_at": now})
    if not new:
        Refused.objects.filter(sender=sender, kind=row.kind).update(last_at=now, **changes)


def by_sender() -> dict[str, list[RefusedRow]]:
    """All counts, the most frequent kinds first."""
    found: dict[str, list[RefusedRow]] = {}
    for each in Refused.objects.order_by("-number", "kind"):
        row = RefusedRow(each.kind, str(_KINDS.get(each.kind, each.kind)), each.number, each.last_at.isoformat())
        found.setdefault(each.sender, []).append(row)
    return found
