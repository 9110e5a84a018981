"""A verdict that can be heard in a terminal: its bell, as often as the verdict is bad."""

import time
from threading import Thread

from rich.console import Console

from agent.bench import Sound

BELLS: dict[Sound, int] = {"pass": 1, "unclear": 2, "fail": 3}
_BETWEEN_S = 0.25  # terminals ring once for bells that come at once


def ring(out: Console, sound: Sound) -> None:
    """Ring, and do not wait for it."""
    Thread(target=_ring, args=(out, BELLS[sound]), name="bell", daemon=True).start()


def _ring(out: Console, times: int) -> None:
    for number in range(times):
        if number:
            time.sleep(_BETWEEN_S)
        out.bell()
