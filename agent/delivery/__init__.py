"""Delivery: a durable outbox first, then the network. At least once from here, exactly once in the collector."""

from agent.delivery.client import Collector, DeliveryError
from agent.delivery.outbox import Outbox, OutboxError, Waiting
from agent.delivery.rotation import rotate
from agent.delivery.send import Delivered, deliver_due, keep

__all__ = [
    "Collector",
    "Delivered",
    "DeliveryError",
    "Outbox",
    "OutboxError",
    "Waiting",
    "deliver_due",
    "keep",
    "rotate",
]
