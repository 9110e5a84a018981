"""How long `posture --help` takes to start, against an empty Python."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Ratio, side_by_side

POSTURE = Path(sys.executable).parent / "posture"


def measure() -> Iterator[Ratio]:
    yield side_by_side(
        "posture --help",
        lambda: subprocess.run([POSTURE, "--help"], check=True, capture_output=True),
        "python -c pass",
        lambda: subprocess.run([sys.executable, "-c", "pass"], check=True),
        aim=6,
        rounds=20,
    )
