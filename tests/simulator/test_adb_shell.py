"""adb-shell, the agent's own library for the wire, uses the phone; and who is let in."""

import os
from collections.abc import Callable

import pytest
from adb_shell.adb_device import AdbDeviceTcp
from adb_shell.auth.keygen import keygen
from adb_shell.auth.sign_pythonrsa import PythonRSASigner
from adb_shell.exceptions import AdbTimeoutError, DeviceAuthError, TcpTimeoutException

from agent.simulator import Reply, SimulatedPhone

MakePhone = Callable[..., SimulatedPhone]
Connect = Callable[..., AdbDeviceTcp]


@pytest.mark.parametrize("android", [8, 14])
@pytest.mark.parametrize("shell", ["v1", "v2"])
def test_runs_a_line(make_phone: MakePhone, connect: Connect, android: int, shell: str) -> None:
    phone = make_phone({"getprop.txt": b"[a]: [b]\n"}, android=android, shell=shell)
    assert connect(phone).shell("getprop a; echo bad >&2") == "b\nbad\n"


@pytest.mark.parametrize("android", [8, 14])
def test_a_megabyte_comes_out_unchanged(make_phone: MakePhone, connect: Connect, android: int) -> None:
    data = b"x" * 500_000 + b"\r\n" + os.urandom(500_000)
    phone = make_phone({"dumpsys-large.txt": data}, android=android)
    assert connect(phone).shell("dumpsys large", decode=False) == data


def test_a_slow_link_delays_every_packet(make_phone: MakePhone, connect: Connect) -> None:
    phone = make_phone(packet_delay_ms=2.5)
    assert connect(phone).shell("echo slow but sure") == "slow but sure\n"


def test_the_cable_is_pulled_in_the_middle(make_phone: MakePhone, connect: Connect) -> None:
    phone = make_phone(answers={"dumpsys large": Reply(text="w" * 50_000)}, drop_after_bytes=20_000)
    chunks: list[bytes] = []
    with pytest.raises((AdbTimeoutError, TcpTimeoutException, ConnectionError)):
        chunks.extend(connect(phone).streaming_shell("dumpsys large", decode=False, read_timeout_s=1))
    received = b"".join(chunks)
    assert received == b"w" * len(received)
    assert len(received) <= 20_000


def test_never_lets_anybody_in(make_phone: MakePhone, connect: Connect) -> None:
    phone = make_phone(authorise="never")
    with pytest.raises((DeviceAuthError, TcpTimeoutException)):
        connect(phone, auth_timeout_s=0.5)
    assert phone.log == []


def test_a_key_that_was_accepted_once_is_known(
    make_phone: MakePhone, connect: Connect, signer: PythonRSASigner
) -> None:
    phone = make_phone(authorise="never", keys=(signer.GetPublicKey().encode(),))
    assert connect(phone).shell("echo in") == "in\n"


def test_another_computers_key_is_not(
    make_phone: MakePhone, connect: Connect, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other") / "adbkey"
    keygen(str(other))
    phone = make_phone(authorise="never", keys=(other.with_suffix(".pub").read_bytes(), b"no key", b""))
    with pytest.raises((DeviceAuthError, TcpTimeoutException)):
        connect(phone, auth_timeout_s=0.5)


def test_a_tap_is_remembered(make_phone: MakePhone, connect: Connect) -> None:
    phone = make_phone(authorise="after 0.3 s")
    connect(phone).close()
    # The second time the signature is enough: a key that had to be asked for again would take longer than this.
    assert connect(phone, auth_timeout_s=0.05).shell("echo known") == "known\n"
