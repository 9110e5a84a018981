"""How bytes reach a phone: over TCP, over USB, or through an adb server that runs already."""

from agent.transport.base import Transport, TransportError
from agent.transport.finding import Found, find

__all__ = ["Found", "Transport", "TransportError", "find"]
