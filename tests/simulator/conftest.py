"""The real adb client with a server of its own, and phones to point it at."""

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import adbutils
import pytest
from adb_shell.adb_device import AdbDeviceTcp
from adb_shell.auth.keygen import keygen
from adb_shell.auth.sign_pythonrsa import PythonRSASigner

from agent.simulator import Scenario, SimulatedPhone

_BUNDLED = Path(adbutils.__file__).parent / "binaries" / "adb"
# The newest adb comes with adbutils; a distribution's own is years older. Both must work.
_CLIENTS = {"bundled": str(_BUNDLED)}
if _SYSTEM := shutil.which("adb"):
    _CLIENTS["system"] = _SYSTEM


@dataclass(frozen=True)
class Adb:
    """One adb client, talking to a server that nobody else uses."""

    program: str
    port: int
    environment: dict[str, str]

    def run(self, *words: str, stdin: bytes = b"", timeout_s: float = 60) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            [self.program, "-P", str(self.port), *words],
            input=stdin,
            capture_output=True,
            timeout=timeout_s,
            env=self.environment,
            check=False,
        )

    def on(self, phone: SimulatedPhone, *words: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        return self.run("-s", phone.address, *words, stdin=stdin)

    def connect(self, phone: SimulatedPhone) -> str:
        return self.run("connect", phone.address).stdout.decode().strip()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session", params=sorted(_CLIENTS))
def adb_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adb]:
    """An adb client with a server on a port of its own; only that server is stopped afterwards."""
    home = tmp_path_factory.mktemp("adb")
    environment = {**os.environ, "HOME": str(home), "ANDROID_USER_HOME": str(home / ".android"), "ADB_MDNS": "0"}
    client = Adb(_CLIENTS[request.param], free_port(), environment)
    client.run("start-server")
    yield client
    client.run("kill-server")


@pytest.fixture
def adb(adb_server: Adb) -> Iterator[Adb]:
    """That client, knowing no phone before and after the test."""
    yield adb_server
    adb_server.run("disconnect")


@pytest.fixture
def make_phone(tmp_path: Path) -> Iterator[Callable[..., SimulatedPhone]]:
    """Start phones that answer from files given by name; all are stopped at the end."""
    started: list[SimulatedPhone] = []

    def make(
        files: dict[str, bytes] | None = None, *, stored: Sequence[dict[str, object]] = (), **changes: Any
    ) -> SimulatedPhone:
        folder = tmp_path / f"scenario{len(started)}"
        folder.mkdir()
        for name, data in (files or {}).items():
            (folder / name).write_bytes(data)
        phone = SimulatedPhone(Scenario.model_validate({"folder": folder, "files": stored}), **changes)
        started.append(phone)
        return phone.start()

    yield make
    for phone in started:
        phone.stop()


@pytest.fixture(scope="session")
def signer(tmp_path_factory: pytest.TempPathFactory) -> PythonRSASigner:
    path = tmp_path_factory.mktemp("keys") / "adbkey"
    keygen(str(path))
    return PythonRSASigner(Path(f"{path}.pub").read_text(), path.read_text())


@pytest.fixture
def connect(signer: PythonRSASigner) -> Iterator[Callable[..., AdbDeviceTcp]]:
    """Connect with adb-shell."""
    opened: list[AdbDeviceTcp] = []

    def open_(phone: SimulatedPhone, auth_timeout_s: float = 10) -> AdbDeviceTcp:
        device = AdbDeviceTcp(phone.host, phone.port, default_transport_timeout_s=20)
        opened.append(device)
        device.connect(rsa_keys=[signer], auth_timeout_s=auth_timeout_s)
        return device

    yield open_
    for device in opened:
        device.close()
