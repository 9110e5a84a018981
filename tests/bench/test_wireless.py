"""A bench notices paired phones that announce themselves, also one that is paired while it watches."""

from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from threading import Event

import pytest

from agent.bench.presence import Presence, There
from agent.simulator import SimulatedPhone
from agent.transport.keys import workstation_key
from agent.transport.paired import Paired, PairedPhones
from tests.simulator.conftest import make_phone
from tests.transport.strangers import free_port

__all__ = ["make_phone"]
MakePhone = Callable[..., SimulatedPhone]


def test_phones_come_when_they_are_paired_and_go_with_their_announcement(
    tmp_path: Path, make_phone: MakePhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(free_port()))
    known = workstation_key(tmp_path).GetPublicKey()
    one, two = (make_phone(serial=serial, keys=(known,), wireless=True) for serial in ("BENCH1", "BENCH2"))
    guids = [phone.wireless.guid for phone in (one, two) if phone.wireless is not None]
    told: SimpleQueue[There] = SimpleQueue()
    stop = Event()
    presence = Presence(tmp_path, lambda _, there: told.put(there), lambda _: False, lambda _: None, stop)
    presence.start(tcp=(), usb=False, adb_server=False, wifi=True)
    try:
        PairedPhones(tmp_path).remember(Paired(guids[0]))
        there = told.get(timeout=60)
        assert set(there) == {"BENCH1"}
        opened = there["BENCH1"].found.open()
        assert list(opened.stream("echo here", idle_timeout_s=10)) == [b"here\n"]
        opened.close()
        PairedPhones(tmp_path).remember(Paired(guids[1]))
        until(told, {"BENCH1", "BENCH2"})
        one.stop()
        until(told, {"BENCH2"})
    finally:
        stop.set()


def until(told: "SimpleQueue[There]", serials: set[str]) -> None:
    """Wait to be told of just these; announcements arrive one by one."""
    while set(told.get(timeout=60)) != serials:
        pass
