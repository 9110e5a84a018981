r"""Accessibility services that are on: they read and press everything on the screen.

1. `enabled_accessibility_services` of every user (Settings.Secure, API 26 to 36; absent or empty: none). A
   profile (work, Secure Folder) is served by its owner's, and a list of its own counts where it was given.
2. `dumpsys accessibility`, API 30 and later: `Enabled services:{{a/b}, {c/d}}` for each user that was in front
   since the start (AccessibilityUserState.dump); One UI on 9 and 10 prints `enabled services: {` and a line for
   each. What is bound or installed is another list, and Android 8 to 10 print no other: then the setting decides.

Both are read and must agree. A service's label is its maker's text and may hold these very words, so no label
leaves the phone, and a dump in which some user's list is missing is not believed.
"""

import re
from collections.abc import Iterator, Mapping

from agent.capture import Capture, Command, Unanswered
from agent.facts import Evidence, Fact, known
from agent.messages import Message
from agent.probes import ProbeError, components, settings, users
from agent.probes.everybody import everybody, require
from agent.probes.proof import proved

COMMAND = Command(
    "dumpsys accessibility",
    Message("accessibility services that are on, as the running system has them"),
    script="dumpsys accessibility | sed -n -E -e '1p'"
    r" -e '/^User state\[/{s/Service\[.*//;p;}' -e 's/^ *(attributes:\{id=[0-9]+).*/\1/p'"
    r" -e '/^ *Enabled services: ?\{/p' -e '/^ *enabled services: \{$/,/^ *\}$/p' -e '/DUMP TIMEOUT/p'",
)
COMMANDS = (settings.SECURE, COMMAND, users.COMMAND)
FACTS = ("apps.accessibility_services",)
PROOF = {
    FACTS[0]: (
        proved(8, 10, limit="by the setting alone; the running system prints another list"),
        proved(11),
    )
}
BY_HAND = Message("Settings › Accessibility › Installed apps")
KEY = "enabled_accessibility_services"

DISAGREE = Message(
    "`{one}` and `{other}` disagree about {component}, so what is on is not known; restart the phone and scan again"
)


def probe(capture: Capture) -> Iterator[Fact]:
    """List what is on for any user; what the two sources say of one user must be the same."""
    try:
        dumped: Mapping[int, tuple[str, ...]] = read(capture)
    except Unanswered:
        dumped = {}
    try:
        listed = _set(capture)
    except Unanswered:
        if not dumped:
            raise
        require(capture, dumped, COMMAND.key, profiles=False)
        listed = {user: (each, Evidence.of(COMMAND.key, _line(user, each))) for user, each in dumped.items()}
    _compare(listed, dumped)
    names = components.distinct(each for one, _ in listed.values() for each in one)
    yield known(FACTS[0], names, *(line for _, line in listed.values()))


_Lists = Mapping[int, tuple[tuple[str, ...], Evidence]]


def _set(capture: Capture) -> _Lists:
    found: dict[int, tuple[tuple[str, ...], Evidence]] = {}
    people = everybody(capture) or ()
    persons = [user.id for user in people if user.is_person] or [0]
    profiles = [user.id for user in people if user.is_profile]
    for user in (*persons, *profiles):
        try:
            setting = settings.value(capture, "secure", KEY, user)
        except Unanswered:
            if user in profiles:
                continue  # it is served by its owner's services (AccessibilitySecurityPolicy.resolveProfileParent)
            raise
        listed = components.split(setting.value, settings.SECURE.key) if setting else ()
        line = setting.evidence if setting else settings.absence(capture, "secure", KEY, user)
        found[user] = (listed, line)
    return found


def _compare(listed: _Lists, dumped: Mapping[int, tuple[str, ...]]) -> None:
    for user in listed.keys() & dumped.keys():
        one, other = listed[user][0], dumped[user]
        if odd := components.only_here(one, other) or components.only_here(other, one):
            values = {"one": settings.SECURE.key, "other": COMMAND.key, "component": odd[0]}
            raise ProbeError(Message(DISAGREE.sentence, values))


def _line(user: int, enabled: tuple[str, ...]) -> str:
    return f"user {user}: Enabled services:{{{', '.join(enabled)}}}"


_USER = re.compile(r"attributes:\{id=(\d{1,9})\b")
_ENABLED = re.compile(r"^ *Enabled services: ?\{(.*)\}\]?$")
_ONE_UI_ROW = re.compile(r" *\d{1,4} : (\S{1,512})")


def read(capture: Capture) -> dict[int, tuple[str, ...]]:
    """Return what is on for each user that the system has loaded.

    Raises Unanswered when the phone did not answer, ProbeError when it prints no list for some user (8 to 10).
    """
    return parse(capture.text(COMMAND))


def parse(text: str) -> dict[int, tuple[str, ...]]:
    """Read the dump, whole or as the phone cut it; see `read` for shape and errors."""
    lists: dict[int, list[tuple[str, ...]]] = {}
    user: int | None = None
    lines = iter(text.splitlines())
    for line in lines:
        if header := _USER.search(line):
            user = int(header[1])
            lists.setdefault(user, [])
        elif user is not None and (enabled := _ENABLED.match(line)):
            lists[user].append(_braced(enabled[1]))
        elif user is not None and re.fullmatch(r" *enabled services: \{", line):
            lists[user].append(_rows(lines))
    if not lists or any(len(each) != 1 for each in lists.values()):
        raise ProbeError(
            Message("`{command}` does not say which services are on; scan again", {"command": COMMAND.key}),
        )
    return {user: each[0] for user, each in lists.items()}


def _braced(text: str) -> tuple[str, ...]:
    return components.checked((entry.strip(" {}]") for entry in text.split(",")), COMMAND.key)


def _rows(lines: Iterator[str]) -> tuple[str, ...]:
    found: list[str] = []
    for line in lines:
        if line.strip() == "}":
            return tuple(found)
        if (row := _ONE_UI_ROW.fullmatch(line)) is None:
            break
        found += components.checked([row[1]], COMMAND.key)
    raise ProbeError(Message("`{command}` breaks off in the list of what is on; scan again", {"command": COMMAND.key}))
