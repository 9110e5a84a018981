"""A real terminal of 80 columns and 24 rows, by tmux: what a person sees, and the keys they press."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_PATIENCE_S = 60


class Terminal:
    """One program on a screen."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def tmux(self, *arguments: str) -> str:
        done = subprocess.run(["tmux", "-S", str(self._socket), *arguments], capture_output=True, text=True, check=True)
        return done.stdout

    @property
    def screen(self) -> str:
        """What stands on the screen and above it, lines joined as the program wrote them."""
        return self.tmux("capture-pane", "-p", "-S", "-200")

    def wait_for(self, *words: str) -> str:
        """Look at the screen until it shows all of these."""
        deadline = time.monotonic() + _PATIENCE_S
        while not all(word in (shown := self.screen) for word in words):
            assert time.monotonic() < deadline, f"no {words} on the screen:\n{shown}"
            time.sleep(0.05)
        return shown

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Wait for what no screen shows."""
        deadline = time.monotonic() + _PATIENCE_S
        while not is_so():
            assert time.monotonic() < deadline, self.screen
            time.sleep(0.05)

    def type(self, *keys: str) -> None:
        """Press keys: text, or tmux's names such as Enter and C-c."""
        self.tmux("send-keys", *keys)


@contextmanager
def terminal(
    folder: Path, *command: str | Path, environment: Mapping[str, str], columns: int = 80, rows: int = 24
) -> Iterator[Terminal]:
    """Run a program in a terminal of its own; its exit status then stands on the screen as `ended N`."""
    assert shutil.which("tmux"), "the tests need tmux: apt-get install tmux"
    screen = Terminal(folder / "tmux")
    line = " ".join(f"'{word}'" for word in map(str, command))
    settings = [word for name, value in environment.items() for word in ("-e", f"{name}={value}")]
    screen.tmux(
        "-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), *settings,
        f"{line}; echo ended $?; exec cat",
    )  # fmt: skip
    try:
        yield screen
    finally:
        screen.tmux("kill-server")
