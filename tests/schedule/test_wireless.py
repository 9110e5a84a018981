"""A phone that was paired once is found at night wherever it announces itself, at a port that is new each time."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.simulator import Reply, SimulatedPhone
from agent.transport.paired import Paired, PairedPhones
from tests.schedule.conftest import Bench, scans
from tests.transport.strangers import free_port

MakeBench = Callable[..., Bench]
MakePhone = Callable[..., SimulatedPhone]


@pytest.fixture
def paired_phone(
    bench: MakeBench, make_phone: MakePhone, adb_key: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., SimulatedPhone]:
    """Start a phone that this workstation is paired with; no adb server runs."""
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(free_port()))

    def make(serial: str, **changes: object) -> SimulatedPhone:
        known = (adb_key / "adbkey.pub").read_bytes()
        phone = make_phone(serial, keys=(known,), wireless=True, **changes)
        assert phone.wireless is not None
        PairedPhones(bench().data.root).remember(Paired(phone.wireless.guid))
        return phone

    return make


def work(night: Bench, done: Callable[[], bool]) -> None:
    """Work, and come back as the plan says: on a busy computer an announcement may come late."""
    for _ in range(10):
        night.work()
        if done():
            return
        night.later(minutes=17)


def test_a_paired_phone_is_scanned_at_its_new_port_in_each_night(
    bench: MakeBench, paired_phone: Callable[..., SimulatedPhone]
) -> None:
    phone = paired_phone("A1")
    night = bench(phones=[{"serial": "A1"}], connected=True)
    work(night, lambda: scans(phone) == 1)
    assert (night.states()["A1"][0], night.waiting(), scans(phone)) == ("scanned", ["A1"], 1)
    phone.stop()
    before, phone.port = phone.port, 0
    phone.start()
    assert phone.port != before
    night.later(days=1)
    phone.stop()
    night.work()
    assert "Wireless debugging on" in night.reason("A1")
    phone.start()
    night.later(minutes=17)
    work(night, lambda: scans(phone) == 1)
    assert (night.states()["A1"][0], night.waiting(), scans(phone)) == ("scanned", ["A1", "A1"], 1)


def test_another_phone_that_announces_its_name_is_not_taken_for_it(
    bench: MakeBench, paired_phone: Callable[..., SimulatedPhone]
) -> None:
    other = Reply(text="[ro.serialno]: [STRANGER]\n[ro.build.version.release]: [14]\n")
    phone = paired_phone("A1", answers={"getprop": other})
    night = bench(phones=[{"serial": "A1"}], connected=True)
    work(night, lambda: scans(phone) > 0)
    assert night.reason("A1") == "at A1 stood another phone, with the serial number STRANGER"
    assert night.waiting() == []
