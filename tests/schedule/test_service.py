"""The scheduler that stays: what was missed is made good once and in its window only, and nothing is forgotten.

APScheduler's clock is the computer's: each test builds its window around now, in a zone where now is about noon.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.schedule import Journal, Service
from agent.schedule.service import WindowTrigger
from agent.simulator import SimulatedPhone
from tests.e2e.conftest import free_port
from tests.schedule.conftest import Bench, scans

MakeBench = Callable[..., Bench]
MakePhone = Callable[..., SimulatedPhone]

JOB = "window now"


def around_now(opened_h: float, closes_h: float) -> dict[str, Any]:
    """A daily window that opened so many hours ago and closes in so many; negative: opens later, closed before."""
    now = datetime.now(UTC)
    local = now + timedelta(hours=12 - now.hour)
    # "Etc/GMT+5" is five hours behind UTC.
    zone = f"Etc/GMT{now.hour - 12:+d}"
    from_, to = local - timedelta(hours=opened_h), local + timedelta(hours=closes_h)
    return {"name": "now", "zone": zone, "jitter": {"minutes": 0}, "from": f"{from_:%H:%M}", "to": f"{to:%H:%M}"}


class Live(Bench):
    """A bench on the computer's own clock."""

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    @now.setter
    def now(self, _: datetime) -> None:
        pass


@pytest.fixture
def live(bench: MakeBench) -> Callable[..., Live]:
    def make(**plan: Any) -> Live:
        made = bench(**plan)
        return Live(made.data, made.plan)

    return make


def run_until(live: Live, told: str) -> None:
    """Run the service until it tells of something, then end it as Ctrl-C does."""

    def end(event: str) -> None:
        if told in event:
            raise KeyboardInterrupt

    live.tell = end
    with pytest.raises(KeyboardInterrupt):
        Service(live.shift).run()


def due(live: Live) -> datetime:
    known = Journal(live.data.schedule).due(JOB)
    assert known is not None
    return datetime.fromisoformat(known[1])


def remember(live: Live, at: datetime) -> None:
    Journal(live.data.schedule).remember_due(JOB, str(WindowTrigger(live.window, timedelta(minutes=2))), at)


def test_a_scheduler_set_up_in_the_middle_of_a_night_begins_at_once(
    live: Callable[..., Live], make_phone: MakePhone
) -> None:
    phone = make_phone("A1")
    night = live(phones=[{"serial": "A1", "address": phone.address}], windows=[around_now(2, 2)])
    run_until(night, "Kept in the outbox")
    assert night.states() == {"A1": ("scanned", 1)}
    assert night.waiting() == ["A1"]


def test_nights_that_were_slept_through_are_made_good_once(live: Callable[..., Live], make_phone: MakePhone) -> None:
    phone = make_phone("A1")
    night = live(phones=[{"serial": "A1", "address": phone.address}], windows=[around_now(2, 2)])
    remember(night, datetime.now(UTC) - timedelta(days=10, hours=2))
    with Service(night.shift) as service:
        assert service.step(wait_s=60)
        assert not service.step(wait_s=0)
    assert night.states() == {"A1": ("scanned", 1)}
    assert timedelta(hours=21) < due(night) - datetime.now(UTC) < timedelta(hours=23)


def test_a_scheduler_that_died_in_the_middle_goes_on_where_it_was(
    live: Callable[..., Live], make_phone: MakePhone
) -> None:
    phone, port = make_phone("A1"), free_port()
    addresses = [phone.address, f"127.0.0.1:{port}"]
    night = live(
        phones=[{"serial": "A1", "address": addresses[0]}, {"serial": "B2", "address": addresses[1]}],
        windows=[around_now(2, 2)],
        retry={"first": {"seconds": 1}},
        side_by_side=1,
    )
    run_until(night, "A1: Not proved")
    assert {phone: state for phone, (state, _) in night.states().items()} == {"A1": "scanned", "B2": "waiting"}
    other = make_phone("B2", port)
    with Service(night.shift) as service:
        assert service.step(wait_s=60)
    assert (scans(phone), scans(other)) == (1, 1)
    assert night.waiting() == ["A1", "B2"]


def test_what_was_due_while_the_window_was_open_is_not_done_once_it_is_shut(
    live: Callable[..., Live], make_phone: MakePhone
) -> None:
    phone = make_phone("A1")
    night = live(phones=[{"serial": "A1", "address": phone.address}], windows=[around_now(2, -1)])
    remember(night, datetime.now(UTC) - timedelta(hours=2))
    with Service(night.shift) as service:
        assert service.step(wait_s=60)
        assert not service.step(wait_s=0)
    assert scans(phone) == 0
    assert night.states() == {"A1": ("not_scanned", 0)}
    assert night.reason("A1").startswith("no scheduler worked in this window: the computer was off or asleep")
    assert timedelta(hours=21) < due(night) - datetime.now(UTC) < timedelta(hours=23)


def test_a_scheduler_that_starts_again_keeps_to_the_back_off(live: Callable[..., Live]) -> None:
    address = f"127.0.0.1:{free_port()}"
    night = live(
        phones=[{"serial": "A1", "address": address}], windows=[around_now(2, 2)], retry={"first": {"minutes": 30}}
    )
    with Service(night.shift) as service:
        assert service.step(wait_s=60)
    before = due(night)
    assert timedelta(minutes=25) < before - datetime.now(UTC) <= timedelta(minutes=30)
    with Service(night.shift) as service:
        assert not service.step(wait_s=0)
        assert due(night) == before
    assert night.states() == {"A1": ("waiting", 1)}


def test_a_phone_that_comes_back_is_scanned_in_the_same_night(live: Callable[..., Live], make_phone: MakePhone) -> None:
    port = free_port()
    night = live(
        phones=[{"serial": "A1", "address": f"127.0.0.1:{port}"}],
        windows=[around_now(2, 2)],
        retry={"first": {"seconds": 1}},
    )
    with Service(night.shift) as service:
        assert service.step(wait_s=60)
        make_phone("A1", port)
        while night.states()["A1"][0] != "scanned":
            assert service.step(wait_s=60)
    assert night.waiting() == ["A1"]
    assert due(night) > datetime.now(UTC) + timedelta(hours=21)


def test_another_window_under_the_same_name_is_another_matter(live: Callable[..., Live]) -> None:
    night = live(phones=[{"serial": "A1"}], windows=[around_now(-3, 5)])
    Journal(night.data.schedule).remember_due(JOB, "other hours", datetime.now(UTC) - timedelta(minutes=1))
    with Service(night.shift):
        assert timedelta(hours=2) < due(night) - datetime.now(UTC) <= timedelta(hours=3)


def test_a_window_that_never_opens_again_costs_the_others_nothing(live: Callable[..., Live]) -> None:
    today = datetime.now(UTC).date()
    never = {**around_now(-3, 5), "name": "never", "not_on": [str(today + timedelta(n)) for n in range(-3, 400)]}
    night = live(phones=[{"serial": "A1"}], windows=[around_now(2, 2), never])
    with Service(night.shift) as service:
        assert service.step(wait_s=60)
    assert night.states() == {"A1": ("waiting", 1)}
    assert Journal(night.data.schedule).due("window never") is None


def test_windows_begin_with_jitter_and_never_twice_in_a_night(bench: MakeBench) -> None:
    night = bench(phones=[{"serial": "A1"}], windows=[{"name": "n", "from": "22:00", "to": "05:00", "zone": "UTC"}])
    trigger = WindowTrigger(night.window, timedelta(minutes=2))
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    first = trigger.get_next_fire_time(None, now)
    assert first is not None
    second = trigger.get_next_fire_time(first, now)
    assert second is not None
    opening = datetime(2026, 11, 24, 22, tzinfo=UTC)
    assert opening <= first <= opening + timedelta(minutes=10)
    assert opening + timedelta(days=1) <= second <= opening + timedelta(days=1, minutes=10)
    # While a window is open its night is not over, whatever was due before.
    at_night = opening + timedelta(hours=3)
    for previous in (None, first, at_night):
        assert trigger.get_next_fire_time(previous, at_night) == at_night + timedelta(minutes=2)


def test_a_journal_that_cannot_be_written_ends_no_scheduler(
    live: Callable[..., Live], make_phone: MakePhone, caplog: pytest.LogCaptureFixture
) -> None:
    phone = make_phone("A1")
    night = live(phones=[{"serial": "A1", "address": phone.address}], windows=[around_now(2, 2)])
    night.data.schedule.mkdir()
    with Service(night.shift) as service:
        assert service.step(wait_s=60)
    assert night.told == [f"the journal {night.data.schedule} cannot be used: Is a directory; "
                          "free some disk space or mend the file's permissions"]  # fmt: skip
    assert "cannot be used" in caplog.text
