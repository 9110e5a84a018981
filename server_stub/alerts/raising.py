"""Raising alerts: kept, and put before every subscription that asked for them."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from server_stub.alerts.dispatching import at_once
from server_stub.alerts.events import AT_ONCE, EXPIRED, EXPIRES, REFUSED
from server_stub.alerts.models import Alert, Delivery, Pending, Subscription, Trouble


def raise_alerts(alerts: Iterable[Alert]) -> None:
    """Keep the alerts, and have them told. Call it within the transaction that notes why."""
    raised = Alert.objects.bulk_create(alerts, batch_size=500)
    if not raised:
        return
    wanted = Subscription.objects.filter(channel__ended_at=None)
    Pending.objects.bulk_create(
        (Pending(subscription=each, alert=alert) for each in wanted for alert in raised if asked_for(each, alert)),
        batch_size=500,
    )
    if any(alert.event in AT_ONCE for alert in raised):
        at_once.enqueue()


def asked_for(subscription: Subscription, alert: Alert) -> bool:
    """Whether the subscription asks for it. What is about no phone and no group is told to all."""
    return (
        alert.event in subscription.events
        and alert.weight <= subscription.least
        and (not subscription.groups or alert.group in subscription.groups or not (alert.group or alert.phone_key))
    )


def forget(now: datetime) -> None:
    """Delete what was told long ago. Trouble that lasts stays, so that it is not told anew."""
    past = now - settings.KEEP_ALERTS
    Delivery.objects.filter(made_at__lt=past).exclude(state__in=("waiting", "sending")).delete()
    Alert.objects.filter(at__lt=past).delete()
    Trouble.objects.filter(event__in=(REFUSED, EXPIRES, EXPIRED), since__lt=past).delete()
