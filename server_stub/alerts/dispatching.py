"""From alerts to messages: many alerts become one message, at once or in a daily digest."""

from collections import Counter
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django_tasks import task

from server_stub.alerts.events import AT_ONCE
from server_stub.alerts.models import Alert, Delivery, Pending, Subscription
from server_stub.alerts.sending import queue
from server_stub.alerts.wording import MOST, word
from server_stub.policies.published import in_force

# A wave of failures arrives within minutes: the first waits a little for the others, the next message a little longer.
SETTLE = timedelta(minutes=1)
QUIET = timedelta(minutes=10)
_AT_ONCE = 500


def dispatch(now: datetime) -> None:
    """Make the messages that are due."""
    for subscription in Subscription.objects.filter(pending__isnull=False).distinct().order_by("id"):
        with transaction.atomic():
            locked = Subscription.objects.select_for_update().select_related(None).get(id=subscription.pk)
            _send(locked, Q(alert__event__in=AT_ONCE), now)
            if _is_due(locked, now):
                _send(locked, Q(), now)
                locked.sent_at = now
                locked.save(update_fields=["sent_at"])


@task()
def at_once() -> None:
    """Make the messages that wait for nothing."""
    dispatch(timezone.now())


def _is_due(subscription: Subscription, now: datetime) -> bool:
    oldest = subscription.pending.order_by("alert_id").values_list("alert__at", flat=True).first()
    if oldest is None:
        return False
    if subscription.digest_hour is not None:
        return oldest < _latest(subscription.digest_hour, now)
    rested = subscription.sent_at is None or now - subscription.sent_at >= QUIET
    return rested and now - oldest >= SETTLE


def _latest(hour: int, now: datetime) -> datetime:
    """When the organisation's clock last showed that hour."""
    local = now.astimezone(in_force().time_zone)
    today = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if today <= local else today - timedelta(days=1)


def _send(subscription: Subscription, which: Q, now: datetime) -> None:
    waiting = subscription.pending.filter(which).order_by("alert__weight", "alert_id")
    told = list(waiting.values_list("id", "alert_id", "alert__event"))
    if not told:
        return
    numbers = Counter(event for _, _, event in told)
    heaviest = Alert.objects.filter(id__in=[alert for _, alert, _ in told[:MOST]])
    alerts = sorted(heaviest, key=lambda alert: (alert.weight, alert.pk))
    message = word(alerts, numbers, subscription.language)
    delivery = Delivery(
        channel_id=subscription.channel_id,
        made_at=now,
        next_at=now,
        subject=message.subject,
        text=message.text,
        content=message.content,
    )
    delivery.save()
    queue(delivery)
    for start in range(0, len(told), _AT_ONCE):  # these and no others: one may have come meanwhile
        Pending.objects.filter(id__in=[pending for pending, _, _ in told[start : start + _AT_ONCE]]).delete()
