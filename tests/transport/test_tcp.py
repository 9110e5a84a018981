import re
import socket
import threading
from collections.abc import Callable

import pytest
from adb_shell.auth.sign_cryptography import CryptographySigner

from agent.capture import Outcome
from agent.capture.live import capture_phone
from agent.simulator import Reply, SimulatedPhone
from agent.transport import TransportError
from agent.transport.tcp import open_tcp, parse_address
from tests.capture.shells import command
from tests.transport.strangers import free_port, listening, packet, until_closed

MakePhone = Callable[..., SimulatedPhone]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.7:5556", ("192.0.2.7", 5556)),
        ("192.0.2.7", ("192.0.2.7", 5555)),
        ("phone.example.org", ("phone.example.org", 5555)),
        ("2001:db8::7", ("2001:db8::7", 5555)),
        ("[2001:db8::7]:5557", ("2001:db8::7", 5557)),
        ("[2001:db8::7]", ("2001:db8::7", 5555)),
    ],
)
def test_reads_an_address(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", ":5555", "phone:", "phone:x", "phone:0", "phone:65536", "phone:-1", "phone:٣"])
def test_refuses_what_is_no_address(text: str) -> None:
    with pytest.raises(TransportError, match="write HOST:PORT") as caught:
        parse_address(text)
    assert caught.value.permanent


@pytest.mark.parametrize("android", [8, 9, 14, 16])
@pytest.mark.parametrize("shell", ["v1", "v2"])
def test_one_stream_carries_every_byte(
    key: CryptographySigner, make_phone: MakePhone, android: int, shell: str
) -> None:
    phone = make_phone(android=android, shell=shell)
    opened = open_tcp(phone.address, key)
    assert opened.serial == phone.address
    text = "x" * 30_000  # longer than a fresh socket takes at once
    line = f"printf 'one\\r\\ntwo\\n\\0\\377'; echo {text}"
    try:
        assert b"".join(opened.stream(line, idle_timeout_s=10)) == b"one\r\ntwo\n\0\xff" + text.encode() + b"\n"
        assert b"".join(opened.stream("echo again", idle_timeout_s=10)) == b"again\n"
    finally:
        opened.close()
        opened.close()


def test_a_whole_scan_takes_one_stream(key: CryptographySigner, make_phone: MakePhone) -> None:
    phone = make_phone(
        {"dumpsys-one.txt": b"uno\n" * 1000, "dumpsys-two.txt": b"dos\xff"},
        answers={"dumpsys slow": Reply(hang="forever")},
    )
    commands = [
        command("dumpsys one"),
        command("dumpsys two"),
        command("dumpsys slow", timeout_s=1),
        command("dumpsys none"),
    ]
    opened = open_tcp(phone.address, key)
    capture = capture_phone(opened, commands)
    opened.close()
    phone.stop()
    assert capture.broken is None
    assert capture.text("dumpsys one") == "uno\n" * 1000
    assert capture.answers["dumpsys two"].data == b"dos\xff"
    assert capture.answers["dumpsys slow"].outcome is Outcome.TIMED_OUT
    assert b"Can't find service: none" in capture.answers["dumpsys none"].data


@pytest.mark.parametrize("interpreter", ["mksh", "bash", "sh"])
def test_scans_whatever_shell_the_phone_has(key: CryptographySigner, make_phone: MakePhone, interpreter: str) -> None:
    phone = make_phone({"dumpsys-one.txt": b"uno\n"}, interpreter=interpreter, has_timeout=False)
    opened = open_tcp(phone.address, key)
    capture = capture_phone(opened, [command("dumpsys one"), command("echo $((6*7))", key="sum")])
    opened.close()
    assert (capture.broken, capture.text("dumpsys one"), capture.text("sum")) == (None, "uno\n", "42\n")


def test_a_phone_that_drops_half_way_keeps_what_it_said(key: CryptographySigner, make_phone: MakePhone) -> None:
    phone = make_phone({"dumpsys-big.txt": b"x" * 200_000}, drop_after_bytes=100_000)
    opened = open_tcp(phone.address, key)
    capture = capture_phone(
        opened, [command("sleep 0.5; dumpsys big", key="big", limit_bytes=400_000), command("echo a")]
    )
    assert capture.broken is not None
    assert "went away" in str(capture.broken)
    assert capture.text("echo a") == "a\n"
    assert capture.answers["big"].outcome is Outcome.CUT
    assert 0 < len(capture.answers["big"].data) < 100_000


def test_leaving_a_stream_early_ends_what_the_phone_runs(key: CryptographySigner, make_phone: MakePhone) -> None:
    phone = make_phone()
    opened = open_tcp(phone.address, key)
    stream = opened.stream("echo begun; sleep 1000", idle_timeout_s=10)
    assert next(iter(stream)) == b"begun\n"
    stream.close()  # type: ignore[attr-defined]
    with pytest.raises(TransportError, match="went away"):
        list(opened.stream("echo x", idle_timeout_s=1))


def test_a_phone_that_says_nothing_any_more_is_left(key: CryptographySigner, make_phone: MakePhone) -> None:
    opened = open_tcp(make_phone().address, key)
    with pytest.raises(TransportError, match="stopped answering for 1 seconds"):
        list(opened.stream("sleep 1000", idle_timeout_s=1))


def test_an_unauthorised_phone_tells_the_person_what_to_accept(key: CryptographySigner, make_phone: MakePhone) -> None:
    phone = make_phone(authorise="never")
    with pytest.raises(TransportError, match="Always allow from this computer"):
        open_tcp(phone.address, key, accept_s=0.3)


def test_a_person_may_accept_while_the_agent_waits(key: CryptographySigner, make_phone: MakePhone) -> None:
    opened = open_tcp(make_phone(authorise="after 0.3 s").address, key, accept_s=20)
    assert list(opened.stream("echo accepted", idle_timeout_s=10)) == [b"accepted\n"]
    opened.close()


def test_a_refused_connection() -> None:
    port = free_port()
    with pytest.raises(TransportError, match=f"127.0.0.1:{port} refuses the connection"):
        open_tcp(f"127.0.0.1:{port}", key=None)  # type: ignore[arg-type]


def test_a_name_that_nobody_has() -> None:
    with pytest.raises(TransportError, match="cannot be reached"):
        open_tcp("phone.invalid", key=None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("greeting", "sentence"),
    [
        (b"", "closed the connection at once"),
        (b"SSH-2.0-OpenSSH_9.6\r\n" * 9, "not a phone's ADB"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "not a phone's ADB"),
        (bytes(100), "not a phone's ADB"),
        (packet(b"STLS", 0x01000000), "broke off the encrypted connection"),
        (packet(b"AUTH", 3, 0, b"x" * 20), "not a phone's ADB"),
        (packet(b"CNXN", 0x01000000, 4096, b"device::")[:30], "not a phone's ADB"),
    ],
)
def test_says_what_else_answers(key: CryptographySigner, greeting: bytes, sentence: str) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(greeting)

    with listening(serve) as port, pytest.raises(TransportError, match=sentence):
        open_tcp(f"127.0.0.1:{port}", key, answer_s=2)


def test_a_port_where_nobody_speaks(key: CryptographySigner) -> None:
    with listening(until_closed) as port, pytest.raises(TransportError, match="does not answer"):
        open_tcp(f"127.0.0.1:{port}", key, answer_s=0.3)


def test_a_phone_that_turns_to_garbage_in_the_middle(key: CryptographySigner) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(packet(b"CNXN", 0x01000000, 4096, b"device::"))
        connection.recv(65536)
        connection.sendall(packet(b"OKAY", 7, 1) + packet(b"WRTE", 7, 1, b"good"))
        connection.recv(65536)
        connection.sendall(b"\xff" * 100)
        until_closed(connection)

    with listening(serve) as port:
        opened = open_tcp(f"127.0.0.1:{port}", key, answer_s=2)
        stream = iter(opened.stream("x", idle_timeout_s=2))
        assert next(stream) == b"good"
        with pytest.raises(TransportError, match="not ADB"):
            next(stream)


def test_many_phones_at_once(key: CryptographySigner, make_phone: MakePhone) -> None:
    phones = [make_phone({"dumpsys-one.txt": b"%d\n" % n}) for n in range(4)]
    said: dict[int, str] = {}

    def scan(n: int) -> None:
        opened = open_tcp(phones[n].address, key)
        said[n] = capture_phone(opened, [command("dumpsys one")]).text("dumpsys one")
        opened.close()

    threads = [threading.Thread(target=scan, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == {n: f"{n}\n" for n in range(4)}
    assert re.fullmatch(r"127\.0\.0\.1:\d+", phones[0].address)
