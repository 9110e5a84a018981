r"""Apps that may read every notification, the messages in them too.

1. `dumpsys notification`, block `Notification listeners:` (ManagedServices.dump, API 26 to 36): under `Allowed
   notification listeners:` one line for each user, `a/b:c/d (user: 0 isPrimary: true)`, from 12 on also with
   `isUserChanged: true`, and nothing for a user without any; then `All notification listeners (N) enabled for
   current profiles:`. `Live` ones are no answer: the system's own are among them, and one that is on need not be
   alive. Android 7 prints no allowed ones.
2. `enabled_notification_listeners` (Settings.Secure): Android's copy of the primary lists for older readers
   (ManagedServices.writeXml), absent where nobody ever allowed one. It cannot stand for the dump unless it is set.

An app chooses the names of its channels, which stand in the same dump: two such blocks are one too many.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agent.capture import Capture, Command, Unanswered
from agent.facts import Evidence, Fact, known
from agent.messages import Message
from agent.probes import ProbeError, components, settings, users
from agent.probes.accessibility import DISAGREE
from agent.probes.everybody import everybody
from agent.probes.proof import proved

COMMAND = Command(
    "dumpsys notification",
    Message("which apps may read notifications; not what any notification says"),
    script="dumpsys notification | sed -n -E -e '1{/^Current Notification/!p;}'"
    r" -e '/^ *Notification listeners:/,/Live notification listeners/"
    r"{/listeners|isPrimary|^ +ComponentInfo/p;}' -e '/DUMP TIMEOUT/p'",
)
COMMANDS = (COMMAND, settings.SECURE, users.COMMAND)
FACTS = ("apps.notification_listeners",)
PROOF = {FACTS[0]: (proved(),)}
BY_HAND = Message("Settings › Apps › Special app access › Notification access")
KEY = "enabled_notification_listeners"


@dataclass(frozen=True, slots=True)
class Listeners:
    """`primary`: by user, those that the setting repeats; `allowed`: all of all users; `lines` for evidence."""

    primary: Mapping[int, tuple[str, ...]]
    allowed: tuple[str, ...]
    lines: tuple[str, ...]


def probe(capture: Capture) -> Iterator[Fact]:
    """List what is allowed for any user; the setting must not contradict it."""
    try:
        listeners = parse(capture.text(COMMAND))
    except Unanswered as silent:
        yield _from_settings(capture, silent)
        return
    evidence = [Evidence.of(COMMAND.key, line) for line in listeners.lines]
    if (copy := _copy(capture)) is not None:
        _compare(listeners, copy)
        evidence += [line for _, line in copy.values()]
    yield known(FACTS[0], components.distinct(listeners.allowed), *evidence)


_Copy = Mapping[int, tuple[tuple[str, ...], Evidence]]


def _copy(capture: Capture) -> _Copy | None:
    """Return the setting of every user; None where one of them is not set or was not answered."""
    found: dict[int, tuple[tuple[str, ...], Evidence]] = {}
    try:
        for user in [user.id for user in everybody(capture) or ()] or [0]:
            setting = settings.value(capture, "secure", KEY, user)
            if setting is None:
                return None
            found[user] = components.split(setting.value, settings.SECURE.key), setting.evidence
    except Unanswered:
        return None
    return found


def _compare(listeners: Listeners, copy: _Copy) -> None:
    for user, (listed, _) in copy.items():
        odd = components.only_here(listed, listeners.allowed)
        if odd := odd or components.only_here(listeners.primary.get(user, ()), listed):
            values = {"one": COMMAND.key, "other": settings.SECURE.key, "component": odd[0]}
            raise ProbeError(Message(DISAGREE.sentence, values))


def _from_settings(capture: Capture, silent: Unanswered) -> Fact:
    if (copy := _copy(capture)) is None:
        raise silent
    names = components.distinct(each for listed, _ in copy.values() for each in listed)
    return known(FACTS[0], names, *(line for _, line in copy.values()))


_TITLE = re.compile(r"^ *Notification listeners:\s*$", re.MULTILINE)
_ALLOWED = re.compile(
    r"^ {6}(?P<list>\S{0,20000}) \(user: (?P<user>\d{1,9}) isPrimary: (?P<primary>true|false)(?: [^()]{0,80})?\)$"
)
_ALL = re.compile(r"All notification listeners \((\d{1,4})\) enabled for current profiles:$")
_COMPONENT = re.compile(r"^ +ComponentInfo\{([^{}]{1,512})\}$")


def parse(text: str) -> Listeners:
    """Read the dump, whole or as the phone cut it.

    Errors: ProbeError for none or several blocks, for a block that breaks off, and for a list in an unknown form.
    """
    titles = list(_TITLE.finditer(text))
    block, live, _ = text[titles[0].end() :].partition("Live notification listeners") if titles else ("", "", "")
    lines = [line.rstrip() for line in block.splitlines()]
    counts = [found for line in lines if (found := _ALL.search(line))]
    enabled = [found[1] for line in lines if (found := _COMPONENT.match(line))]
    if len(titles) != 1 or not live or not counts or sum(int(count[1]) for count in counts) != len(enabled):
        raise ProbeError(
            Message("`{command}` is in a form that the check does not know; please report it", {"command": COMMAND.key})
        )
    rows = [found for line in lines if (found := _ALLOWED.match(line))]
    if len(rows) != sum(" isPrimary: " in line for line in lines):
        raise ProbeError(Message("`{command}` is in a form that the check does not know", {"command": COMMAND.key}))
    primary = {int(row["user"]): components.split(row["list"], COMMAND.key) for row in rows if row["primary"] == "true"}
    allowed = [each for row in rows for each in components.split(row["list"], COMMAND.key)]
    allowed += components.checked(enabled, COMMAND.key)
    told = (*(row[0].strip() for row in rows if row["list"]), *(count[0] for count in counts))
    return Listeners(primary, tuple(allowed), told)
