"""Device administrators, and what they demand: `dumpsys device_policy`.

DevicePolicyManagerService's and DevicePolicyData's dump, API 26 to 36, the same words in another indentation:
`Enabled Device Admins (User N, provisioningState: S):`, then `package/.Class:` with its `name=value` lines, for
every user that is loaded; nothing under the title means that this user has none.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from agent.capture import Capture, Command
from agent.messages import Message
from agent.probes import ProbeError

_NUMBERS = ("passwordQuality", "minimumPasswordLength", "maximumTimeToUnlock", "disabledKeyguardFeatures")

COMMAND = Command(
    "dumpsys device_policy",
    Message("device administrators, and what they demand of the lock"),
    script="dumpsys device_policy | sed -n -E"
    " -e '1p'"
    r" -e '/^ *Enabled Device Admins \(User [0-9]+/p'"
    r" -e '/^ *(Device Owner|Profile Owner \(User [0-9]+\)) ?: *$/p'"
    r" -e '/^ *admin=ComponentInfo\{/p'"
    r" -e '/^ *[^ \/=:][^\/=:]*\/[^\/=:]+: *$/p'"
    f" -e '/^ *({'|'.join(_NUMBERS)})=/p'"
    " -e '/^ *(isParent=|mPasswordOwner=)/p'"
    " -e '/DUMP TIMEOUT/p'",
)


@dataclass(frozen=True, slots=True)
class Admin:
    """One enabled administrator. `component` is a stranger's text, as printed (`package/.Class`).

    `numbers`: the values of `_NUMBERS` that stand in its block, all instances of each name (a profile's owner
    prints a second set for the profile's parent). `lines` are those lines, for evidence.
    """

    component: str
    user: int
    numbers: Mapping[str, tuple[int, ...]]
    lines: Mapping[str, str]


def read(capture: Capture) -> dict[int, tuple[Admin, ...]]:
    """Return each user's administrators, () where a user has none; users that are not loaded are absent.

    Raises Unanswered when the phone did not answer, ProbeError when the dump names no user or is cut.
    """
    return parse(capture.text(COMMAND))


_USER = re.compile(r"Enabled Device Admins \(User (\d{1,9})(?:, provisioningState: \d{1,3})?\):")
# Of a class's name Android asks little: letters of every script, and spaces since API 30 (Dex 040).
_COMPONENT = re.compile(r"([^/=:]{1,400}/[^/=:]{1,1000}):")
_VALUE = re.compile(r"([A-Za-z]{1,40})=(?:0x([0-9a-f]{1,8})|(-?\d{1,19}))")


def parse(text: str) -> dict[int, tuple[Admin, ...]]:
    """Read the dump, whole or as the phone cut it; see `read` for shape and errors."""
    users: dict[int, list[tuple[str, list[str]]]] = {}
    user: int | None = None
    for line in (line.strip() for line in text.splitlines()):
        if title := _USER.fullmatch(line):
            user = int(title[1])
            users.setdefault(user, [])
        elif user is not None and line.startswith("mPasswordOwner="):
            user = None  # the end of a user's block, in every version
        elif user is not None and (found := _COMPONENT.fullmatch(line)):
            users[user].append((found[1], []))
        elif user is not None and users[user]:
            users[user][-1][1].append(line)
        elif user is not None and line.startswith(tuple(f"{name}=" for name in _NUMBERS)):
            raise _unknown_form()  # somebody demands this, and is not named
    if not users:
        raise _unknown_form()
    return {user: tuple(_admin(user, *block) for block in blocks) for user, blocks in users.items()}


def _unknown_form() -> ProbeError:
    return ProbeError(
        Message("`{command}` is in a form that the check does not know; please report it", {"command": COMMAND.key})
    )


def _admin(user: int, component: str, lines: list[str]) -> Admin:
    numbers: dict[str, tuple[int, ...]] = {}
    quoted: dict[str, str] = {}
    for line in lines:
        if (found := _VALUE.fullmatch(line)) and found[1] in _NUMBERS:
            number = int(found[2], 16) if found[2] else int(found[3])
            numbers[found[1]] = (*numbers.get(found[1], ()), number)
            quoted.setdefault(found[1], line)
    return Admin(component, user, numbers, quoted)
