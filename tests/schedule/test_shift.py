"""One night's work against simulated phones: once each, wherever they are, and why not."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from agent.messages import Message, PostureError
from agent.report.signature import AgentKey, verify
from agent.simulator import SimulatedPhone
from tests.delivery.test_send import Server, serve
from tests.e2e.conftest import adb, free_port
from tests.schedule.conftest import EVENING, NOBODY, WINDOW, Bench, scans

__all__ = ["adb", "serve"]

MakeBench = Callable[..., Bench]
MakePhone = Callable[..., SimulatedPhone]


def test_a_phone_is_scanned_once_a_night_and_its_report_is_in_the_outbox_first(
    bench: MakeBench, make_phone: MakePhone
) -> None:
    phone = make_phone("A1")
    night = bench(phones=[{"serial": "A1", "address": phone.address, "name": "Reception"}])
    assert night.work() is None
    night.later(hours=2)
    assert night.work() is None
    assert scans(phone) == 1
    assert night.states() == {"A1": ("scanned", 1)}
    assert night.waiting() == ["A1"]
    assert night.told == [
        "A1: Not proved",
        f"Kept in the outbox: 1; the collector {NOBODY} does not answer (Connection refused).",
    ]
    night.later(hours=22)
    night.work()
    assert scans(phone) == 2


def test_the_report_is_signed_and_delivered(
    bench: MakeBench, make_phone: MakePhone, serve: Callable[..., Server]
) -> None:
    server = serve(201)
    phone = make_phone("A1")
    night = bench(phones=[{"serial": "A1", "address": phone.address}])
    shift = night.shift
    shift = type(shift)(shift.plan, shift.data, shift.judge, server.url, shift.tell, shift.now)
    shift.work(night.window, night.night)
    assert night.waiting() == []
    ((_, _, signed),) = server.seen
    key = AgentKey.open(night.data.agent_key)
    report = json.loads(verify(signed, {key.id: key.public_jwk}.get)[1])
    (line,) = night.summary().phones
    assert (report["device"]["serial"], report["report_id"], report["verdict"]) == ("A1", line.report_id, line.verdict)
    assert report["agent"]["workstation"]["phone_reach"] == "this-computer"


def test_a_phone_is_known_by_its_number_at_whatever_address(bench: MakeBench, make_phone: MakePhone) -> None:
    one, other = make_phone("A1"), make_phone("B2")
    # Addresses that were given out anew since: each stands where the other is expected.
    phones = [{"serial": "A1", "address": other.address}, {"serial": "B2", "address": one.address}]
    night = bench(phones=phones)
    assert night.work() is None
    assert (scans(one), scans(other)) == (1, 1)
    assert night.states() == {"A1": ("scanned", 1), "B2": ("scanned", 1)}
    assert night.waiting() == ["A1", "B2"]


def test_a_phone_is_looked_for_where_it_was_last_seen(bench: MakeBench, make_phone: MakePhone) -> None:
    phone = make_phone("A1")
    bench(phones=[{"serial": "A1"}], addresses=[phone.address]).work()
    next_night = bench(phones=[{"serial": "A1"}])
    next_night.later(days=1)
    assert next_night.work() is None
    assert scans(phone) == 2


def test_any_phone_may_be_at_an_address_of_the_plan(bench: MakeBench, make_phone: MakePhone) -> None:
    phones = [make_phone(serial) for serial in ("A1", "B2", "C3")]
    gone = f"127.0.0.1:{free_port()}"
    night = bench(
        phones=[{"serial": serial} for serial in ("A1", "B2", "D4")],
        addresses=[*(phone.address for phone in phones), gone],
    )
    assert night.work() == EVENING + timedelta(minutes=2)
    assert night.states() == {"A1": ("scanned", 1), "B2": ("scanned", 1), "D4": ("waiting", 1)}
    assert night.waiting() == ["A1", "B2"]  # C3 is nobody of the plan
    assert night.reason("D4") == (
        "D4 was found at none of the addresses where it may be; of one of them is known: "
        f"{gone} refuses the connection; turn on debugging over the network on the phone"
    )
    night.later(minutes=2)
    night.work()
    assert [scans(phone) for phone in phones[:2]] == [1, 1]  # where others were scanned is not looked at again


def test_another_phone_at_the_address_is_told_and_not_reported(bench: MakeBench, make_phone: MakePhone) -> None:
    phone = make_phone("STRANGER")
    night = bench(phones=[{"serial": "A1", "address": phone.address}])
    night.work()
    assert night.reason("A1") == f"at {phone.address} stood another phone, with the serial number STRANGER"
    assert night.waiting() == []


def test_a_phone_known_by_its_address_alone(bench: MakeBench, make_phone: MakePhone) -> None:
    phone = make_phone("A1")
    night = bench(phones=[{"address": phone.address}])
    assert night.work() is None
    assert night.states() == {phone.address: ("scanned", 1)}
    assert night.waiting() == ["A1"]


def test_a_failure_is_tried_again_later_and_later_until_the_window_closes(
    bench: MakeBench, make_phone: MakePhone
) -> None:
    phone = make_phone("A1", authorise="never")
    night = bench(
        phones=[{"serial": "A1", "address": phone.address}], retry={"first": {"hours": 1}, "longest": {"hours": 3}}
    )
    assert night.work() == EVENING + timedelta(hours=1)
    night.later(minutes=59)
    assert night.work() == EVENING + timedelta(hours=1)  # not yet
    assert night.states() == {"A1": ("waiting", 1)}
    night.later(minutes=1)
    assert night.work() == EVENING + timedelta(hours=3)
    night.later(hours=2)
    assert night.work() == EVENING + timedelta(hours=6)
    night.later(hours=3)
    assert night.work() is None  # three hours more would be 07:00
    assert night.states() == {"A1": ("waiting", 4)}
    assert "has not accepted this computer" in night.reason("A1")
    night.later(hours=1)
    assert night.states() == {"A1": ("not_scanned", 4)}
    assert night.waiting() == []


def test_a_phone_that_goes_away_half_way_is_reported_and_tried_again(bench: MakeBench, make_phone: MakePhone) -> None:
    dying = make_phone("A1", drop_after_bytes=3000)
    night = bench(phones=[{"serial": "A1", "address": dying.address}])
    assert night.work() == EVENING + timedelta(minutes=2)
    dying.stop()
    assert night.states() in ({"A1": ("partly", 1)}, {"A1": ("waiting", 1)})  # whether it had said who it is by then
    make_phone("A1", dying.port)
    night.later(minutes=2)
    assert night.work() is None
    assert night.states() == {"A1": ("scanned", 2)}


def test_who_insists_need_not_wait(bench: MakeBench, make_phone: MakePhone) -> None:
    address = f"127.0.0.1:{free_port()}"
    night = bench(phones=[{"serial": "A1", "address": address}])
    night.work()
    night.work(insist=True)
    assert night.states() == {"A1": ("waiting", 2)}


def test_a_policy_broken_by_day_is_the_reason_of_all(bench: MakeBench, make_phone: MakePhone) -> None:
    phone = make_phone("A1")
    night = bench(phones=[{"serial": "A1", "address": phone.address}])

    def broken() -> None:
        raise PostureError(Message("policy.yaml:3:1: not a policy"))

    night.judge = broken  # type: ignore[assignment]
    assert night.work() == EVENING + timedelta(minutes=2)
    assert scans(phone) == 0
    assert night.reason("A1") == "policy.yaml:3:1: not a policy"


def test_a_full_disk_costs_the_report_only_where_the_collector_is_gone_too(
    bench: MakeBench, make_phone: MakePhone
) -> None:
    phone = make_phone("A1")
    night = bench(phones=[{"serial": "A1", "address": phone.address}])
    night.data.outbox.mkdir()  # an outbox that cannot be opened
    with pytest.raises(PostureError):  # delivery says so, too
        night.work()
    assert night.states() == {"A1": ("waiting", 1)}
    assert night.reason("A1").startswith(f"the outbox {night.data.outbox} cannot be used: ")
    assert NOBODY in night.reason("A1")


def test_phones_behind_a_real_adb_server(
    bench: MakeBench, make_phone: MakePhone, adb: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", adb.port)  # type: ignore[attr-defined]
    one, other, locked = make_phone("A1"), make_phone("B2"), make_phone("D4", authorise="never")
    for phone in (one, other, locked):
        adb("connect", phone.address)
    night = bench(phones=[{"serial": "A1"}, {"serial": "C3"}], connected=True)
    assert night.work() == EVENING + timedelta(minutes=2)
    assert night.states() == {"A1": ("scanned", 1), "C3": ("waiting", 1)}
    assert night.waiting() == ["A1"]

    everybody = bench(unlisted="scan", connected=True, windows=[{**WINDOW, "name": "all"}])
    assert everybody.work() == EVENING + timedelta(minutes=30)  # somebody may plug in another phone
    everybody.later(minutes=1)
    everybody.work()
    assert everybody.states() == {"A1": ("scanned", 1), "B2": ("scanned", 1), locked.address: ("waiting", 1)}
    assert "has not accepted this computer" in everybody.reason(locked.address)
    assert everybody.waiting() == ["A1", "A1", "B2"]
    everybody.later(minutes=1)
    everybody.work()
    assert everybody.states()[locked.address] == ("waiting", 2)


def test_nobody_is_found_without_a_cable_or_an_address(bench: MakeBench, tmp_path: Path) -> None:
    night = bench(phones=[{"serial": "A1"}])
    night.work()
    assert night.reason("A1") == (
        "A1 is not connected, and no address is known where it may be; plug it in, or write its address into "
        "schedule.yaml"
    )
