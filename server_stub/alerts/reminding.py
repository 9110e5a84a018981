"""Reminders of a decision that lapses: to whoever asked for it, and to those who may approve a new one."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import Q

from server_stub.alerts.models import Alert, Delivery
from server_stub.alerts.sending import queue
from server_stub.alerts.wording import word
from server_stub.decisions.models import Statement, Waiver
from server_stub.people.models import Person


def remind(decision: Waiver | Statement, alert: Alert, now: datetime) -> None:
    """Write to everybody concerned who has an address. Call it within the transaction that raises the alert."""
    message = word([alert], {alert.event: 1}, settings.REMINDER_LANGUAGE)
    for person in _concerned(decision):
        told = Delivery(person=person, made_at=now, next_at=now, subject=message.subject, text=message.text)
        told.save()
        queue(told)


def _concerned(decision: Waiver | Statement) -> Iterable[Person]:
    asker = decision.requested_by_id if isinstance(decision, Waiver) else decision.noted_by_id
    may = Q(groups__permissions__codename="approve_waiver", groups__permissions__content_type__app_label="decisions")
    if isinstance(decision, Statement):
        may = Q()  # nobody approves statements
    who = (Q(pk=asker) | may) if may else Q(pk=asker)
    return Person.objects.filter(who, is_active=True).exclude(email="").distinct().order_by("pk")
