"""What waits for an approval: told once, and to those who may give it, but not to whoever asked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from server_stub.alerts.events import WAITS, weight
from server_stub.alerts.models import Alert, Trouble
from server_stub.alerts.reminding import tell_once, who_may
from server_stub.decisions.models import Waiver
from server_stub.ingest.extract import phone_key
from server_stub.people.models import Person
from server_stub.policies.models import Edition


@dataclass(frozen=True, slots=True)
class _Waiting:
    """One decision: its name among the troubles, who asked, by which permission it is approved, what to tell."""

    name: str
    asker: Person
    permission: str
    alert: Alert


def watch_waiting(now: datetime) -> None:
    """Tell of exceptions and policies that somebody asked for and nobody decided on."""
    found = {each.name: each for each in (*_waivers(now), *_editions(now))}
    known = set(Trouble.objects.filter(event=WAITS).values_list("subject", flat=True))
    if over := known - found.keys():
        Trouble.objects.filter(event=WAITS, subject__in=over).delete()
    for name in sorted(found.keys() - known):
        each = found[name]
        tell_once(name, each.alert, who_may(each.permission).exclude(pk=each.asker.pk), now)


def _waivers(now: datetime) -> Iterator[_Waiting]:
    for waiver in Waiver.objects.filter(decided_at=None).select_related("group", "requested_by"):
        alert = _alert(now, waiver.rule, waiver.phone_key, waiver.group.name if waiver.group else "")
        alert.until = waiver.until
        yield _Waiting(f"waiver {waiver.pk}", waiver.requested_by, "decisions.approve_waiver", alert)


def _editions(now: datetime) -> Iterator[_Waiting]:
    submitted = Edition.objects.filter(state=Edition.State.SUBMITTED).select_related("submitted_by")
    for edition in submitted.defer("text", "files"):
        group = edition.name if edition.layer == Edition.Layer.GROUP else ""
        phone = phone_key(edition.name) if edition.layer == Edition.Layer.PHONE else ""
        alert = _alert(now, f"{edition.policy} {edition.version}".strip(), phone, group)
        yield _Waiting(f"policy {edition.pk}", edition.submitted_by, "policies.approve_edition", alert)


def _alert(now: datetime, about: str, phone: str, group: str) -> Alert:
    return Alert(at=now, event=WAITS, weight=weight("medium"), about=about[:120], phone_key=phone, group=group)
