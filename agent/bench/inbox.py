"""What other threads want done by the bench's own."""

import os
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue


class Inbox:
    """What other threads want done by this one."""

    def __init__(self) -> None:
        self._waiting: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.wakes, self._wake = os.pipe()
        os.set_blocking(self._wake, False)

    def post(self, change: Callable[[], None]) -> None:
        """Have `change` called by the thread that runs `work`; any thread may post."""
        self._waiting.put(change)
        with suppress(BlockingIOError):  # full: it wakes all the same
            os.write(self._wake, b".")

    def work(self) -> None:
        """Do all that waits."""
        while True:
            try:
                change = self._waiting.get_nowait()
            except Empty:
                return
            change()

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return self._waiting.empty()
