"""When the phone was last reset to factory state, as far as it proves that.

1. `dumpsys lock_settings`, API 34 to 36: user 0 without a lock and `previous protector: 0…` never had one, so `LSKF
   last changed` is the first start after the reset (LockSettingsService.initializeSyntheticPassword) or after an
   update from Android 13 or older. `ro.product.first_api_level` of 34 or more excludes the update.
2. `dumpsys usagestats database-info`, API 29 to 36: the oldest yearly file's name is the first unlock after the
   reset (UsageStatsDatabase.dump); a restored backup can bring older ones, so it never stands alone.
3. `dumpsys account`, where it was asked: the first row of an account history that was never overwritten (64 rows,
   AccountsDb) is later than the reset.
Known is the first with the update excluded, or the first two when they agree; a contradiction makes it unknown.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from agent.capture import Capture, Command, Unanswered
from agent.facts import Evidence, Fact, instant, known, unknown
from agent.messages import Message
from agent.probes import ProbeError, clock, lock_settings, properties

USAGE = Command(
    "dumpsys usagestats database-info",
    Message("since when the phone counts the use of apps: a factory reset starts that anew"),
    script="dumpsys usagestats database-info"
    r""" | sed -n -E -e '/stats files: [0-9]/p' -e '/^ *[0-9]{12,14}(="[^"]*")? *$/p' -e '/DUMP TIMEOUT/p'""",
)
COMMANDS = (lock_settings.COMMAND, USAGE, properties.COMMAND)
FACTS = ("handover.reset_at",)

ACCOUNTS = "dumpsys account"
_AGREE = timedelta(hours=24)

_YEARLY = re.compile(
    r"^\s*yearly stats files: \d+[^\n]*\n(?P<files>(?:\s+\d{12,14}(?:=\"[^\"\n]*\")? *(?:\n|\Z))*)", re.M
)
_FILE = re.compile(r"\s*(\d{12,14})")
_ROW = re.compile(r"-?\d+,action_\w+,(?P<at>\S+ \S+),-?\d+,\w*,(?P<key>\d{1,4})")


@dataclass(frozen=True, slots=True)
class Clue:
    """One source's word on the reset."""

    at: datetime
    evidence: Evidence


def probe(capture: Capture) -> Iterator[Fact]:
    """Weigh the sources."""
    lock, used = first_start(capture), first_use(capture)
    yield _weigh(capture, lock, used)


def _weigh(capture: Capture, lock: Clue, used: Clue | None) -> Fact:
    name = FACTS[0]
    evidence = [clue.evidence for clue in (lock, used) if clue]
    later = [clue for clue in (used, _first_account(capture)) if clue]
    for clue in later:
        if clue.at < lock.at - _AGREE:
            return unknown(
                name,
                Message(
                    "`{source}` knows of the phone's use before the time that `{command}` gives for the reset; "
                    "reset the phone and hand it over without setting it up",
                    {"source": clue.evidence.source, "command": lock_settings.COMMAND.key},
                ),
                lock.evidence,
                clue.evidence,
            )
    born = _first_api(capture)
    if born is not None:
        return known(name, instant(lock.at), lock.evidence, born)
    if used is not None and abs(used.at - lock.at) <= _AGREE:
        return known(name, instant(lock.at), *evidence)
    return unknown(
        name,
        Message(
            "no lock was set since {at}, which is the reset or an update to Android 14, and no second source agrees; "
            "reset the phone and scan it again",
            {"at": instant(lock.at)},
        ),
        *evidence,
    )


def first_start(capture: Capture) -> Clue:
    """Return the first start that lock_settings tells of; raise Unanswered or ProbeError, with what it says instead."""
    lock = lock_settings.read(capture).get(0)
    if lock is None or lock.has_lock is None:
        raise ProbeError(
            Message("`{command}` says nothing sure of the owner", {"command": lock_settings.COMMAND.key}),
        )
    if lock.has_lock:
        raise ProbeError(
            Message("a lock is set, and that hides the reset's time; reset the phone and scan it before it has a lock")
        )
    if lock.previous is None or lock.kind != "none":
        raise ProbeError(
            Message(
                "this phone does not print since when it has had no lock (Android does from version 14 on); "
                "note the reset's time by hand"
            )
        )
    if int(lock.previous, 16) or not lock.handle or not int(lock.handle, 16):
        raise ProbeError(
            Message(
                "a lock was set and removed since the last reset, and that hides its time; "
                "reset the phone and scan it again"
            )
        )
    at = clock.local(lock.changed or "", clock.zone(capture))
    if at is None:
        raise ProbeError(Message("the phone's time zone is not known, so its local times are not sure"))
    if not datetime(2023, 10, 1, tzinfo=UTC) <= at <= clock.now(capture)[0] + _AGREE:
        raise ProbeError(
            Message(
                "the phone's clock was wrong at its first start ({at}), so that proves nothing", {"at": instant(at)}
            )
        )
    line = f"User 0: LSKF last changed: {lock.changed} (previous protector: {lock.previous}), CredentialType: NONE"
    return Clue(at, Evidence.of(lock_settings.COMMAND.key, line))


def first_use(capture: Capture) -> Clue | None:
    """Return the begin of the oldest yearly file of usage statistics, or None."""
    for source in (USAGE.key, "dumpsys usagestats"):
        try:
            text = capture.text(source)
        except Unanswered:
            continue
        begins = [int(begin) for block in _YEARLY.finditer(text) for begin in _FILE.findall(block["files"])]
        if begins:
            at = datetime.fromtimestamp(min(begins) // 1000, UTC)
            return Clue(at, Evidence(source, f"oldest of the yearly stats files: {min(begins)}"))
    return None


def _first_account(capture: Capture) -> Clue | None:
    """Return the earliest row of an account history, whole or not: each is later than the reset."""
    try:
        text = capture.text(ACCOUNTS)
    except Unanswered:
        return None
    zone = clock.zone(capture)
    rows = [(at, row[0]) for row in _ROW.finditer(text) if (at := clock.local(row["at"], zone))]
    if not rows:
        return None
    at, _ = min(rows)
    return Clue(at, Evidence(ACCOUNTS, f"Accounts History, earliest row: {instant(at)}"))


def _first_api(capture: Capture) -> Evidence | None:
    """Return evidence that the phone was sold with Android 14 or later, or None."""
    name = "ro.product.first_api_level"
    try:
        level = properties.read(capture).get(name, "")
    except Unanswered:
        return None
    if level.isascii() and level.isdecimal() and 34 <= int(level[:4]) < 10_000:
        return Evidence.of(properties.COMMAND.key, f"[{name}]: [{level}]")
    return None
