"""`posture watch --web` with simulated phones, and a browser."""

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.browser.conftest import browser
from tests.e2e.conftest import BIN

__all__ = ["browser"]
Watching = Callable[..., object]


@contextmanager
def watching(folder: Path, *arguments: str) -> Iterator[str]:
    """Run a bench, certificates and all its state in `folder`; gives the page's address."""
    environment = {**os.environ, "LANG": "C.UTF-8", "POSTURE_DATA": str(folder / "agent"), "PYTHONUNBUFFERED": "1"}
    command = [BIN, "watch", "--web", "--no-post", "--save-in", folder, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found is not None
        try:
            yield found[0]
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == 0


@pytest.fixture(scope="module")
def nobody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A bench to which no phone comes."""
    with watching(tmp_path_factory.mktemp("bench"), "--tcp", "127.0.0.1:1") as address:
        yield address
