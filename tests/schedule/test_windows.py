"""When windows open and shut, over midnight, days, dates and clock changes."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.schedule import Night, Window, coming, latest, open_now
from agent.schedule.plan import DAYS


def window(from_: str, to: str, zone: str = "America/Bogota", **more: object) -> Window:
    return Window.model_validate({"name": "night", "from": from_, "to": to, "zone": zone, **more})


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


WEEKNIGHTS = window("22:00", "05:30", days=["mon", "tue", "wed", "thu", "fri"], not_on=["2026-12-25"])


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-24T02:59:59", None),  # Monday 21:59:59 in Bogotá
        ("2026-11-24T03:00:00", "2026-11-24T03:00:00"),
        ("2026-11-24T10:29:59", "2026-11-24T03:00:00"),
        ("2026-11-24T10:30:00", None),
        ("2026-11-28T10:00:00", "2026-11-28T03:00:00"),  # Friday's night lasts into Saturday
        ("2026-11-29T04:00:00", None),  # Saturday
        ("2026-12-26T04:00:00", None),  # the night of 25 December
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_opens(now: str, opens: str | None) -> None:
    night = open_now(WEEKNIGHTS, utc(now))
    assert (night and night.opens_at) == (opens and utc(opens))
    if night is not None:
        assert night == Night("night", night.opens_at, night.opens_at + timedelta(hours=7.5))


@pytest.mark.parametrize(
    ("holidays", "after", "opens"),
    [
        (None, "2026-07-20T12:00:00", "2026-07-21T03:00:00"),
        ("CO", "2026-07-20T12:00:00", "2026-07-22T03:00:00"),  # 20 July, Independence: a Monday
        ("CO", "2026-12-25T12:00:00", "2026-12-27T03:00:00"),
        ("ES-MD", "2026-05-02T12:00:00", "2026-05-04T03:00:00"),  # Madrid's own day
        ("ES", "2026-05-02T12:00:00", "2026-05-03T03:00:00"),
    ],
)
def test_a_window_does_not_open_on_public_holidays(holidays: str | None, after: str, opens: str) -> None:
    night = coming(window("22:00", "05:30", holidays=holidays), utc(after))
    assert night is not None
    assert night.opens_at == utc(opens)


@pytest.mark.parametrize(
    ("day", "from_", "to", "opens", "hours"),
    [
        (date(2026, 3, 7), "22:00", "05:00", "2026-03-08T03:00:00", 6),  # New York leaves 02:00 to 03:00 out
        (date(2026, 3, 8), "02:30", "05:00", "2026-03-08T07:30:00", 1.5),  # 02:30 does not exist: it is 03:30
        (date(2026, 10, 31), "22:00", "05:00", "2026-11-01T02:00:00", 8),  # and has 01:00 to 02:00 twice
    ],
)
def test_clock_changes(day: date, from_: str, to: str, opens: str, hours: float) -> None:
    night = coming(window(from_, to, "America/New_York"), utc(opens) - timedelta(seconds=1))
    assert night == Night("night", utc(opens), utc(opens) + timedelta(hours=hours))


def test_a_window_that_never_opens() -> None:
    never = window(
        "22:00", "23:00", days=["sun"], not_on=[str(date(2026, 1, 4) + timedelta(weeks=n)) for n in range(120)]
    )
    assert coming(never, utc("2026-06-01T00:00:00")) is None
    assert open_now(never, utc("2026-06-01T00:00:00")) is None


TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
ZONES = st.sampled_from(["America/Bogota", "America/New_York", "Europe/Madrid", "Pacific/Apia", "Australia/Lord_Howe"])


@given(
    from_=TIMES,
    to=TIMES,
    days=st.sets(st.sampled_from(DAYS), min_size=1),
    zone=ZONES,
    now=st.integers(1767225600, 1830297600).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),  # 2026, 2027
)
def test_the_three_questions_agree(from_: time, to: time, days: set[str], zone: str, now: datetime) -> None:
    w = Window.model_construct(
        name="night", days=frozenset(days), not_on=frozenset(), holidays=None, from_=from_, to=to, zone=zone
    )
    before, after = latest(w, now), coming(w, now)
    assert before is not None
    assert after is not None
    assert before.opens_at <= now < after.opens_at
    assert open_now(w, now) == (before if now < before.closes_at else None)
    assert latest(w, after.opens_at) == after
    assert coming(w, before.opens_at) == after
