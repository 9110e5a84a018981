"""Finding and ending everything that was started on a phone."""

import os
import time
from collections.abc import Set
from contextlib import suppress

import psutil

_KILLED_S = 0.005  # what the kernel needs to end them; a zombie that nobody reaps counts as ended


def end_processes(mark: str, sessions: Set[int]) -> None:
    """Kill whatever was started on the phone: its environment or its session says so.

    A process in the middle of exec shows no environment, so only the second look without a find is believed.
    """
    looks_without = 0
    while looks_without < 2:
        found = [process for process in psutil.process_iter() if _is_marked(process, mark, sessions)]
        looks_without = 0 if found else looks_without + 1
        for process in found:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        time.sleep(_KILLED_S if found else 0)


def _is_marked(process: psutil.Process, mark: str, sessions: Set[int]) -> bool:
    try:
        if os.getsid(process.pid) in sessions:
            return bool(process.status() != psutil.STATUS_ZOMBIE)
        return process.environ().get("POSTURE_PHONE") == mark
    except (psutil.Error, OSError):
        return False  # another user's, or gone meanwhile
