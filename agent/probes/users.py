"""Who lives on this phone: its owner, other people, and the profiles that hold a second copy of an app.

Reads `pm list users`; `dumpsys user` stands in where a bugreport has nothing else.
Sources: UserManager's shell listing and UserInfo.toString, `UserInfo{id:name:flags in hex}[ running]`, the
same on API 26 to 36; UserInfo.java for the flags. Makers' ranges: seen on phones (see `_kind`).
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from agent.capture import Capture, Command
from agent.facts import Evidence
from agent.messages import Message
from agent.probes import ProbeError

COMMAND = Command("pm list users", Message("who lives on the phone, so that nobody but its owner is overlooked"))
DUMP = "dumpsys user"

_GUEST = 0x4
_RESTRICTED = 0x8
_MANAGED_PROFILE = 0x20
_PROFILE = 0x1000  # API 30 and later
_FULL, _SYSTEM = 0x400, 0x800  # API 30 and later
_MAIN = 0x4000  # API 34 and later


class UserKind(StrEnum):
    """What a user is. The four after OWNER belong to a person who has another user, SYSTEM to nobody."""

    OWNER = "owner"
    WORK_PROFILE = "work_profile"
    DUAL_APP = "dual_app"  # a second copy of a messenger: Dual Messenger, Dual apps, App Twin, clone profile
    SECURE_FOLDER = "secure_folder"
    PROFILE = "profile"  # of a kind that its flags do not tell (private space, a maker's own)
    GUEST = "guest"
    RESTRICTED = "restricted"
    SECONDARY = "secondary"
    SYSTEM = "system"  # user 0 of a tablet or a car on which nobody is user 0: it has no lock, since no screen


@dataclass(frozen=True, slots=True)
class User:
    """One user. `running`: its apps can run now; the storage of one that does not run is still encrypted.

    `flags` are UserInfo's bits. `name` is a stranger's text; `evidence` leaves it out, since it may be a person's.
    """

    id: int
    name: str
    flags: int
    kind: UserKind
    running: bool
    evidence: Evidence

    @property
    def is_profile(self) -> bool:
        """Whether it belongs to a person who has another user (and may share that user's lock)."""
        return self.kind in (UserKind.WORK_PROFILE, UserKind.DUAL_APP, UserKind.SECURE_FOLDER, UserKind.PROFILE)

    @property
    def is_person(self) -> bool:
        """Whether somebody sees this user's screens, behind a lock of its own."""
        return not self.is_profile and self.kind is not UserKind.SYSTEM


# A name may hold quotes, colons, braces, even a newline: it ends at the first `:hex}` that ends the entry.
_START = re.compile(r"^[ \t]*UserInfo\{", re.MULTILINE)
_ENTRY = re.compile(
    r"^[ \t]*UserInfo\{(?P<id>\d{1,9}):(?P<name>.{0,300}?):(?P<flags>[0-9a-f]{1,8})\}"
    r"(?P<running> running)?(?P<rest>$| (?:serialNo=|<)[^\n]*$|[ \t]+$)",
    re.MULTILINE | re.DOTALL,
)


def read(capture: Capture) -> tuple[User, ...]:
    """Return every user of the phone, in the phone's order, at least one.

    Errors: Unanswered where neither source answered, ProbeError where one entry cannot be read: a list
    that lacks somebody would let a check pass that never looked at them.
    """
    source, text = capture.first_text((COMMAND, DUMP))
    return parse(text, source)


def parse(text: str, source: str = COMMAND.key) -> tuple[User, ...]:
    """Read the answer of `pm list users`, or the users in `dumpsys user`; see `read` for shape and errors."""
    entries = list(_ENTRY.finditer(text))
    living = [entry for entry in entries if not re.search(r"<(?:removing|partial|pre-created)>", entry["rest"])]
    users: dict[int, User] = {}
    for entry in living:
        user = _user(entry, source)
        users.setdefault(user.id, user)
    # Somebody uses every phone; and a user who is two kinds at once was made up by a name that looks like an entry.
    contradicted = any(users[int(entry["id"])].kind is not _user(entry, source).kind for entry in living)
    if len(entries) != len(_START.findall(text)) or contradicted or not any(it.is_person for it in users.values()):
        raise ProbeError(
            Message("`{command}` is in a form that the check does not know; please report it", {"command": source})
        )
    return tuple(users.values())


def _user(entry: re.Match[str], source: str) -> User:
    number, flags = int(entry["id"]), int(entry["flags"], 16)
    line = f"UserInfo{{{entry['id']}:…:{entry['flags']}}}{entry['running'] or ''}"
    return User(
        id=number,
        name=entry["name"],
        flags=flags,
        kind=_kind(number, flags),
        running=entry["running"] is not None,
        evidence=Evidence.of(source, line),
    )


def _kind(number: int, flags: int) -> UserKind:
    """Tell users apart by number where a maker has one, by flags else.

    Samsung's Secure Folder and Dual Messenger, Xiaomi's, vivo's, OPPO's and OnePlus's second copies and
    Huawei's App Twin carry MANAGED_PROFILE too and are no work profile, so their numbers come first.
    """
    if number == 0 and flags & _SYSTEM and not flags & _FULL:
        return UserKind.SYSTEM
    if number == 0 or flags & _MAIN:
        return UserKind.OWNER
    profile = flags & (_MANAGED_PROFILE | _PROFILE)
    if number == 999 or (number in (95, 128) and profile):
        return UserKind.DUAL_APP
    if 150 <= number <= 160 and profile:
        return UserKind.SECURE_FOLDER
    by_flag = (
        (_MANAGED_PROFILE, UserKind.WORK_PROFILE),
        (_PROFILE, UserKind.PROFILE),
        (_GUEST, UserKind.GUEST),
        (_RESTRICTED, UserKind.RESTRICTED),
    )
    return next((kind for bit, kind in by_flag if flags & bit), UserKind.SECONDARY)
