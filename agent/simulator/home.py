"""The private folder of a running phone, and what a phone that was killed has left behind.

A lock on a file in the folder says that its phone lives. The kernel gives it back however the phone ends.
"""

import fcntl
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from agent.simulator.processes import end_processes

_PREFIX = "simulated-phone-"
_LOCK = "alive"


class Home:
    """A new private folder, `path`. Making one also clears away those of phones that were killed."""

    def __init__(self) -> None:
        _clear_away()
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX)).resolve()
        unnamed = self.path / "new"
        self._lock = _locked(unnamed.open("wb"))
        unnamed.rename(self.path / _LOCK)  # only now may others look whether it is held

    def remove(self) -> None:
        """Remove the folder and all in it."""
        shutil.rmtree(self.path)
        self._lock.close()


def _locked(file: BinaryIO) -> BinaryIO:
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file


def _clear_away() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError), (folder / _LOCK).open("rb") as lock:
            _locked(lock)  # refused while its phone lives; and what is another user's cannot be opened
            end_processes(str(folder.resolve()), frozenset())
            shutil.rmtree(folder)
