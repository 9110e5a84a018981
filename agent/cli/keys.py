"""Single keys from the terminal, while other threads have something to say."""

import os
import select
import sys
import time
from types import TracebackType
from typing import Any

from agent.bench import Inbox

if sys.platform == "win32":
    import msvcrt
else:
    import termios
    import tty

_LOOK_S = 0.1


class Keys:
    """The terminal gives each key at once and does not echo it, between `with` and its end; Ctrl-C stays Ctrl-C."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._terminal = sys.stdin.isatty()
        self._before: list[Any] | None = None

    def __enter__(self) -> "Keys":
        if self._terminal and sys.platform != "win32":
            self._before = termios.tcgetattr(sys.stdin)
            tty.setcbreak(sys.stdin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None and sys.platform != "win32":
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)
            self._before = None

    def wait(self) -> str:
        """Wait for a key or for the inbox; return the key in lower case, "" when there was none."""
        if sys.platform == "win32":
            while self._inbox.is_empty:
                if self._terminal and msvcrt.kbhit():
                    return msvcrt.getwch().lower()
                time.sleep(_LOOK_S)
            return ""
        readable, _, _ = select.select([self._inbox.wakes, *([sys.stdin] if self._terminal else [])], [], [])
        if self._inbox.wakes in readable:
            os.read(self._inbox.wakes, 4096)
        if sys.stdin not in readable:
            return ""
        key = os.read(sys.stdin.fileno(), 64)
        self._terminal = bool(key)  # a terminal that has gone reads as empty for ever
        return key[:1].decode("ascii", errors="replace").lower()
