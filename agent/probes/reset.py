"""When the phone was last reset to factory state, as far as it proves that.

1. `dumpsys lock_settings`, API 34 to 36: user 0 without a lock and `previous protector: 0…` never had one, so `LSKF
   last changed` is the first start after the reset (LockSettingsService.initializeSyntheticPassword) or after an
   update from Android 13 or older. `ro.product.first_api_level` of 34 or more excludes the update.
2. `dumpsys usagestats database-info`, API 29 to 36: the oldest yearly file's name is the first unlock after the
   reset (UsageStatsDatabase.dump); a restored backup can bring older ones, so it never stands alone.
3. `dumpsys netstats --full`: the oldest bucket of network traffic, where it is younger than the 90 days that Android
   keeps (NetworkStatsService, API 26 to 36).
4. `dumpsys account`, where it was asked: every row of an account history is later than the reset (AccountsDb).
5. `dumpsys package` of each WhatsApp that did not come with the phone: when it was first installed, for each user.
Known is the first with the update excluded, else two of the first three that agree within a day. A source that knows
of anything earlier makes it unknown.

Where it is not known, traffic, accounts and installations still prove that the phone was not reset since they were
written: none outlives a reset, nor comes back with a backup, as statistics of use do. A clock that was wrong at the
first start writes a day or two too early, then jumps; so the third day with a record counts.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from agent.capture import Capture, Command, Unanswered
from agent.facts import Evidence, Fact, instant, known, unknown
from agent.messages import Message
from agent.probes import ProbeError, accounts, clock, lock_settings, properties, whatsapp_dumps
from agent.probes.proof import hidden, partly

USAGE = Command(
    "dumpsys usagestats database-info",
    Message("since when the phone counts the use of apps: a factory reset starts that anew"),
    script="dumpsys usagestats database-info"
    r""" | sed -n -E -e '/stats files: [0-9]/p' -e '/^ *[0-9]{12,14}(="[^"]*")? *$/p' -e '/DUMP TIMEOUT/p'""",
)
TRAFFIC = Command(
    "dumpsys netstats --full",
    Message("since when the phone counts its network traffic: a factory reset starts that anew"),
    script="dumpsys netstats --full | sed -n -E -e '/^ *(Complete history|History since boot):/p'"
    " -e 's/^ *(st=[0-9]+) .*/\\1/p' -e '1{/:$/!p;}' -e '/DUMP TIMEOUT/p' | sort -u | head -n 300",  # a week or more
    timeout_s=20,
)
INSTALLED = whatsapp_dumps.DUMP
COMMANDS = (lock_settings.COMMAND, USAGE, TRAFFIC, accounts.COMMAND, properties.COMMAND, clock.COMMAND, INSTALLED)
FACTS = ("handover.reset_at", "handover.not_reset_since")
PROOF = {
    FACTS[1]: (partly("where traffic and accounts were written on three days or more, or the reset itself is known"),),
    FACTS[0]: (
        hidden("only the oldest traffic tells of it, and one source alone proves nothing", 8, 9),
        partly("where the oldest statistics of use and the oldest traffic agree, within 90 days", 10, 13),
        partly("also where no lock was set since, on a phone sold with Android 14 or later", 14),
    ),
}
BY_HAND = Message("note the time of the reset when it is done")

ACCOUNTS = accounts.COMMAND.key
_AGREE = timedelta(hours=24)
_DAYS = 3
_NOT_WRITTEN = Message(
    "too little was written on the phone to prove that it was not reset of late; note the time of the reset by hand"
)
_KEPT = timedelta(days=85)

_YEARLY = re.compile(
    r"^\s*yearly stats files: \d+[^\n]*\n(?P<files>(?:\s+\d{12,14}(?:=\"[^\"\n]*\")? *(?:\n|\Z))*)", re.M
)
_BUCKET = re.compile(r"^\s*st=(\d{9,11})\b", re.MULTILINE)
_FILE = re.compile(r"\s*(\d{12,14})")
_ROW = re.compile(r"-?\d+,action_\w+,(?P<at>\S+ \S+),-?\d+,\w*,(?P<key>\d{1,4})")


@dataclass(frozen=True, slots=True)
class Clue:
    """One source's word on the reset."""

    at: datetime
    evidence: Evidence


def probe(capture: Capture) -> Iterator[Fact]:
    """Weigh the sources; without a date, say at least since when there was no reset."""
    why: Message | None = None
    lock: Clue | None = None
    try:
        lock = first_start(capture)
    except Unanswered as error:
        why = error.message
    used, traffic = first_use(capture), first_traffic(capture)
    clues = [clue for clue in (lock, used, traffic, *_account_rows(capture)[:1], *_installs(capture)[:1]) if clue]
    reset = _weigh(clues, lock, _first_api(capture), why)
    yield reset
    yield _not_since(capture) if reset.value is None else known(FACTS[1], reset.value, *reset.evidence)


def _not_since(capture: Capture) -> Fact:
    """Date the third day on which something was written that no reset leaves."""
    now = clock.now(capture)[0]
    days: dict[date, Clue] = {}
    for clue in sorted([*_account_rows(capture), *_installs(capture), *_buckets(capture)], key=lambda clue: clue.at):
        if clue.at <= now:
            days.setdefault(clue.at.date(), clue)
    written = list(days.values())[:_DAYS]
    if len(written) < _DAYS:
        return unknown(FACTS[1], _NOT_WRITTEN, *(clue.evidence for clue in written))
    return known(FACTS[1], instant(written[-1].at), *(clue.evidence for clue in written))


def _weigh(clues: list[Clue], lock: Clue | None, born: Evidence | None, why: Message | None) -> Fact:
    name = FACTS[0]
    timed = [clue for clue in clues if clue.evidence.source not in (ACCOUNTS, INSTALLED.key)]
    first = lock if lock and born else _agreed(timed)
    if first is None:
        return unknown(name, why or _ALONE, *(clue.evidence for clue in clues))
    for clue in clues:
        if clue.at < first.at - _AGREE:
            reason = Message(
                "`{source}` knows of the phone's use before the reset that `{first}` tells of; "
                "reset the phone and scan it before it is set up",
                {"source": clue.evidence.source, "first": first.evidence.source},
            )
            return unknown(name, reason, first.evidence, clue.evidence)
    proof = [clue.evidence for clue in timed if abs(clue.at - first.at) <= _AGREE]
    return known(name, instant(first.at), *proof, *([born] if born and first is lock else ()))


_ALONE = Message(
    "one source dates the reset and no second one agrees (it may be an update's date, or a restored backup's); "
    "reset the phone and scan it again"
)


def _agreed(timed: list[Clue]) -> Clue | None:
    """Return the earliest of two clues that agree, the first such pair in the sources' order."""
    for index, clue in enumerate(timed):
        for other in timed[index + 1 :]:
            if abs(clue.at - other.at) <= _AGREE:
                return min(clue, other, key=lambda one: one.at)
    return None


def first_start(capture: Capture) -> Clue:
    """Return the first start that lock_settings tells of; raise Unanswered or ProbeError, with what it says instead."""
    lock = lock_settings.read(capture).get(0)
    if lock is None or lock.has_lock is None:
        raise ProbeError(
            Message(
                "`{command}` says nothing sure of the owner; note the reset's time by hand",
                {"command": lock_settings.COMMAND.key},
            ),
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
        raise ProbeError(
            Message("the phone's time zone is not known, so its local times are not sure; scan the phone itself")
        )
    if not datetime(2023, 10, 1, tzinfo=UTC) <= at <= clock.now(capture)[0] + _AGREE:
        raise ProbeError(
            Message(
                "the phone's clock was wrong at its first start ({at}), so that proves nothing; "
                "note the reset's time by hand",
                {"at": instant(at)},
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


def first_traffic(capture: Capture) -> Clue | None:
    """Return the begin of the oldest bucket of traffic, or None where it may be the oldest that Android kept."""
    buckets = _buckets(capture)
    try:
        now = clock.now(capture)[0]
    except Unanswered:
        return None
    return buckets[0] if buckets and now - _KEPT < buckets[0].at <= now else None


def _buckets(capture: Capture) -> list[Clue]:
    """Return the begin of each bucket of traffic, the oldest first."""
    try:
        text = capture.text(TRAFFIC)
    except Unanswered:
        return []
    if "Complete history:" not in text:
        return []
    begins = sorted(set(map(int, _BUCKET.findall(text))))
    return [
        Clue(datetime.fromtimestamp(begin, UTC), Evidence(TRAFFIC.key, f"bucket of traffic: st={begin}"))
        for begin in begins
    ]


def _account_rows(capture: Capture) -> list[Clue]:
    """Return the rows of the account histories, whole or not, the earliest first: each is later than the reset."""
    try:
        text = capture.text(ACCOUNTS)
    except Unanswered:
        return []
    zone = clock.zone(capture)
    at = sorted(at for row in _ROW.finditer(text) if (at := clock.local(row["at"], zone)))
    return [Clue(each, Evidence(ACCOUNTS, f"Accounts History: a row of {instant(each)}")) for each in at]


def _installs(capture: Capture) -> list[Clue]:
    """Return when each WhatsApp was first installed for each user, the earliest first: each is later than the reset.

    What came with the phone is left out: its time is that of a file in the system's image, long before any reset.
    """
    zone = clock.zone(capture)
    try:
        dumps = whatsapp_dumps.dumps(capture).values()
    except Unanswered:
        return []
    found = [
        Clue(at, Evidence.of(INSTALLED.key, f"{dump.name}, user {user}: firstInstallTime={text}"))
        for dump in dumps
        if dump is not None and dump.system is False
        for user, text in dump.installed_at.items()
        if (at := clock.local(text, zone))
    ]
    return sorted(found, key=lambda clue: clue.at)


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
