"""Wireless debugging: pairing, TLS and discovery, against a simulated phone and against strangers in its place."""

import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from adb_shell.auth.sign_cryptography import CryptographySigner
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from zeroconf import DNSOutgoing, DNSPointer, const

from agent.simulator import SimulatedPhone
from agent.simulator.wireless import WirelessDebugging
from agent.transport import Found, TransportError, find
from agent.transport.finding import paired_among
from agent.transport.keys import WorkstationKey
from agent.transport.nearby import Announced, Nearby
from agent.transport.paired import Paired, PairedPhones
from agent.transport.pairing import Invitation, pair
from agent.transport.pairing_wire import COMPUTERS_KEY, PHONES_GUID, Who, meet
from agent.transport.spake2 import Disagreement, Spake2
from agent.transport.tcp import open_tcp
from agent.transport.tls import TlsSocket, as_phone
from tests.transport.strangers import free_port, listening, packet

MakePhone = Callable[..., SimulatedPhone]
GUID = "adb-R58N000TEST-x7Bq1z"


@pytest.fixture(scope="session")
def phones_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def home(tmp_path: Path, key: CryptographySigner, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with the session's key, where no adb server runs."""
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(free_port()))
    folder = tmp_path / "data" / "adb-key"
    folder.mkdir(parents=True)
    pem = key.rsa_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "adbkey").write_bytes(pem)
    (folder / "adbkey.pub").write_bytes(key.GetPublicKey())
    return tmp_path / "data"


@pytest.fixture
def phone(make_phone: MakePhone) -> SimulatedPhone:
    return make_phone({"getprop.txt": b"[ro.serialno]: [R58N000TEST]\n"}, serial="R58N000TEST", wireless=True)


def wireless(phone: SimulatedPhone) -> WirelessDebugging:
    assert phone.wireless is not None
    return phone.wireless


def found(home: Path, serial: str) -> list[Found]:
    """What `find` finds of a phone; on a busy computer an announcement may come late."""
    until = time.monotonic() + 30
    while True:
        there = [each for each in find(home) if each.serial == serial]
        if there or time.monotonic() > until:
            return there


def test_pairs_by_code_once_and_is_found_at_whatever_port(
    home: Path, key: CryptographySigner, phone: SimulatedPhone, make_phone: MakePhone
) -> None:
    with pytest.raises(TransportError, match="does not know this computer's key"):
        open_tcp(phone.address, key)
    code, address = wireless(phone).show_code()
    with Nearby("pairing") as nearby:
        offered = nearby.wait(30, lambda there: wireless(phone).guid in there)
    assert offered[wireless(phone).guid] == Announced(wireless(phone).guid, address)
    with pytest.raises(TransportError, match="not the one that the phone"):
        pair(address, "12345x", key)
    paired = pair(address, code, key)
    assert (paired.guid, paired.serial) == (wireless(phone).guid, "R58N000TEST")
    with pytest.raises(TransportError, match="offers no pairing, or broke it off"):
        pair(address, code, key)  # one code, one computer
    assert [each.serial for each in find(home) if each.way == "wifi"] == []
    PairedPhones(home).remember(paired)
    (there,) = found(home, "R58N000TEST")
    assert there.way == "wifi"
    opened = there.open()
    assert (opened.serial, list(opened.stream("echo a b", idle_timeout_s=10))) == (phone.address, [b"a b\n"])
    opened.close()
    by_address = open_tcp(phone.address, key)
    assert list(by_address.stream("getprop ro.serialno", idle_timeout_s=10)) == [b"R58N000TEST\n"]
    by_address.close()


def test_a_megabyte_comes_out_over_tls_unchanged(key: CryptographySigner, make_phone: MakePhone) -> None:
    data = bytes(range(256)) * 4096
    phone = make_phone({"dumpsys-large.txt": data}, keys=(key.GetPublicKey(),), wireless=True)
    opened = open_tcp(phone.address, key)
    assert b"".join(opened.stream("dumpsys large", idle_timeout_s=30)) == data
    opened.close()


def test_pairs_by_qr_code(key: CryptographySigner, phone: SimulatedPhone) -> None:
    invitation = Invitation.new()
    assert invitation.text == f"WIFI:T:ADB;S:{invitation.name};P:{invitation.code};;"
    assert Invitation.new() != invitation
    with Nearby("pairing") as nearby:
        wireless(phone).read_qr(invitation.text)
        there = nearby.wait(30, lambda there: invitation.name in there)
    assert pair(there[invitation.name].address, invitation.code, key).serial == "R58N000TEST"
    with pytest.raises(ValueError, match="no QR code"):
        wireless(phone).read_qr("WIFI:T:WPA;S:Oficina;P:secreto;;")


def test_a_phone_that_went_is_no_longer_announced(make_phone: MakePhone) -> None:
    phone = make_phone(wireless=True)
    with Nearby("connect") as nearby:
        assert wireless(phone).guid in nearby.wait(30, lambda there: wireless(phone).guid in there)
        phone.stop()
        assert wireless(phone).guid not in nearby.wait(30, lambda there: wireless(phone).guid not in there)


def test_strangers_who_announce_nonsense_hide_no_phone(make_phone: MakePhone) -> None:
    service = "_adb-tls-connect._tcp.local."
    phone = make_phone(wireless=True)
    with Nearby("connect", lambda name: name == wireless(phone).guid) as nearby:
        for name in ("evil._http._tcp.local.", service, "x", f"a\x07\u202eb.{service}", f"never-there.{service}"):
            shout(DNSPointer(service, const._TYPE_PTR, const._CLASS_IN, 4500, name))
        there = nearby.wait(30, lambda there: wireless(phone).guid in there)
    assert dict(there) == {wireless(phone).guid: Announced(wireless(phone).guid, phone.address)}
    with Nearby("connect") as nearby:
        shout(DNSPointer(service, const._TYPE_PTR, const._CLASS_IN, 4500, "evil._http._tcp.local."))
        assert wireless(phone).guid in nearby.wait(30, lambda there: wireless(phone).guid in there)


def shout(record: DNSPointer) -> None:
    """Announce to this computer's loopback, as a program there may."""
    out = DNSOutgoing(const._FLAGS_QR_RESPONSE | const._FLAGS_AA)
    out.add_answer_at_time(record, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as air:
        air.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        for data in out.packets():
            air.sendto(data, ("224.0.0.251", 5353))


def test_the_header_that_asks_for_tls_may_come_in_pieces(
    key: CryptographySigner, phones_key: rsa.RSAPrivateKey
) -> None:
    said: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        greeted(connection)
        asks = packet(b"STLS", 0x01000000)
        for piece in (asks[:2], asks[2:10], asks[10:]):
            connection.sendall(piece)
            time.sleep(0.02)
        said.append(connection.recv(24, socket.MSG_WAITALL))
        tls = as_phone(connection, phones_key, within_s=10, knows=[key.rsa_key.public_key()])
        tls.sendall(packet(b"CNXN", 0x01000000, 4096, b"device::"))
        tls.recv(1)

    with listening(serve) as port:
        open_tcp(f"127.0.0.1:{port}", key).close()
    assert said == [packet(b"STLS", 0x01000000)]


def test_a_stranger_is_shown_nothing_of_this_computer(key: CryptographySigner, phones_key: rsa.RSAPrivateKey) -> None:
    """Who does not name our key gets neither our certificate nor a shell line: the handshake ends before both."""
    came: list[object] = []

    def serve(connection: socket.socket) -> None:
        greeted(connection)
        connection.sendall(packet(b"STLS", 0x01000000))
        connection.recv(24, socket.MSG_WAITALL)
        try:
            came.append(as_phone(connection, phones_key, within_s=10))  # takes any certificate, names no computer
        except ConnectionError as error:
            came.append(str(error))

    with listening(serve) as port, pytest.raises(TransportError, match="so nothing was said to it"):
        open_tcp(f"127.0.0.1:{port}", key)
    (what,) = came
    assert "alert" in str(what)


def test_an_announced_phone_that_wants_no_encryption_is_a_stranger(
    key: CryptographySigner, make_phone: MakePhone
) -> None:
    stranger = make_phone(serial="R58N000TEST")  # speaks ADB as over a cable, and takes anybody
    with pytest.raises(TransportError, match="not the paired phone"):
        open_tcp(stranger.address, key, paired=True)
    assert stranger.log == []


def test_who_offers_pairing_is_told_our_key_only_with_the_code(
    key: CryptographySigner, phones_key: rsa.RSAPrivateKey
) -> None:
    shown: list[object] = []

    def serve(tls: TlsSocket) -> None:
        certificate = tls._tls.get_peer_certificate(as_cryptography=True)
        assert certificate is not None
        shown.append(certificate.public_key())
        meet(tls, "phone", b"guessed", Who(PHONES_GUID, GUID.encode()))

    with offering(phones_key, serve) as address, pytest.raises(TransportError, match="the code is not the one"):
        pair(address, "123456", key)
    assert [each == key.rsa_key.public_key() for each in shown] == [False]


def test_a_phone_that_forgot_this_computer_says_so(
    home: Path, key: CryptographySigner, make_phone: MakePhone, tmp_path: Path
) -> None:
    other = WorkstationKey(tmp_path / "other").open()
    phone = make_phone(serial="R58N000TEST", keys=(other.GetPublicKey(),), wireless=True)
    PairedPhones(home).remember(Paired(wireless(phone).guid))
    (there,) = found(home, "R58N000TEST")
    with pytest.raises(TransportError, match=r"pair it with `posture pair`"):
        there.open()


def test_a_paired_phone_that_is_away_is_told_apart_from_an_unknown_one(home: Path) -> None:
    PairedPhones(home).remember(Paired(GUID))
    away, unknown = find(home, serials=["R58N000TEST", "R58N000OTHER"])
    with pytest.raises(TransportError, match="Wireless debugging on"):
        away.open()
    with pytest.raises(TransportError, match="check the cable"):
        unknown.open()


def test_what_the_adb_server_holds_is_not_scanned_twice(tmp_path: Path) -> None:
    PairedPhones(tmp_path).remember(Paired(GUID))
    there = {"x (2)": Announced(GUID, "192.0.2.7:37099"), "y": Announced("adb-OTHER-x7Bq1z", "192.0.2.8:37099")}
    assert paired_among(tmp_path, there) == [("R58N000TEST", "192.0.2.7:37099")]
    assert paired_among(tmp_path, there, [f"{GUID}._adb-tls-connect._tcp"]) == []


def test_the_list_is_its_owners_alone_and_a_reset_phone_takes_its_old_place(tmp_path: Path) -> None:
    phones, after = PairedPhones(tmp_path / "data"), Paired("adb-R58N000TEST-AFTERx")
    assert list(phones) == []
    phones.remember(Paired(GUID))
    phones.remember(Paired("adb-B2-x7Bq1z"))
    phones.remember(after)
    assert list(phones) == [Paired("adb-B2-x7Bq1z"), after]
    folder = tmp_path / "data" / "paired-phones"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()} == {0o600}
    assert (phones.forget("R58N000TEST"), phones.forget("R58N000TEST")) == (True, False)
    assert list(phones) == [Paired("adb-B2-x7Bq1z")]


@given(st.one_of(st.text(), st.from_regex(r"adb-[A-Za-z0-9._-]{1,64}-[A-Za-z0-9]{6}", fullmatch=True)))
def test_only_a_guid_is_one(text: str) -> None:
    phone = Paired.of(text)
    if phone is not None:
        assert f"adb-{phone.serial}-{text[-6:]}" == text
        assert text == Path(text).name
        assert text.isascii()
        assert text.isprintable()


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        (Who(PHONES_GUID, b"../../../etc/cron.d/x"), "did not say who it is"),
        (Who(PHONES_GUID, "adb-\u202e-x7Bq1z".encode()), "did not say who it is"),
        (Who(PHONES_GUID, b"\xff" * 8191), "did not say who it is"),
        (Who(PHONES_GUID, b""), "did not say who it is"),
        (Who(COMPUTERS_KEY, GUID.encode()), "did not say who it is"),
    ],
)
def test_a_phone_must_name_itself_as_phones_do(
    key: CryptographySigner, phones_key: rsa.RSAPrivateKey, who: Who, sentence: str
) -> None:
    def serve(tls: TlsSocket) -> None:
        meet(tls, "phone", b"123456", who)

    with offering(phones_key, serve) as address, pytest.raises(TransportError, match=sentence):
        pair(address, "123456", key)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x01",
        b"\x02\x00\x00\x00\x00\x20" + bytes(32),  # version 2
        b"\x01\x01\x00\x00\x00\x20" + bytes(32),  # out of turn
        b"\x01\x00\xff\xff\xff\xff" + bytes(64),  # four gigabytes
        b"\x01\x00\x00\x00\x00\x20" + bytes(32),  # a point of small order
        b"\x01\x00\x00\x00\x00\x20" + b"\x02" + bytes(31),  # no point at all
        b"\x01\x00\x00\x00\x00\x20" + b"\xff" * 32,
    ],
)
def test_whoever_speaks_otherwise_is_not_paired_with(
    key: CryptographySigner, phones_key: rsa.RSAPrivateKey, answer: bytes
) -> None:
    def serve(tls: TlsSocket) -> None:
        tls.sendall(answer)
        tls.recv(1)

    with offering(phones_key, serve) as address, pytest.raises(TransportError, match=r"broke it off|not the one"):
        pair(address, "123456", key)


def test_a_phone_that_falls_silent_does_not_hold_anybody_up(
    key: CryptographySigner, phones_key: rsa.RSAPrivateKey
) -> None:
    done = threading.Event()

    def mute(connection: socket.socket) -> None:
        done.wait(30)

    with listening(mute) as port:
        with pytest.raises(TransportError, match="nothing answers"):
            pair(f"127.0.0.1:{port}", "123456", key, answer_s=0.2)
        done.set()
    with pytest.raises(TransportError, match="offers no pairing"):
        pair(f"127.0.0.1:{free_port()}", "123456", key)


def test_only_the_same_password_gives_the_same_key() -> None:
    computer, phone, liar = Spake2("computer", b"1"), Spake2("phone", b"1"), Spake2("phone", b"2")
    shared = computer.key(phone.message)
    assert len(shared) == 64
    assert shared == phone.key(computer.message)
    assert computer.key(liar.message) != liar.key(computer.message)
    with pytest.raises(Disagreement):
        computer.key(b"\x01" + bytes(30))


@contextmanager
def offering(phones_key: rsa.RSAPrivateKey, serve: Callable[[TlsSocket], None]) -> Iterator[str]:
    """A port that offers pairing, and then does as `serve` says."""

    def answer(connection: socket.socket) -> None:
        with suppress(Exception):
            serve(as_phone(connection, phones_key, within_s=10))

    with listening(answer) as port:
        yield f"127.0.0.1:{port}"


def greeted(connection: socket.socket) -> None:
    """Read the computer's first packet whole."""
    header = connection.recv(24, socket.MSG_WAITALL)
    connection.recv(int.from_bytes(header[12:16], "little"), socket.MSG_WAITALL)
