from collections.abc import Callable
from pathlib import Path

import pytest

from agent.simulator import SimulatedPhone
from agent.transport import TransportError, find
from tests.simulator.conftest import Adb
from tests.transport.strangers import free_port

MakePhone = Callable[..., SimulatedPhone]


@pytest.fixture
def _private_server(adb: Adb, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(adb.port))


def test_tcp_alone_is_looked_at_when_it_is_asked_for(tmp_path: Path, make_phone: MakePhone) -> None:
    phone = make_phone()
    (found,) = find(tmp_path, tcp=[phone.address, phone.address])
    assert (found.serial, found.way) == (phone.address, "tcp")
    opened = found.open()
    assert list(opened.stream("echo here", idle_timeout_s=10)) == [b"here\n"]
    opened.close()


@pytest.mark.usefixtures("_private_server")
@pytest.mark.parametrize("asked", [{}, {"adb_server": True}])
def test_the_running_servers_phones(adb: Adb, make_phone: MakePhone, tmp_path: Path, asked: dict[str, bool]) -> None:
    good, shy = make_phone(), make_phone(authorise="never")
    adb.connect(good)
    adb.connect(shy)
    found = {phone.serial: phone for phone in find(tmp_path, **asked)}
    assert {phone.way for phone in found.values()} == {"adb-server"}
    assert set(found) == {good.address, shy.address}
    assert list(found[good.address].open().stream("echo here", idle_timeout_s=10)) == [b"here\n"]
    with pytest.raises(TransportError, match="Always allow"):
        found[shy.address].open()


@pytest.mark.usefixtures("_private_server")
def test_only_the_serials_that_were_asked_for(adb: Adb, make_phone: MakePhone, tmp_path: Path) -> None:
    one, other = make_phone(), make_phone()
    adb.connect(one)
    adb.connect(other)
    found = find(tmp_path, adb_server=True, serials=[other.address, "R58N000TEST"])
    assert [phone.serial for phone in found] == [other.address, "R58N000TEST"]
    with pytest.raises(TransportError, match="no phone R58N000TEST is connected"):
        found[1].open()


def test_a_server_that_was_asked_for_and_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(free_port()))
    with pytest.raises(TransportError, match="no adb server answers"):
        find(tmp_path, adb_server=True)


def test_a_wrong_address_is_said_when_it_is_opened(tmp_path: Path) -> None:
    (found,) = find(tmp_path, tcp=["phone:x"])
    with pytest.raises(TransportError, match="write HOST:PORT"):
        found.open()
