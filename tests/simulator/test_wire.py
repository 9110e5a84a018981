"""Packet by packet: what the phone says, and what it survives."""

import os
import socket
import struct
from collections.abc import Callable
from contextlib import suppress

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.simulator import Reply, Scenario, SimulatedPhone
from tests.simulator.host import AUTH, CLSE, CNXN, NEW, OKAY, OLD, OPEN, WRTE, Host

MakePhone = Callable[..., SimulatedPhone]

FEATURES_8 = "shell_v2,cmd,stat_v2"
FEATURES_10 = FEATURES_8 + ",fixed_push_mkdir,apex,abb,fixed_push_symlink_timestamp,abb_exec"
FEATURES_11 = FEATURES_10 + ",ls_v2,remount_shell,sendrecv_v2,sendrecv_v2_brotli"


@pytest.mark.parametrize(
    ("android", "version", "payload", "features"),
    [
        (8, OLD, 256 * 1024, FEATURES_8),
        (9, NEW, 1024 * 1024, FEATURES_8),
        (10, NEW, 1024 * 1024, FEATURES_10),
        (11, NEW, 1024 * 1024, FEATURES_11),
    ],
)
def test_introduces_itself_as_its_android_does(
    make_phone: MakePhone, android: int, version: int, payload: int, features: str
) -> None:
    phone = make_phone(android=android, model="Pixel; 7", product="panther", device="panther")
    with Host(phone) as host:
        said = (
            f"device::ro.product.name=panther;ro.product.model=Pixel_ 7;ro.product.device=panther;features={features}"
        )
        assert host.log_in() == (CNXN, version, payload, said.encode())


@pytest.mark.parametrize(("android", "checked"), [(8, True), (9, False)])
def test_payloads_carry_a_checksum_on_8_only(make_phone: MakePhone, android: int, *, checked: bool) -> None:
    with Host(make_phone(android=android)) as host:
        host.log_in()
        host.send(OPEN, 5, 0, b"exec:echo hi\0")
        assert host.receive() == (OKAY, 1, 5, b"")
        assert host.receive() == (WRTE, 1, 5, b"hi\n")
        assert (host.last_checksum != 0) == checked


def test_speaks_the_shell_protocol(make_phone: MakePhone) -> None:
    with Host(make_phone()) as host:
        host.log_in()
        host.send(OPEN, 9, 0, b'shell,v2,raw:read x; echo "got $x"; cat; exit 3\0')
        assert host.receive() == (OKAY, 1, 9, b"")
        # A packet cut inside its header, and two packets in one write.
        host.send(WRTE, 9, 1, b"\x00\x03\x00")
        assert host.receive() == (OKAY, 1, 9, b"")
        host.send(WRTE, 9, 1, b"\x00\x00ab\n" + b"\x00\x02\x00\x00\x00cd" + b"\x04\x00\x00\x00\x00")
        texts = {1: b"", 2: b"", 3: b""}
        for data in host.collect(9):
            kind, length = struct.unpack("<BI", data[:5])
            assert length == len(data) - 5
            texts[kind] += data[5:]
        assert texts == {1: b"got ab\ncd", 2: b"", 3: b"\x03"}


def test_a_line_may_hold_any_bytes_but_nul(make_phone: MakePhone) -> None:
    phone = make_phone()
    with Host(phone) as host:
        host.log_in()
        host.send(OPEN, 8, 0, b"exec:printf '\xff\xc3\xb1'\0")
        assert b"".join(host.collect(8)) == b"\xff\xc3\xb1"
    assert [str(ran) for ran in phone.log] == ["printf '\udcff\xf1'"]


def test_waits_for_each_okay(make_phone: MakePhone) -> None:
    phone = make_phone({"dumpsys-large.txt": b"q" * 10_000})
    with Host(phone, max_payload=4096) as host:
        host.log_in()
        host.send(OPEN, 3, 0, b"shell,v2,raw:dumpsys large\0")
        host.receive()
        first = host.receive()
        assert first is not None
        assert len(first[3]) == 4096
        # Without our OKAY the next thing it says is the answer to something else.
        host.send(OPEN, 4, 0, b"sync:\0")
        assert host.receive() == (CLSE, 0, 4, b"")
        host.send(OKAY, 3, first[1])
        again = host.receive()
        assert again is not None
        assert again[0] == WRTE


@pytest.mark.parametrize(
    "service", [b"sync:", b"root:", b"tcpip:5555", b"reboot:", b"shell", b"jdwp:1", b"", b"\xff\xfe"]
)
def test_refuses_other_services(make_phone: MakePhone, service: bytes) -> None:
    with Host(make_phone()) as host:
        host.log_in()
        host.send(OPEN, 6, 0, service + b"\0")
        assert host.receive() == (CLSE, 0, 6, b"")


def test_a_line_too_long_for_the_kernel_is_refused_in_words(make_phone: MakePhone) -> None:
    with Host(make_phone()) as host:
        host.log_in()
        host.send(OPEN, 2, 0, b"shell,v2,raw:echo " + b"x" * 200_000 + b"\0")
        said = b"error: exec '/system/bin/sh' failed: Argument list too long\n"
        reply = b"\x02" + struct.pack("<I", len(said)) + said + b"\x03\x01\x00\x00\x00\x7e"
        assert [host.receive() for _ in range(3)] == [(OKAY, 1, 2, b""), (WRTE, 1, 2, reply), (CLSE, 1, 2, b"")]


def test_closing_a_stream_hangs_up_its_shell(make_phone: MakePhone) -> None:
    with Host(make_phone()) as host:
        host.log_in()
        host.send(OPEN, 7, 0, b"shell,v2,raw:echo $$; exec cat\0")
        _, theirs, _, _ = host.receive() or (b"", 0, 0, b"")
        said = host.receive()
        assert said is not None
        shell = psutil.Process(int(said[3][5:]))
        host.send(CLSE, 7, theirs)
        assert host.receive() == (CLSE, theirs, 7, b"")
        assert shell.wait(timeout=20) is None or not shell.is_running()


@pytest.mark.parametrize(
    "wrong",
    [
        {"magic": 0},
        {"checksum": 1},
        {"length": 0xFFFFFFFF},
        {"length": (1 << 20) + 1},
    ],
)
def test_hangs_up_on_a_broken_packet(make_phone: MakePhone, wrong: dict[str, int]) -> None:
    phone = make_phone()
    before = psutil.Process().memory_info().rss
    with Host(phone) as host:
        host.send(CNXN, NEW, 1 << 20, b"host::\0", **wrong)  # type: ignore[arg-type] - one of its keywords
        assert host.receive() is None
    assert psutil.Process().memory_info().rss - before < 64 * 1024 * 1024
    _still_works(phone)


def test_a_wrong_checksum_ends_a_session_with_8(make_phone: MakePhone) -> None:
    phone = make_phone(android=8)
    with Host(phone) as host:
        host.log_in()
        host.send(OPEN, 1, 0, b"shell:id\0", checksum=7)
        assert host.receive() is None
    _still_works(phone)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.binary(max_size=3000))
def test_survives_noise(running_phone: SimulatedPhone, noise: bytes) -> None:
    with socket.create_connection((running_phone.host, running_phone.port), timeout=20) as connection:
        connection.sendall(noise)
        with suppress(OSError):  # it may have hung up already
            connection.shutdown(socket.SHUT_WR)
    _still_works(running_phone)


@pytest.fixture(scope="module")
def running_phone() -> object:
    with SimulatedPhone(Scenario()) as phone:
        yield phone


@settings(max_examples=40, deadline=None)
@given(
    packets=st.lists(
        st.tuples(
            st.sampled_from([CNXN, AUTH, OPEN, OKAY, WRTE, CLSE, b"SYNC", b"STLS"]),
            st.integers(0, 4),
            st.integers(0, 4),
            st.sampled_from([b"", b"shell:true\0", b"shell,v2:true\0", b"\x00\xff\xff\xff\xff", b"x" * 500]),
        ),
        max_size=12,
    )
)
def test_survives_packets_in_any_order(
    running_phone: SimulatedPhone, packets: list[tuple[bytes, int, int, bytes]]
) -> None:
    with Host(running_phone) as host:
        try:
            host.log_in()
            for packet in packets:
                host.send(*packet)
        except (AssertionError, OSError):
            pass  # it may hang up on us
    _still_works(running_phone)


def test_says_nothing_before_it_is_authorised(make_phone: MakePhone) -> None:
    phone = make_phone()
    with Host(phone) as host:
        host.send(OPEN, 1, 0, b"shell:id\0")
        host.send(CNXN, NEW, 1 << 20, b"host::\0")
        answer = host.receive()
        assert answer is not None
        assert answer[0] == AUTH
    assert phone.log == []


def test_a_host_that_does_not_wait_is_cut_off(make_phone: MakePhone) -> None:
    phone = make_phone()
    with Host(phone) as host:
        host.log_in()
        host.send(OPEN, 1, 0, b"shell,v2,raw:sleep 60\0")
        host.receive()
        with pytest.raises(OSError, match=r"."):  # noqa: PT012 - which of the writes fails is the kernel's choice
            for _ in range(200):
                host.send(WRTE, 1, 1, b"\x00" + struct.pack("<I", 1 << 19) + os.urandom(1 << 19))
    _still_works(phone)


def test_silence_and_noise_instead_of_a_greeting(make_phone: MakePhone) -> None:
    with Host(make_phone(greeting="noise")) as host:
        host.send(CNXN, NEW, 1 << 20, b"host::\0")
        assert host.socket.recv(4) == bytes(range(4))
    with Host(make_phone(greeting="silence")) as host:
        host.send(CNXN, NEW, 1 << 20, b"host::\0")
        host.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            host.socket.recv(1)


def test_breaks_after_the_wanted_bytes(make_phone: MakePhone) -> None:
    phone = make_phone(answers={"dumpsys large": Reply(text="w" * 5000)}, drop_after_bytes=1234)
    with Host(phone) as host:
        host.log_in()
        host.send(OPEN, 1, 0, b"exec:dumpsys large\0")
        received = b""
        while chunk := host.socket.recv(65536):
            received += chunk
            host.send(OKAY, 1, 1)
        assert received.count(b"w") == 1234
    _still_works(phone)


def _still_works(phone: SimulatedPhone) -> None:
    with Host(phone) as host:
        assert host.log_in()[0] == CNXN
