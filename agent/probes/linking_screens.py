"""Were WhatsApp's screens that link a device ever opened, and when did somebody last look at the list of them.

Android counts which screens are shown. `dumpsys usagestats file N daily` (API 29 to 36) holds the events of about
ten days, with milliseconds since 1970; `dumpsys usagestats -c PACKAGE` those of the last 24 hours that are not
written yet (8 to 16; 8 and 9 know nothing else). `dumpsys usagestats mappings N` (API 30 to 36) lists every screen of
an app that was ever shown since it was installed: `Token N: [com.whatsapp, screen, …]`.

That line, and WhatsApp's other events, hold the ids of contacts. So the phone itself cuts them down to three names
of screens; nothing else of them is ever printed. Packages move between WhatsApp's versions, so only the last part
of a name is compared. What this proves: a screen was shown. Not that it was empty; and a watch or glasses link
without it. Never the verb `flush`: it writes.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from agent.capture import Capture, Command, Unanswered
from agent.facts import Evidence, Fact, instant, known, not_applicable, unknown
from agent.messages import Message
from agent.probes import clock, properties, whatsapp_package
from agent.probes.proof import partly, proved

_SCREENS = "LinkedDevicesActivity|DevicePairQrScannerActivity|LinkedDevicesEnterCodeActivity"
_REVIEW = "LinkedDevicesActivity"
_CLASS = rf"com\.whatsapp[A-Za-z0-9_.]*\.({_SCREENS})"
_EACH_USER = r"for u in $(pm list users 2>/dev/null | sed -n 's/^[^{]*UserInfo{\([0-9]*\):.*/\1/p'); do echo user $u; "
_EVENT = rf'time=("[^"]*"|[0-9]+) type=[A-Z_0-9]+ package=com\.whatsapp(\.w4b)? class={_CLASS}'
_CUT_EVENTS = (
    rf"sed -n -E -e 's/^ *({_EVENT})( .*)?$/\1/p' -e '/^ *file=[0-9]+ *$/p' -e '/^user[= ][0-9]+ *$/p' "
    r"-e 's/^ *(Last 24 hour events).*$/\1/p' -e '/DUMP TIMEOUT/p'"
)
_WHEN = Message("when somebody last opened WhatsApp's list of linked devices")
_FROM_10 = "if [ $(getprop ro.build.version.sdk) -ge 29 ]; then"
EVENTS = Command(
    "dumpsys usagestats file 0 daily",
    _WHEN,
    script=f"{_FROM_10} {_EACH_USER} dumpsys usagestats file $u daily </dev/null; done; fi 2>&1 | {_CUT_EVENTS}",
    timeout_s=20,
)
# One command an app, so that they run side by side: each makes the phone go through the whole day.
TODAY = Command(
    "dumpsys usagestats -c com.whatsapp",
    _WHEN,
    script=f"{_FROM_10} dumpsys usagestats -c com.whatsapp; else dumpsys usagestats -c; fi 2>&1 | {_CUT_EVENTS}",
    timeout_s=15,
)
TODAY_BUSINESS = Command(
    "dumpsys usagestats -c com.whatsapp.w4b",
    _WHEN,
    script=f"{_FROM_10} dumpsys usagestats -c com.whatsapp.w4b; fi 2>&1 | {_CUT_EVENTS}",
    timeout_s=15,
)
MAPPINGS = Command(
    "dumpsys usagestats mappings 0",
    Message("whether the screens that link a device to WhatsApp were ever opened"),
    script=f"{_EACH_USER}dumpsys usagestats mappings $u 2>&1 </dev/null "
    r"| grep -E -e 'Tokens Map Size: [0-9]+ *$' -e 'Token [0-9]+: \[com\.whatsapp(\.w4b)?[],]' -e 'DUMP TIMEOUT' "
    rf"| grep -o -E -e 'Tokens Map Size: [0-9]+' -e '(Token [0-9]+: \[com\.whatsapp(\.w4b)?|{_CLASS})[],]' "
    "-e '.*DUMP TIMEOUT.*'; done",
    timeout_s=15,
)
WHOLE_DUMP = "dumpsys usagestats"

COMMANDS = (EVENTS, TODAY, TODAY_BUSINESS, MAPPINGS, properties.COMMAND, *whatsapp_package.COMMANDS)
FACTS = ("whatsapp.linking_seen", "whatsapp.linked_devices_reviewed_at")
PROOF = {
    "whatsapp.linking_seen": (
        partly("only that such a screen was opened in the last 24 hours, or on Android 10 in ten days", 8, 10),
        proved(11, limit="a watch or glasses link without these screens"),
    ),
    "whatsapp.linked_devices_reviewed_at": (
        partly("only the last 24 hours are printed", 8, 9),
        partly("only about ten days are kept", 10),
    ),
}
_SEEN, _REVIEWED = FACTS

NOT_INSTALLED = Message("WhatsApp is not installed")
NO_RECORD = Message(
    "the phone keeps no record of the screens that {package} (user {user}) ever showed (Android 10 and earlier, or "
    "a locked user); open WhatsApp › ⋮ › Linked devices together with its holder"
)
NOT_REVIEWED = Message(
    "the phone does not remember that anybody opened the list of linked devices of {package} (user {user}); open "
    "WhatsApp › ⋮ › Linked devices, look through the list, then scan again"
)


@dataclass(frozen=True, slots=True)
class Shown:
    """One screen that was shown. `at` is None where only the fact is recorded, or the time cannot be read."""

    package: str
    user: int
    screen: str
    at: datetime | None
    evidence: Evidence

    @property
    def opened(self) -> bool:
        """Whether this is the moment when it came to the front (MOVE_TO_FOREGROUND up to Android 9)."""
        return "type=ACTIVITY_RESUMED" in self.evidence.line or "type=MOVE_TO_FOREGROUND" in self.evidence.line


def probe(capture: Capture) -> Iterator[Fact]:
    """Judge each WhatsApp of each user; one that was never reviewed, or is not recorded, leaves it unknown."""
    events = _events(capture)
    recorded, refused = _recorded(capture)
    shown = [each for screens in recorded.values() for each in screens] + events
    try:
        owners = sorted(whatsapp_package.official(capture))
    except Unanswered as error:
        yield _opened(shown) if shown else unknown(_SEEN, error.message)
        yield unknown(_REVIEWED, error.message)
        return
    if not owners:
        evidence = whatsapp_package.absence(capture)
        yield from (not_applicable(name, NOT_INSTALLED, *evidence) for name in FACTS)
        return
    yield _opened(shown) if shown else _never(owners, recorded, refused)
    yield _reviewed(owners, events)


def _opened(shown: list[Shown]) -> Fact:
    return known(_SEEN, True, *dict.fromkeys(each.evidence for each in shown[:5]))  # noqa: FBT003


def _never(
    owners: list[tuple[str, int]], recorded: Mapping[tuple[str, int], list[Shown]], refused: Message | None
) -> Fact:
    for package, user in owners:
        if (package, user) not in recorded:
            return unknown(_SEEN, refused or Message(NO_RECORD.sentence, {"package": package, "user": user}))
    lines = [f"user {user}: [{package}, …] without {_SCREENS.replace('|', ', ')}" for package, user in owners]
    return known(_SEEN, False, *(Evidence.of(MAPPINGS.key, line) for line in lines))  # noqa: FBT003


def _reviewed(owners: list[tuple[str, int]], events: list[Shown]) -> Fact:
    """The WhatsApp whose list was looked at longest ago decides."""
    latest: list[tuple[datetime, Evidence]] = []
    for package, user in owners:
        looks = [
            (each.opened, each.at, each.evidence)
            for each in events
            if (each.package, each.user, each.screen) == (package, user, _REVIEW) and each.at
        ]
        if not looks:
            return unknown(_REVIEWED, Message(NOT_REVIEWED.sentence, {"package": package, "user": user}))
        # That it was left says the same, but later, so it counts only where nothing says that it was opened.
        _, at, evidence = max(looks, key=lambda look: look[:2])
        latest.append((at, evidence))
    latest.sort(key=lambda each: each[0])
    return known(_REVIEWED, instant(latest[0][0]), *(evidence for _, evidence in latest[:5]))


_LINE = re.compile(
    r"^[ \t]*(?:user[= ](?P<user>\d{1,5})[ \t]*$"
    r'|(?P<event>time=(?:"(?P<local>[^"\n]{1,40})"|(?P<epoch>\d{12,14})) type=[A-Z_0-9]{1,60}'
    rf" package=(?P<package>com\.whatsapp(?:\.w4b)?) class={_CLASS})(?=[ \t]|$))",
    re.MULTILINE,
)


def _events(capture: Capture) -> list[Shown]:
    """Events of these screens. None is a fact too, but never one that proves anything, so a refusal changes nothing."""
    shown: list[Shown] = []
    for source in (EVENTS.key, TODAY.key, TODAY_BUSINESS.key, WHOLE_DUMP):
        try:
            text = capture.text(source, partial=True)
        except Unanswered:
            continue
        zone, user = clock.zone(capture), 0
        for found in _LINE.finditer(text):
            if found["event"] is None:
                user = int(found["user"])
                continue
            epoch, written = found["epoch"], found["local"]
            at = datetime.fromtimestamp(int(epoch) // 1000, UTC) if epoch else clock.local(written, zone)
            evidence = Evidence.of(source, f"user {user}: {found['event']}")
            shown.append(Shown(found["package"], user, found["event"].rpartition(".")[2], at, evidence))
    return shown


_TOKEN = re.compile(r"Token \d{1,9}: \[(com\.whatsapp(?:\.w4b)?)[\],]?")
_ITEM = re.compile(_CLASS)


def _recorded(capture: Capture) -> tuple[dict[tuple[str, int], list[Shown]], Message | None]:
    """By package and user, the screens of each WhatsApp that the phone keeps a record of; why, if none was given."""
    refused: Message | None = None
    recorded: dict[tuple[str, int], list[Shown]] = {}
    for source in (MAPPINGS.key, WHOLE_DUMP):
        try:
            text = capture.text(source, empty=True)
        except Unanswered as error:
            if source == MAPPINGS.key or capture.answer(source) is not None:  # a live phone is never asked for both
                refused = refused or error.message
            continue
        user, package = 0, None
        for line in text.splitlines():
            if found := re.fullmatch(r"[ \t]*user[= ](\d{1,5})[ \t]*", line):
                user, package = int(found[1]), None
            elif "Token " in line:
                token = _TOKEN.search(line)
                package = token[1] if token else None
                if package:
                    recorded.setdefault((package, user), [])
            if package is None:
                continue
            # In the whole dump the screens stand in the token's line, in the cut one below it.
            for item in filter(None, map(_ITEM.fullmatch, re.split(r"[\[\], ]+", line))):
                evidence = Evidence.of(source, f"user {user}: Token: [{package}, {item[0]}]")
                recorded[package, user].append(Shown(package, user, item[1], None, evidence))
    return recorded, refused
