"""The bench: phones are plugged in, scanned, shown and unplugged; nothing is remembered of one that has gone."""

from agent.bench.bench import Bench, Ring, Sound
from agent.bench.board import Board, Row, Shown, Step, board
from agent.bench.desk import Desk, Place, State
from agent.bench.inbox import Inbox
from agent.bench.presence import Presence, There

__all__ = [
    "Bench",
    "Board",
    "Desk",
    "Inbox",
    "Place",
    "Presence",
    "Ring",
    "Row",
    "Shown",
    "Sound",
    "State",
    "Step",
    "There",
    "board",
]
