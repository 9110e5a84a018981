"""When the computer started and how much room its disk has, from psutil."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psutil

from agent.facts import instant


def booted_at() -> str | None:
    """When the system started, by its own clock: RFC 3339 in UTC; None where the system does not tell."""
    # psutil reads what each system offers, and fails as each does.
    with suppress(Exception):
        return instant(datetime.fromtimestamp(psutil.boot_time(), UTC))
    return None


def free_bytes(folder: Path) -> int | None:
    """Room for this user on the disk that a folder is on, or will be on; None where it cannot be told."""
    with suppress(OSError):
        there = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
        return int(psutil.disk_usage(str(there)).free)
    return None
