"""The whole product as its users run it: the `posture` program, simulated phones, a real adb server, a collector."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent / "posture"


@dataclass(frozen=True)
class Workstation:
    """A workstation with its own state; `posture(...)` runs the program there."""

    data: Path
    environment: dict[str, str] = field(default_factory=dict)

    def posture(self, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [BIN, *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            env={
                **{name: value for name, value in os.environ.items() if name != "COLUMNS"},
                "LANG": "C.UTF-8",
                "POSTURE_DATA": str(self.data),
                **self.environment,
                **environment,
            },
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done


@pytest.fixture
def workstation(tmp_path: Path) -> Workstation:
    return Workstation(tmp_path / "agent")


@dataclass(frozen=True)
class RunningCollector:
    url: str
    data: Path

    def enrol(self, workstation: Workstation) -> None:
        code = self.administer("enrol-code").strip()
        done = workstation.posture("enroll", code, "--collector", self.url)
        assert done.returncode == 0, done.stderr

    def administer(self, *arguments: str) -> str:
        done = Workstation(self.data).posture("collector", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def serving(data: Path, port: int = 0) -> Iterator[str]:
    """Run a collector; gives its address once it answers."""
    process = subprocess.Popen(
        [BIN, "collector", "serve", "--port", str(port)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "LANG": "C.UTF-8", "POSTURE_DATA": str(data), "PYTHONUNBUFFERED": "1"},
    )
    with process:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found is not None
        yield found[0]
        process.terminate()
        assert process.wait(timeout=20) == 0


@pytest.fixture(scope="session")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCollector]:
    data = tmp_path_factory.mktemp("collector")
    with serving(data) as url:
        yield RunningCollector(url, data)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def adb(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """The real adb client with a server of its own."""
    assert shutil.which("adb"), "the tests need the adb client: apt-get install adb"
    environment = {**os.environ, "ANDROID_ADB_SERVER_PORT": str(free_port()), "HOME": str(tmp_path)}

    def run(*arguments: str) -> str:
        return subprocess.run(
            ["adb", *arguments], env=environment, capture_output=True, text=True, check=True, timeout=60
        ).stdout

    run.port = environment["ANDROID_ADB_SERVER_PORT"]  # type: ignore[attr-defined]
    yield run
    run("kill-server")
