"""The bench: phones are plugged in, scanned, shown and unplugged; nothing is remembered of one that has gone."""

from agent.bench.desk import Desk, Place, State
from agent.bench.presence import Presence, There

__all__ = ["Desk", "Place", "Presence", "State", "There"]
