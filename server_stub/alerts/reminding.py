"""Letters to people about a decision: that it lapses, or that it waits for them."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from server_stub.alerts.models import Alert, Delivery, Trouble
from server_stub.alerts.raising import raise_alerts
from server_stub.alerts.sending import queue
from server_stub.alerts.wording import word
from server_stub.decisions.models import Statement, Waiver
from server_stub.people.models import Person
from server_stub.phones.models import Phone

if TYPE_CHECKING:
    from django.db.models import QuerySet


def tell_once(name: str, alert: Alert, people: "QuerySet[Person]", now: datetime) -> None:
    """Raise the alert about this decision and write to these people, unless that was done; with its phone's group."""
    with transaction.atomic():
        _, new = Trouble.objects.get_or_create(
            event=alert.event, subject=name, topic="", defaults={"since": now, "told": alert.weight}
        )
        if not new:
            return
        if alert.phone_key:
            alert.group = Phone.objects.filter(key=alert.phone_key).values_list("group", flat=True).first() or ""
        raise_alerts([alert])
        _remind(people, alert, now)


def _remind(people: "QuerySet[Person]", alert: Alert, now: datetime) -> None:
    message = word([alert], {alert.event: 1}, settings.REMINDER_LANGUAGE)
    for person in people.filter(is_active=True).exclude(email="").order_by("pk"):
        told = Delivery(person=person, made_at=now, next_at=now, subject=message.subject, text=message.text)
        told.save()
        queue(told)


def concerned(decision: Waiver | Statement) -> "QuerySet[Person]":
    """Whoever asked for it or noted it, and those who may approve a new one; nobody approves statements."""
    if isinstance(decision, Statement):
        return Person.objects.filter(pk=decision.noted_by_id)
    approvers = who_may("decisions.approve_waiver").values("pk")
    return Person.objects.filter(Q(pk=decision.requested_by_id) | Q(pk__in=approvers))


def who_may(permission: str) -> "QuerySet[Person]":
    """All who have a role with this permission (app.codename)."""
    app, codename = permission.split(".")
    has = Q(groups__permissions__codename=codename, groups__permissions__content_type__app_label=app)
    return Person.objects.filter(has).distinct()
