"""Something to be told, for tests: a channel, a subscription, an alert and a message that was sent."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from server_stub.alerts.events import EVENTS, FAILS
from server_stub.alerts.models import Alert, Channel, Delivery, Subscription
from server_stub.alerts.sealing import seal


@dataclass(frozen=True)
class Told:
    channel: Channel
    subscription: Subscription
    alert: Alert
    delivery: Delivery


def channel(kind: str = "email", **where: Any) -> Channel:
    sealed = seal(where or {"to": ["security@example.org"]})
    return Channel.objects.create(name="Security", kind=kind, shown="…", sealed=sealed, made_at=datetime.now(UTC))


def subscription(of: Channel, **others: Any) -> Subscription:
    asked = {"events": list(EVENTS), "language": "en", "made_at": datetime.now(UTC)} | others
    return Subscription.objects.create(channel=of, **asked)


def something_told(serial: str) -> Told:
    now = datetime.now(UTC)
    made = channel()
    delivery = Delivery.objects.create(
        channel=made, made_at=now, next_at=now, subject="One", text="One\n", state="sent"
    )
    alert = Alert.objects.create(at=now, event=FAILS, weight=1, phone_key=serial, clause="7")
    return Told(made, subscription(made), alert, delivery)
