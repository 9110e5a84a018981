"""Watching what is about no single phone: refused deliveries, decisions that lapse, the audit chain."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from server_stub.alerts.events import BROKEN, EXPIRED, EXPIRES, REFUSED, weight
from server_stub.alerts.models import Alert, Cursor, Trouble
from server_stub.alerts.raising import raise_alerts
from server_stub.alerts.reminding import concerned, tell_once
from server_stub.audit.chain import Broken, verify
from server_stub.audit.models import Entry
from server_stub.decisions.models import Statement, Waiver

SOON = timedelta(days=7)
_LATELY = timedelta(days=7)  # whoever subscribes today is not told of what lapsed last year
_AT_ONCE = 500
_AGAIN = timedelta(days=1)  # an agent that is refused day after day is told of each day
# What an honest agent never sends: somebody else has its key's name, or the key itself.
_SUSPICIOUS = (
    "bad-signature",
    "wrong-agent",
    "foreign-phone",
    "revoked-agent",
    "replaced-key",
    "another-report",
)


def watch_refusals(now: datetime) -> None:
    """Read on in the audit log, whose rows are written one after the other."""
    cursor = Cursor.objects.filter(name="refusals").first() or Cursor(name="refusals", number=_long_ago(now))
    while rows := list(Entry.objects.filter(number__gt=cursor.number).order_by("number")[:_AT_ONCE]):
        with transaction.atomic():
            refused = [row for row in rows if row.action == "delivery.refused" and row.subject in _SUSPICIOUS]
            raise_alerts(_refused({(row.actor, row.subject) for row in refused if row.actor_kind == "agent"}, now))
            cursor.number = rows[-1].number
            cursor.save()


def _long_ago(now: datetime) -> int:
    """The last row that is too old to be told of: the log may be older than these alerts."""
    old = Entry.objects.filter(at__lt=now - _AGAIN).order_by("-number")
    return old.values_list("number", flat=True).first() or 0


def _refused(found: set[tuple[str, str]], now: datetime) -> Iterator[Alert]:
    for agent, kind in sorted(found):
        known, new = Trouble.objects.get_or_create(
            event=REFUSED, subject=agent, topic=kind, defaults={"since": now, "told": weight("high")}
        )
        if not new and now - known.since < _AGAIN:
            continue
        known.since = now
        known.save(update_fields=["since"])
        yield Alert(at=now, event=REFUSED, weight=weight("high"), about=agent)


def watch_decisions(now: datetime) -> None:
    """Tell of exceptions and statements once when they are to lapse, and once when they have."""
    granted = Waiver.objects.filter(approved=True, ended_at=None).select_related("group", "requested_by")
    window = Q(until__gt=now - _LATELY, until__lte=now + SOON)
    for waiver in granted.filter(window).order_by("until", "id"):
        group = waiver.group.name if waiver.group else ""
        _decision(f"waiver {waiver.pk}", waiver.rule, waiver.phone_key, group, waiver.until, now, waiver)
    stated = Statement.objects.filter(valid_until__gt=now - _LATELY, valid_until__lte=now + SOON)
    for statement in stated.order_by("valid_until", "id"):
        newer = Statement.objects.filter(rule=statement.rule, phone_key=statement.phone_key, at__gt=statement.at)
        if not newer.exists():
            name = f"statement {statement.pk}"
            _decision(name, statement.rule, statement.phone_key, "", statement.valid_until, now, statement)


def _decision(
    name: str, rule: str, phone_key: str, group: str, until: datetime, now: datetime, decision: Waiver | Statement
) -> None:
    alert = Alert(at=now, event=EXPIRED if until <= now else EXPIRES, weight=weight("medium"), about=rule, until=until)
    alert.phone_key, alert.group = phone_key, group
    tell_once(name, alert, concerned(decision), now)


def watch_chain(now: datetime, newest: int | None = None) -> None:
    """Check the audit chain, or its newest rows; a break is told once until the chain is whole again."""
    found = verify(newest)
    with transaction.atomic():
        if not isinstance(found, Broken):
            if newest is None:
                Trouble.objects.filter(event=BROKEN).delete()
            return
        _, new = Trouble.objects.get_or_create(
            event=BROKEN, subject=str(found.number), topic=found.how, defaults={"since": now, "told": 0}
        )
        if new:
            raise_alerts([Alert(at=now, event=BROKEN, weight=0, about=str(found.number))])
