"""The phone's clock against the workstation's, and the phone's own way of writing local times.

`date +%s` (toybox on API 26 to 36) runs in the same stream as everything else, so it belongs to the capture's
`captured_at`, give or take the capture's duration. In a bugreport or a folder of dumps there is no second clock:
the skew is unknown, and the phone's time is the dump's own (dumpstate's header; `nowRTC=` in `dumpsys alarm`).
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from agent.capture import Capture, Command, Unanswered
from agent.facts import Evidence, Fact, instant, known, unknown
from agent.messages import Message
from agent.probes import ProbeError, properties
from agent.probes.proof import proved

COMMAND = Command("date +%s", Message("the phone's clock, to judge ages by"), script="date '+%s %z'")
COMMANDS = (COMMAND, properties.COMMAND)
FACTS = ("device.clock_at", "device.clock_skew_seconds")
PROOF = {
    "device.clock_at": (proved(),),
    "device.clock_skew_seconds": (proved(limit="of a live phone alone: in a saved file there is no second clock"),),
}
BY_HAND = Message("compare the phone's clock with a right one")

_ALARM = "dumpsys alarm"  # read where another probe asked for it
_SECONDS = re.compile(r"(\d{9,11})(?: [+-]\d{4})?")
_NOW_RTC = re.compile(r"^\s*nowRTC=(\d{12,14})\b", re.MULTILINE)
_LOCAL = re.compile(r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)")
ZONE = "persist.sys.timezone"


def probe(capture: Capture) -> Iterator[Fact]:
    """Read both clocks once."""
    at, evidence = now(capture)
    yield known(FACTS[0], instant(at), evidence)
    yield _skew(capture, at, evidence)


def now(capture: Capture) -> tuple[datetime, Evidence]:
    """Return the phone's time at the capture, aware UTC, and where it stands; raise Unanswered without one."""
    try:
        return _asked(capture)
    except Unanswered:
        if capture.source == "bugreport":
            return capture.captured_at, Evidence("bugreport", instant(capture.captured_at))
        alarm = capture.answer(_ALARM)
        found = _NOW_RTC.search(alarm.text) if alarm else None
        if found is None:
            raise
        return _epoch(int(found[1]) // 1000), Evidence.of(_ALARM, found[0])


def _asked(capture: Capture) -> tuple[datetime, Evidence]:
    text = capture.text(COMMAND)
    found = _SECONDS.fullmatch(text.strip())
    if found is None:
        raise ProbeError(
            Message("`{command}` printed no time: {line}", {"command": COMMAND.key, "line": Evidence.of("", text).line})
        )
    return _epoch(int(found[1])), Evidence.of(COMMAND.key, text)


def _epoch(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _skew(capture: Capture, at: datetime, evidence: Evidence) -> Fact:
    if evidence.source != COMMAND.key or (capture.source == "capture" and not capture.duration_ms):
        return unknown(
            FACTS[1],
            Message("a dump holds the phone's clock alone and no other to compare it with; scan the phone itself"),
            evidence,
        )
    skew = at - capture.captured_at
    # The answer came at some moment of the capture; less than its duration is no skew.
    bound = timedelta(milliseconds=capture.duration_ms) + timedelta(seconds=1)
    seconds = 0 if abs(skew) <= bound else round(skew.total_seconds())
    return known(FACTS[1], seconds, evidence, Evidence("workstation", instant(capture.captured_at)))


def zone(capture: Capture) -> ZoneInfo | None:
    """Return the phone's time zone, or None where it is not told or not known here: then no local time is sure."""
    try:
        name = properties.read(capture).get(ZONE, "")
        return ZoneInfo(name) if name else None
    except (Unanswered, KeyError, ValueError, OSError):  # ZoneInfo raises each of the last three
        return None


def local(text: str, phone_zone: ZoneInfo | None) -> datetime | None:
    """Read `yyyy-MM-dd HH:mm:ss` as Android prints it: the phone's zone, its locale's digits (Arabic, Persian, …).

    Returns aware UTC, or None when the zone is None, the text has another form, or the year shows another calendar.
    """
    found = _LOCAL.fullmatch(text.strip())
    if found is None or phone_zone is None:
        return None
    year, month, day, hour, minute, second = (_number(digits) for digits in found.groups())
    if not 1970 <= year < 2200:
        return None
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=phone_zone).astimezone(UTC)
    except ValueError:
        return None


def _number(digits: str) -> int:
    value = 0
    for digit in digits:
        value = value * 10 + unicodedata.decimal(digit)
    return value
