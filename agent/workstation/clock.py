"""How far this computer's clock is from the collector's, kept from one delivery to the next report."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from agent.facts import instant
from agent.whole_file import write_whole

_FILE = "collector-clock.json"


@dataclass(frozen=True, slots=True)
class Clock:
    """ahead_s: seconds that this computer was ahead of the collector (negative: behind), give or take two.

    told_at: when, RFC 3339 in UTC, by this computer's clock.
    """

    ahead_s: int
    told_at: str


def remember(data: Path, ahead_s: int, now: datetime | None = None) -> None:
    """Keep what a collector told; a disk that is full keeps what was there."""
    path, clock = data / _FILE, Clock(ahead_s, instant(now or datetime.now(UTC)))
    with suppress(OSError):
        write_whole(path, json.dumps(asdict(clock)) + "\n")


def recall(data: Path) -> Clock | None:
    """What a collector told last; None when none did, or the file is damaged."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads((data / _FILE).read_text())
        return Clock(int(kept["ahead_s"]), instant(datetime.fromisoformat(kept["told_at"])))
    return None
