from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.capture.model import Source
from agent.probes import clock, properties
from tests.probes.phone import AT, facts_of, phone, reason_of, run, values_of

DATE = clock.COMMAND.key
BOGOTA = ZoneInfo("America/Bogota")


def said(at: datetime) -> str:
    return f"{int(at.timestamp())} -0500\n"


@pytest.mark.parametrize(
    ("behind", "skew"),
    [(timedelta(), 0), (timedelta(seconds=2), 0), (timedelta(hours=1), 3600), (timedelta(days=-400), -34560000)],
)
def test_compares_the_two_clocks(behind: timedelta, skew: int) -> None:
    assert values_of(clock, phone({DATE: said(AT + behind)})) == {
        "device.clock_at": (AT + behind).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "device.clock_skew_seconds": skew,
    }


@pytest.mark.parametrize(
    ("source", "answers", "expected"),
    [
        ("bugreport", {}, "2026-05-04T15:30:00Z"),
        (
            "capture",
            {"dumpsys alarm": "  nowRTC=1777850000123=2026-05-03 18:13:20.123 nowELAPSED=+1h\n"},
            "2026-05-03T23:13:20Z",
        ),
        ("capture", {"dumpsys alarm": "Current Alarm Manager state:\n"}, "unknown"),
    ],
)
def test_a_dump_has_one_clock(source: Source, answers: dict[str, str], expected: str) -> None:
    assert values_of(clock, phone(answers, source=source)) == {
        "device.clock_at": expected,
        "device.clock_skew_seconds": "unknown",
    }


@pytest.mark.parametrize("answer", ["Mon May  4\n", "1777850000 -0500\nmore\n", "177785000000000\n"])
def test_what_is_no_time_is_quoted(answer: str) -> None:
    facts = facts_of(clock, phone({DATE: answer}))
    assert reason_of(facts["device.clock_at"]).startswith("`date +%s` printed no time: ")


def test_asks_for_seconds_and_zone(tmp_path: Path) -> None:
    assert values_of(clock, phone({DATE: run(clock.COMMAND, tmp_path, {})}))["device.clock_at"] != "unknown"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-05-01 12:00:01", datetime(2026, 5, 1, 17, 0, 1, tzinfo=UTC)),
        ("٢٠٢٦-٠٥-٠١ ١٢:٠٠:٠١", datetime(2026, 5, 1, 17, 0, 1, tzinfo=UTC)),
        ("۲۰۲۶-۰۵-۰۱ ۱۲:۰۰:۰۱", datetime(2026, 5, 1, 17, 0, 1, tzinfo=UTC)),
        ("2569-05-01 12:00:01", None),  # the years of Buddha
        ("1405-02-11 12:00:01", None),  # the Persian calendar
        ("2026-02-30 12:00:01", None),
        ("2026-05-01 25:00:01", None),
        ("²026-05-01 12:00:01", None),
        ("yesterday", None),
    ],
)
def test_reads_local_times_in_any_digits(text: str, at: datetime | None) -> None:
    assert clock.local(text, BOGOTA) == at
    assert clock.local(text, None) is None


@given(seconds=st.integers(86400 * 365, 86400 * 365 * 229), zero=st.sampled_from("0٠۰०๐"))
def test_local_times_come_back(seconds: int, zero: str) -> None:
    zone = ZoneInfo("Asia/Kolkata")  # no hour there was ever lived through twice since 1971
    at = datetime.fromtimestamp(seconds, zone)
    text = at.strftime("%Y-%m-%d %H:%M:%S").translate({ord("0") + n: chr(ord(zero) + n) for n in range(10)})
    assert clock.local(text, zone) == at


@pytest.mark.parametrize(
    ("name", "expected"),
    [("America/Bogota", BOGOTA), ("", None), ("Atlantis/Capital", None), ("../../etc/passwd", None), ("/etc", None)],
)
def test_a_zone_that_is_not_known_gives_none(name: str, expected: Any) -> None:
    assert clock.zone(phone({properties.COMMAND.key: f"[persist.sys.timezone]: [{name}]\n"})) == expected
    assert clock.zone(phone({})) is None
