"""WhatsApp's own screens, read by UI Automator: only where a person allowed it, on an unlocked phone.

A conversation: look, decide, touch, look again. `door` is what may be done on a phone at all, `phone` does it over a
transport by the shell text in `lines`, `walk` finds the way, and `record` is all that is kept. A phone's screen is cut
down on the phone itself, so that of a list of chats nothing but the shape leaves it.
"""

from agent.screen.phone import PhoneScreen
from agent.screen.record import App, Backup, Linked, Record, Row, Trouble
from agent.screen.visit import visit

__all__ = ["App", "Backup", "Linked", "PhoneScreen", "Record", "Row", "Trouble", "visit"]
