import socket
from collections.abc import Callable

import pytest

from agent.capture import Outcome
from agent.capture.live import capture_phone
from agent.simulator import Reply, SimulatedPhone
from agent.transport import TransportError
from agent.transport.adb_server import AdbServer, Listed
from tests.capture.shells import command
from tests.simulator.conftest import Adb
from tests.transport.strangers import free_port, listening, until_closed

MakePhone = Callable[..., SimulatedPhone]


def server(adb: Adb) -> AdbServer:
    return AdbServer("127.0.0.1", adb.port)


@pytest.mark.parametrize("android", [8, 14])
@pytest.mark.parametrize("shell", ["v1", "v2"])
def test_one_stream_carries_every_byte(adb: Adb, make_phone: MakePhone, android: int, shell: str) -> None:
    phone = make_phone(android=android, shell=shell)
    adb.connect(phone)
    opened = server(adb).open(phone.address)
    text = "x" * 30_000
    line = f"printf 'one\\r\\ntwo\\n\\0\\377'; echo {text}; exit 3"
    assert b"".join(opened.stream(line, idle_timeout_s=10)) == b"one\r\ntwo\n\0\xff" + text.encode() + b"\n"
    assert b"".join(opened.stream("echo again; exit 0", idle_timeout_s=10)) == b"again\n"
    opened.close()


@pytest.mark.parametrize("shell", ["v1", "v2"])
def test_a_whole_scan_behind_the_real_server(adb: Adb, make_phone: MakePhone, shell: str) -> None:
    phone = make_phone(
        {"dumpsys-one.txt": b"uno\n" * 50_000}, shell=shell, answers={"dumpsys slow": Reply(hang="forever")}
    )
    adb.connect(phone)
    commands = [
        command("dumpsys one", limit_bytes=400_000),
        command("dumpsys slow", timeout_s=1),
        command("echo x >&2"),
    ]
    opened = server(adb).open(phone.address)
    capture = capture_phone(opened, commands)
    assert (capture.broken, capture.serial) == (None, phone.address)
    assert capture.text("dumpsys one") == "uno\n" * 50_000
    assert capture.answers["dumpsys slow"].outcome is Outcome.TIMED_OUT
    assert capture.text("echo x >&2") == "x\n"


def test_a_phone_that_drops_half_way_keeps_what_it_said(adb: Adb, make_phone: MakePhone) -> None:
    phone = make_phone({"dumpsys-big.txt": b"x" * 200_000}, drop_after_bytes=100_000)
    adb.connect(phone)
    opened = server(adb).open(phone.address)
    big = command("sleep 0.5; dumpsys big", key="big", limit_bytes=400_000)
    capture = capture_phone(opened, [big, command("echo a")])
    assert "lost the phone" in str(capture.broken)
    assert capture.text("echo a") == "a\n"
    assert capture.answers["big"].outcome is Outcome.CUT


def test_a_phone_that_says_nothing_any_more_is_left(adb: Adb, make_phone: MakePhone) -> None:
    phone = make_phone()
    adb.connect(phone)
    opened = server(adb).open(phone.address)
    with pytest.raises(TransportError, match="stopped answering for 1 seconds"):
        list(opened.stream("sleep 1000", idle_timeout_s=1))


def test_lists_phones_with_what_is_wrong_with_each(adb: Adb, make_phone: MakePhone) -> None:
    good, shy = make_phone(), make_phone(authorise="never")
    adb.connect(good)
    adb.connect(shy)
    listed = {phone.serial: phone for phone in server(adb).phones()}
    assert listed[good.address] == Listed(good.address, None)
    assert "Always allow from this computer" in str(listed[shy.address].trouble)
    with pytest.raises(TransportError, match="Always allow from this computer"):
        server(adb).open(shy.address)


def test_a_phone_that_the_server_does_not_know(adb: Adb) -> None:
    with pytest.raises(TransportError, match="knows no phone R58N000TEST"):
        server(adb).open("R58N000TEST")


def test_no_server_is_said_and_none_is_started() -> None:
    port = free_port()
    absent = AdbServer("127.0.0.1", port)
    assert not absent.is_running()
    with pytest.raises(TransportError, match=f"no adb server answers at 127.0.0.1:{port}"):
        absent.phones()
    assert not absent.is_running()


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("offline", "is offline"),
        ("no permissions (user in plugdev group; are your udev rules wrong?); see [http://example.org]", "udev rule"),
        ("authorizing", "still being asked"),
        ("recovery", "start Android"),
        ("rescue", "in the state “rescue”"),
    ],
)
def test_explains_every_state(state: str, sentence: str) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        body = f"R58N000TEST\t{state}\n".encode()
        connection.sendall(b"OKAY%04x" % len(body) + body)
        until_closed(connection)

    with listening(serve, connections=2) as port:
        (listed,) = AdbServer("127.0.0.1", port).phones()
    assert listed.serial == "R58N000TEST"
    assert sentence in str(listed.trouble)


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"FAIL0003bad", b"OKAYzzzz", b"OKAY0100short"]
)
def test_what_is_no_adb_server(answer: bytes) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(answer)

    with listening(serve, connections=2) as port, pytest.raises(TransportError, match="is no adb server"):
        AdbServer("127.0.0.1", port).phones()
