"""A collector in a process of its own, as `posture collector serve` starts it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PASSWORD = "seven-quiet-lanterns"
_POSTURE = [sys.executable, "-c", "from agent.cli import main; main()", "collector"]


def environment_of(data: Path, **variables: str) -> dict[str, str]:
    """What a collector of its own sees: SQLite in `data` unless `variables` say otherwise."""
    inherited = {k: v for k, v in os.environ.items() if k not in ("DJANGO_SETTINGS_MODULE", "POSTURE_DATABASE_URL")}
    return inherited | {"POSTURE_DATA": str(data), "POSTURE_LANG": "en"} | variables


def posture_collector(data: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run one administration command to its end."""
    environment = environment_of(data, POSTURE_PASSWORD=PASSWORD) | variables
    return subprocess.run([*_POSTURE, *words], env=environment, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def served(data: Path, *words: str, **variables: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Serve on a free port until the block ends. Gives the address and the process."""
    environment = environment_of(data, **variables)
    command = [*_POSTURE, "serve", "--port", "0", *words]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert "http://" in line, line
            yield line.rsplit(" ", 1)[1].strip(), process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
