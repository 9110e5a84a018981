"""adb servers, as the real ones are and as strangers are, and the phones behind them."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.simulator import SimulatedPhone
from agent.transport.adb_server import AdbServer
from tests.doctor.computer import ADB, look, plug, said, workstation
from tests.simulator.conftest import Adb
from tests.transport.conftest import adb, adb_server, make_phone
from tests.transport.strangers import listening, until_closed

__all__ = ["adb", "adb_server", "make_phone"]
MakePhone = Callable[..., SimulatedPhone]


def test_phones_behind_the_real_server(adb: Adb, make_phone: MakePhone, tmp_path: Path) -> None:
    good, shy = make_phone(), make_phone(authorise="never")
    adb.connect(good)
    adb.connect(shy)
    here = workstation(tmp_path, adb=AdbServer("127.0.0.1", adb.port))
    unaccepted, several = look("phones", here)
    assert (unaccepted.severity, str(unaccepted.what)) == ("problem", f"{shy.address} has not accepted this computer")
    assert "Always allow from this computer" in str(unaccepted.remedy)
    assert (several.severity, str(several.what)) == (
        "note",
        "2 phones are connected; `posture scan` takes them all",
    )
    assert "posture scan --serial " in str(several.remedy)


@pytest.mark.parametrize(
    ("state", "what", "remedy"),
    [
        ("offline", "R58N000TEST is offline", "adb reconnect offline"),
        ("no permissions (user in plugdev group); see [http://example.org]",
         "the adb server may not use R58N000TEST over USB", "posture doctor --fix"),
        ("authorizing", "R58N000TEST is being asked to accept this computer", "look at the phone's screen"),
        ("rescue", "R58N000TEST is in the state “rescue”", "start Android"),
    ],
)  # fmt: skip
def test_every_state_has_its_remedy(state: str, what: str, remedy: str, tmp_path: Path) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        body = f"R58N000TEST\t{state}\n".encode()
        connection.sendall(b"OKAY%04x" % len(body) + body)
        until_closed(connection)

    with listening(serve, connections=3) as port:
        (found,) = look("phones", workstation(tmp_path, adb=AdbServer("127.0.0.1", port)))
    assert (found.severity, str(found.what)) == ("problem", what)
    assert remedy in str(found.remedy)


def test_no_server_is_no_trouble(tmp_path: Path) -> None:
    (found,) = look("phones", workstation(tmp_path))
    assert found.severity == "note"
    assert "none is needed" in str(found.what)


def program(folder: Path, version: str) -> Path:
    """An `adb` of another version, as far as `adb version` goes."""
    folder.mkdir()
    path = folder / "adb"
    path.write_text(f"#!/bin/sh\necho 'Android Debug Bridge version {version}'\n")
    path.chmod(0o755)
    return path


def test_a_server_of_another_version_than_adb(adb: Adb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = workstation(tmp_path, adb=AdbServer("127.0.0.1", adb.port))
    old = program(tmp_path / "old", "1.0.32")
    monkeypatch.setenv("PATH", str(old.parent))
    (found,) = look("adb-server", here)
    version = here.adb.version()
    assert version > 32
    assert said([found]) == [
        (
            "warning",
            f"the adb server is version {version}, {old} is version 32: its next call ends the server, "
            "and a scan with it",
        )
    ]
    same = program(tmp_path / "same", f"1.0.{version}")
    mute = program(tmp_path / "mute", "unknown")
    monkeypatch.setenv("PATH", f"{same.parent}:{mute.parent}")
    assert look("adb-server", here) == []


def test_two_versions_of_adb_without_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = program(tmp_path / "one", "1.0.39"), program(tmp_path / "other", "1.0.41")
    monkeypatch.setenv("PATH", f"{one.parent}:{other.parent}:{one.parent}")
    (found,) = look("adb-server", workstation(tmp_path))
    assert said([found]) == [
        ("warning", f"several versions of adb are in the PATH: {one}, {other}; each ends the server of the other")
    ]


def test_a_stranger_at_the_servers_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    monkeypatch.setenv("PATH", "")
    with listening(serve, connections=3) as port:
        (found,) = look("adb-server", workstation(tmp_path, adb=AdbServer("127.0.0.1", port)))
    assert found.severity == "problem"
    assert "is no adb server" in str(found.what)


def test_a_second_server_that_may_hold_the_phone(adb: Adb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    here = workstation(tmp_path)
    assert look("adb-server", here) == []  # no phone on USB that it could hold
    plug(here.root, "1-2", "18d1", ADB, product="Pixel 8", serial="R58N000TEST")
    # other servers may run on this computer: the one of this test is among them
    found = [each for each in look("adb-server", here) if f"port {adb.port} " in str(each.what)]
    assert len(found) == 1
    assert str(found[0].what).endswith(f"listens on port {adb.port} and may hold Google Pixel 8 R58N000TEST")
    assert f"adb -P {adb.port} kill-server" in str(found[0].remedy)
