"""The real adb client, the newest one, pairs with the simulated phone as with any other; older ones cannot pair."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import adbutils
import pytest

from agent.messages import PostureError
from agent.simulator import SimulatedPhone
from agent.simulator.wireless import WirelessDebugging
from tests.simulator.conftest import Adb, free_port

MakePhone = Callable[..., SimulatedPhone]


@pytest.fixture(scope="module")
def pairing_adb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adb]:
    """adb 36 with a key, a list of paired phones and an mDNS of its own."""
    home = tmp_path_factory.mktemp("adb")
    environment = {
        **os.environ,
        "HOME": str(home),
        "ANDROID_USER_HOME": str(home / ".android"),
        "ADB_MDNS_OPENSCREEN": "1",
        "ADB_MDNS_AUTO_CONNECT": "",
    }
    adb = Adb(str(Path(adbutils.__file__).parent / "binaries" / "adb"), free_port(), environment)
    adb.run("start-server")
    yield adb
    adb.run("kill-server")


@pytest.fixture
def phone(make_phone: MakePhone) -> SimulatedPhone:
    return make_phone({"getprop.txt": b"[ro.serialno]: [R58N000TEST]\n"}, serial="R58N000TEST", wireless=True)


def switch(phone: SimulatedPhone) -> WirelessDebugging:
    assert phone.wireless is not None
    return phone.wireless


def said(adb: Adb, *words: str) -> str:
    done = adb.run(*words)
    return (done.stdout + done.stderr).decode()


def eventually(adb: Adb, what: str, *words: str) -> str:
    until = time.monotonic() + 60
    while what not in (answer := said(adb, *words)) and time.monotonic() < until:
        time.sleep(0.1)
    return answer


def test_adb_pairs_by_code_and_connects_over_tls(pairing_adb: Adb, phone: SimulatedPhone) -> None:
    adb = pairing_adb
    code, address = switch(phone).show_code()
    assert "Successfully" not in said(adb, "pair", address, "12345x")
    assert "failed to connect" in said(adb, "connect", phone.address)  # nor did the wrong code let it in
    assert said(adb, "pair", address, code) == f"Successfully paired to {address} [guid={switch(phone).guid}]\n"
    assert phone.address in eventually(adb, phone.address, "mdns", "services")
    # adb sends its STLS and its first TLS bytes from two threads. Where the latter win, as they may on a busy computer,
    # no phone understands it; so it is asked again.
    connected = f"connected to {phone.address}"
    assert connected in eventually(adb, connected, "connect", phone.address)
    done = adb.on(phone, "shell", "getprop ro.serialno; cat; exit 5", stdin=b"x" * 300_000)
    assert (done.stdout, done.returncode) == (b"R58N000TEST\n" + b"x" * 300_000, 5)


def test_adb_pairs_by_the_name_of_a_qr_code(pairing_adb: Adb, phone: SimulatedPhone) -> None:
    switch(phone).read_qr("WIFI:T:ADB;S:studio-AbCdEf;P:s3cr3t!pw;;")
    eventually(pairing_adb, "studio-AbCdEf", "mdns", "services")
    paired = said(pairing_adb, "pair", "studio-AbCdEf", "s3cr3t!pw")
    assert paired == f"Successfully paired to studio-AbCdEf [guid={switch(phone).guid}]\n"


def test_wireless_debugging_stays_on_this_computer(make_phone: MakePhone) -> None:
    with pytest.raises(PostureError, match="on loopback alone"):
        make_phone(host="192.0.2.7", authorise="never", wireless=True)


def test_twenty_wrong_tries_close_the_dialog(phone: SimulatedPhone) -> None:
    _, address = switch(phone).show_code()
    assert answers(address)
    until = time.monotonic() + 60
    while answers(address):
        assert time.monotonic() < until
    switch(phone).show_code()


def answers(address: str) -> bool:
    host, _, port = address.partition(":")
    try:
        socket.create_connection((host, int(port))).close()
    except ConnectionRefusedError:
        return False
    return True
