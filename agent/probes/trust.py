r"""What may hold the phone unlocked: trust agents (Smart Lock, Extend Unlock) that are at work.

TrustManagerService.dumpUser, ` User "NAME" (id=N, flags=0x..)[ (current)]: `, then up to API 33 `trusted=b,
trustManaged=b, deviceLocked=b, strongAuthRequired=0xN`, API 34 with `isActiveUnlockRunning=b`, later
`trustState=UNTRUSTED|TRUSTABLE|TRUSTED` instead of `trusted=`; then `Enabled agents:`, `package/.Class` with
`bound=b, connected=b, managingTrust=b, trusted=b`, then `Events:`, the newest first.

An enabled agent proves nothing (Google's is on by default); one that manages trust, or has granted it since it
last gave that up, may hold the phone unlocked. Android lists agents only for a user with a lock, and not before
the first unlock after a start (`strongAuthRequired=0x1`): an empty list is then no answer. The name is a
person's and may hold anything; what an event says may name a place, so only its type leaves the phone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from agent.capture import Capture, Command, Unanswered
from agent.facts import Evidence, Fact, known, not_applicable, unknown
from agent.messages import Message
from agent.probes import ProbeError, lock_settings
from agent.probes.proof import proved

COMMAND = Command(
    "dumpsys trust",
    Message("whether Smart Lock or another trust agent may hold the phone unlocked"),
    script="dumpsys trust | sed -n -E"
    r" -e '1{/flags=/!p;}'"
    r" -e '/^ +#/!s/^.*( \(id=[0-9]+, flags=.*)$/ User\1/p'"
    r" -e '/^ +[A-Za-z0-9_.]+\/[A-Za-z0-9_.$]+$/p'"
    r" -e '/^ +(Enabled agents:|Events:|bound=|disabled because|Trust agents disabled)/p'"
    r" -e 's/^( +#[0-9]+ .*(GrantTrust|ManagingTrust): agent=[A-Za-z0-9_$]+)(, managingTrust=[a-z]+)?.*$/\1\3/p'"
    r" -e '/DUMP TIMEOUT/p'",
)
COMMANDS = (COMMAND, lock_settings.COMMAND)
FACTS = ("screen_lock.trust_agents",)
PROOF = {FACTS[0]: (proved(limit="not before the first unlock after a start, when Android hides its agents"),)}
BY_HAND = Message("Settings › Security › Smart Lock (Extend Unlock)")


@dataclass(slots=True)
class Agent:
    """One enabled agent: `component` as printed, `works`: it manages trust, trusts now, or may grant again."""

    component: str
    works: bool = False
    line: str = ""


@dataclass(slots=True)
class UserTrust:
    """One user's block. `managed`, `hidden`: some agent manages trust; the list may be withheld now."""

    user: int
    line: str
    managed: bool
    hidden: bool
    listed: bool = False
    agents: list[Agent] = field(default_factory=list)


# A name can even hold a newline: whatever ends like a user's line is one more user, and all of them count.
_USER = re.compile(r"^(?! *#).* \(id=(?P<id>\d{1,9}), flags=0x[0-9a-f]{1,8}\)(?P<rest>.*)$")
_PROFILE = re.compile(r"\(profile with [a-z]+ challenge\)|\(user that cannot be switched to\)")
_AGENT = re.compile(r"([A-Za-z0-9_.]{1,200}/[A-Za-z0-9_.$]{1,200})")
_STATE = re.compile(r"bound=[01], connected=[01], managingTrust=([01]), trusted=([01])")
_EVENT = re.compile(
    r"#\d{1,4} +(?:\S+ \S+|\S+) (?P<type>GrantTrust|ManagingTrust): agent=(?P<agent>[A-Za-z0-9_$]{1,200})"
    r"(?:.*managingTrust=(?P<managing>true|false))?"
)


def probe(capture: Capture) -> Iterator[Fact]:
    """Judge every user of the dump together."""
    users = parse(capture.text(COMMAND))
    working = [(user, agent) for user in users for agent in user.agents if agent.works]
    if working:
        evidence = [Evidence.of(COMMAND.key, f"{agent.component} {agent.line}") for _, agent in working]
        yield known(FACTS[0], sorted({agent.component for _, agent in working}), *evidence)
        return
    lines = [Evidence.of(COMMAND.key, user.line) for user in users]
    people = [user for user in users if "deviceLocked=" in user.line and not _PROFILE.search(user.line)]
    if not people or any(user.managed or user.hidden or not user.listed for user in people):
        yield unknown(FACTS[0], _WITHHELD, *lines)
    elif _without_lock(capture):
        yield not_applicable(FACTS[0], Message("no screen lock is set, so nothing can hold it open"), *lines)
    else:
        yield known(FACTS[0], [], *lines)


_WITHHELD = Message(
    "Android does not list trust agents now; unlock the phone once by its PIN, pattern or password and scan again, "
    "or look in Settings › Security › Smart Lock (Extend Unlock)"
)


def _without_lock(capture: Capture) -> bool:
    try:
        return any(lock.has_lock is False for lock in lock_settings.read(capture).values())
    except Unanswered:
        return False


def parse(text: str) -> list[UserTrust]:
    """Read every user's block, at least one; raise ProbeError where there is none."""
    users: list[UserTrust] = []
    revoked: set[str] = set()
    for raw in text.splitlines():
        line = raw.strip()
        if found := _USER.fullmatch(raw.rstrip()):
            users.append(_user(found))
            revoked = set()
        elif users:
            _add(users[-1], line, revoked)
    if not users:
        raise ProbeError(Message("`{command}` names no user; scan the phone itself again", {"command": COMMAND.key}))
    return users


def _user(found: re.Match[str]) -> UserTrust:
    rest = found["rest"]
    trusting = re.search(r"\b(?:trusted=1|trustManaged=1|trustState=TRUST(?:ED|ABLE)\b|isActiveUnlockRunning=1)", rest)
    return UserTrust(
        user=int(found["id"]),
        line=f"User {found['id']}{rest}",
        managed=trusting is not None,
        hidden=not re.search(r"\bstrongAuthRequired=0x0\b", rest),
    )


def _add(user: UserTrust, line: str, revoked: set[str]) -> None:
    """Take one line of a user's block. Events come newest first, so the first word on an agent decides."""
    if line == "Enabled agents:":
        user.listed = True
    elif _AGENT.fullmatch(line):
        user.agents.append(Agent(line))
    elif user.agents and (state := _STATE.match(line)):
        agent = user.agents[-1]
        agent.works, agent.line = "1" in state.groups(), line
    elif event := _EVENT.match(line):
        for agent in user.agents:
            if re.split(r"[./$]", agent.component)[-1] != re.split(r"\$", event["agent"])[-1]:
                continue
            if event["type"] == "GrantTrust" and agent.component not in revoked and not agent.works:
                agent.works, agent.line = True, line
            elif event["managing"] == "false":
                revoked.add(agent.component)
