"""USB as far as a machine without phones can show it: a virtual phone at libusb's boundary, and libusb's refusals."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pytest
import usb1
from adb_shell.auth.sign_cryptography import CryptographySigner
from adb_shell.transport.usb_transport import UsbTransport

from agent.capture import Outcome
from agent.capture.live import capture_phone
from agent.messages import Message
from agent.simulator import Reply, SimulatedPhone
from agent.transport import TransportError, find
from agent.transport.usb import open_usb, trouble, usb_changes
from tests.capture.shells import command
from tests.simulator.conftest import Adb
from tests.transport.strangers import free_port
from tests.transport.usb_phone import Bus, Cable

MakePhone = Callable[..., SimulatedPhone]


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Bus:
    """This computer's USB, on which nothing is plugged in; no adb server runs."""
    bus = Bus()
    monkeypatch.setattr(UsbTransport, "USB1_CTX", bus)
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(free_port()))
    return bus


@pytest.fixture
def data(tmp_path: Path, key: CryptographySigner, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with the session's key."""
    monkeypatch.setattr("agent.transport.keys.workstation_key", lambda _: key)
    return tmp_path


def test_a_phone_that_is_not_plugged_in(bus: Bus, key: CryptographySigner) -> None:
    with pytest.raises(TransportError, match="no phone R58N000TEST on USB"):
        open_usb("R58N000TEST", key)


def test_libusb_comes_with_the_agent() -> None:
    """No system library is needed: what is loaded lies beside the agent's own packages."""
    look = "import agent.transport.usb; print(open('/proc/self/maps').read())"
    maps = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout
    assert {Path(word).parent.name for word in maps.split() if "libusb" in word} == {"libusb_package"}


def test_two_phones_on_cables_are_scanned_without_a_server_and_it_is_said(
    bus: Bus, data: Path, make_phone: MakePhone
) -> None:
    notes: list[Message] = []
    one = make_phone({"dumpsys-one.txt": b"uno\n" * 50_000}, answers={"dumpsys slow": Reply(hang="forever")})
    bus.plug(Cable("R58N000TEST", one.port, 1))
    bus.plug(Cable("ZY22TEST", make_phone().port, 2))
    found = find(data, on_note=notes.append)
    assert [(each.serial, each.way) for each in found] == [("R58N000TEST", "usb"), ("ZY22TEST", "usb")]
    assert list(map(str, notes)) == ["Directly over USB, since no adb server holds them: R58N000TEST, ZY22TEST"]

    opened = found[0].open()
    wanted = [
        command("dumpsys one", limit_bytes=400_000), command("dumpsys slow", timeout_s=1), command("echo x >&2")
    ]  # fmt: skip
    capture = capture_phone(opened, wanted)
    assert (capture.broken, capture.serial) == (None, "R58N000TEST")
    assert capture.text("dumpsys one") == "uno\n" * 50_000
    assert capture.answers["dumpsys slow"].outcome is Outcome.TIMED_OUT
    assert capture.text("echo x >&2") == "x\n"
    assert b"".join(opened.stream("printf 'a\\0\\377'", idle_timeout_s=10)) == b"a\0\xff"
    opened.close()


def test_a_phone_that_is_pulled_out_in_the_middle(bus: Bus, data: Path, make_phone: MakePhone) -> None:
    cable = bus.plug(Cable("R58N000TEST", make_phone().port))
    (found,) = find(data, usb=True)
    stream = found.open().stream("echo first; sleep 1000", idle_timeout_s=60)
    assert next(stream) == b"first\n"
    Thread(target=bus.unplug, args=(cable,)).start()
    with pytest.raises(TransportError, match="the phone went away; connect it again"):
        next(stream)
    with pytest.raises(TransportError, match="no phone R58N000TEST on USB"):
        found.open()


def test_a_phone_that_stops_answering_on_its_cable(bus: Bus, data: Path, make_phone: MakePhone) -> None:
    bus.plug(Cable("R58N000TEST", make_phone().port))
    with pytest.raises(TransportError, match="stopped answering for 1 seconds"):
        list(find(data, usb=True)[0].open().stream("sleep 1000", idle_timeout_s=1))


def test_a_phone_that_has_not_accepted_this_computer(bus: Bus, data: Path, make_phone: MakePhone) -> None:
    asked: list[str] = []
    bus.plug(Cable("R58N000TEST", make_phone(authorise="never").port))
    (found,) = find(data, usb=True, accept_s=0.5, on_ask=asked.append)
    with pytest.raises(TransportError, match="Always allow from this computer"):
        found.open()
    assert asked == ["R58N000TEST"]


def test_what_the_running_server_holds_is_read_through_it_and_that_is_said(
    bus: Bus, data: Path, adb: Adb, make_phone: MakePhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(adb.port))
    phone, notes = make_phone(), list[Message]()
    adb.connect(phone)
    cable = bus.plug(Cable(phone.address, phone.port))
    cable.refuses_the_interface = usb1.USBErrorBusy()
    (chosen,) = find(data, on_note=notes.append)
    assert chosen.way == "adb-server"
    (wished,) = find(data, usb=True, on_note=notes.append)
    assert wished.way == "usb"
    for each in (chosen, wished):
        opened = each.open()
        assert list(opened.stream("echo here", idle_timeout_s=10)) == [b"here\n"]
        opened.close()
    assert list(map(str, notes)) == [
        f"Through the adb server that runs here and holds their USB: {phone.address}",
        f"{phone.address}: the adb server that runs here holds its USB, so it is read through that server",
    ]


def test_what_another_program_holds(bus: Bus, data: Path, make_phone: MakePhone) -> None:
    bus.plug(Cable("R58N000TEST", make_phone().port)).refuses_the_interface = usb1.USBErrorBusy()
    with pytest.raises(TransportError, match="another program holds R58N000TEST, most likely an adb server"):
        find(data, usb=True)[0].open()


def test_a_phone_that_this_user_may_not_use_is_called_by_its_port(bus: Bus, data: Path) -> None:
    bus.plug(Cable("R58N000TEST", free_port(), 4)).refuses_to_open = usb1.USBErrorAccess()
    (found,) = find(data, usb=True)
    assert found.serial == "usb:1-2.4"
    with pytest.raises(TransportError, match=r"may not use usb:1-2\.4 over USB; allow it with a udev rule"):
        found.open()


@pytest.mark.parametrize("has_hotplug", [True, False])
def test_plugs_are_told_by_libusb_or_seen_by_looking(
    bus: Bus, data: Path, monkeypatch: pytest.MonkeyPatch, *, has_hotplug: bool
) -> None:
    monkeypatch.setattr(usb1, "hasCapability", lambda _: has_hotplug)
    stop, seen = Event(), list[list[str]]()
    changes = usb_changes(stop)
    cable = Cable("R58N000TEST", free_port())
    for change in (lambda: None, lambda: bus.plug(cable), lambda: bus.unplug(cable), lambda: bus.plug(cable)):
        if change is not None and seen:
            Thread(target=change).start()
        while True:
            next(changes)
            now = [each.serial for each in find(data, usb=True)]
            if not seen or now != seen[-1]:
                break
        seen.append(now)
    assert seen == [[], ["R58N000TEST"], [], ["R58N000TEST"]]
    stop.set()
    assert list(changes) in ([], [None])


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (usb1.USBErrorBusy(), "most likely an adb server; scan with --adb-server"),
        (usb1.USBErrorAccess(), "udev rule"),
        (usb1.USBErrorNoDevice(), "went away"),
        (usb1.USBErrorIO(), "cannot be used over USB"),
    ],
)
def test_says_what_libusbs_refusal_means(error: Exception, sentence: str) -> None:
    said = str(trouble("R58N000TEST", error))
    assert sentence in said
    assert "R58N000TEST" in said
