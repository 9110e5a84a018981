"""What `dumpsys lock_settings` says of each user's PIN, pattern or password.

LockSettingsService.dump, in its forms:
- API 26 to 29: `User N`, `SP Handle = %x`, `SID = %x`; no kind. `SP Enabled = false` says nothing (real dumps).
- API 30 to 33: under `User State:`, `User N`, `SP Handle: %x`, `Last changed: … (%x)`, `SID: %x`, `Quality: %d`,
  `CredentialType: None|Pattern|Pin|Password|Unknown N`, `SeparateChallenge: b`.
- API 34 to 36: `LSKF-based SP protector ID: %016x`, `LSKF last changed: … (previous protector: %016x)`,
  `SID: %016x`, the kinds in upper case. The protector's id is not zero without a lock too (real dumps).
- One UI mixes in lines of its own, and since Android 16 a second block of users under `Keys in namespace:` with
  its own `CredentialType: NONE` (real dump): a user's block ends with the section it stands in.

Android clears the SID whenever the lock is removed (LockSettingsService.setLockCredentialInternal and what it
calls, API 26 to 36), so zero means that no PIN, pattern or password is set, and anything else that one is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from agent.capture import Capture, Command
from agent.messages import Message
from agent.probes import ProbeError

# From `Storage:` on the dump lists files and, on One UI, a log of lock events: nothing that is needed here.
COMMAND = Command(
    "dumpsys lock_settings",
    Message("whether a PIN, pattern or password is set, and of which kind"),
    script="dumpsys lock_settings | sed -e '/^Storage:/,$d'",
)

Kind = Literal["none", "pattern", "pin", "password"]

_KINDS: dict[str, Kind] = {"none": "none", "pattern": "pattern", "pin": "pin", "password": "password"}
_SECTIONS = {"Current lock settings service state", "User State"}


@dataclass(frozen=True, slots=True)
class UserLock:
    """One user's block. None where the phone printed no such line; `clash` where it printed two that differ.

    `sid`, `handle`, `previous` are the phone's hexadecimal digits (`handle`: synthetic password or protector;
    `previous`: the protector before, printed since API 34). `changed` is local time as printed, in the phone's
    own digits. `lines` are the lines that `has_lock` and `kind` rest on, for evidence.
    """

    user: int
    sid: str | None = None
    kind: Kind | None = None
    separate_challenge: bool | None = None
    handle: str | None = None
    previous: str | None = None
    changed: str | None = None
    clash: bool = False
    lines: tuple[str, ...] = ()

    @property
    def has_lock(self) -> bool | None:
        """Whether a lock is set; None where the lines do not say, or contradict each other."""
        by_sid = None if self.sid is None else int(self.sid, 16) != 0
        by_kind = None if self.kind is None else self.kind != "none"
        if self.clash or (by_sid is not None and by_kind is not None and by_sid != by_kind):
            return None
        return by_kind if by_sid is None else by_sid

    @property
    def credential(self) -> Kind | None:
        """The kind of lock, `none` where none is set; None where the phone does not tell (API 26 to 29)."""
        has_lock = self.has_lock
        if has_lock is None:
            return None
        return self.kind if has_lock else "none"


def read(capture: Capture) -> dict[int, UserLock]:
    """Return the lock of every user that the dump names, at least one.

    Raises Unanswered when the phone did not answer, ProbeError when the answer names no user.
    """
    return parse(capture.text(COMMAND))


def parse(text: str) -> dict[int, UserLock]:
    """Read the dump; lines of a piece without any `User N` are taken for user 0's. See `read` for errors."""
    users: dict[int, list[str]] = {}
    nobody: list[str] = []
    block: list[str] | None = nobody
    for line in _user_lines(text):
        if header := _USER.fullmatch(line):
            block = users.setdefault(int(header[1]), [])
        elif block is not None:
            block.append(line)
    if not users and any(_FIELD.fullmatch(line) for line in nobody):
        users[0] = nobody
    if not users:
        raise ProbeError(Message("`{command}` names no user; scan the phone itself again", {"command": COMMAND.key}))
    return {user: _lock(user, lines) for user, lines in users.items()}


_USER = re.compile(r"User (\d{1,9})")
# A title stands alone on its line and is not indented, but for published dumps whose indentation was lost.
_TITLE = re.compile(r"(\S[^:\n]{0,80}):")
_FIELD = re.compile(
    r"(?P<name>SP Handle|LSKF-based SP protector ID|SID|CredentialType|SeparateChallenge|(?:LSKF l|L)ast changed)"
    r"(?: =|:) ?(?P<value>.*)"
)
_CHANGED = re.compile(r"(?P<at>\S+ \S+) \((?:previous protector: )?(?P<previous>[0-9a-f]{1,16})\)")
_HEX = re.compile(r"[0-9a-fA-F]{1,16}")


def _user_lines(text: str) -> Iterator[str]:
    """Yield the lines of the sections that hold users' locks, without indentation."""
    wanted = True
    for line in text.splitlines():
        if title := _TITLE.fullmatch(line.rstrip()):
            wanted = title[1].strip() in _SECTIONS
        elif wanted:
            yield line.strip()


def _lock(user: int, lines: list[str]) -> UserLock:
    fields: dict[str, str] = {}
    clash = False
    kept: list[str] = []
    padded = any(line.startswith("LSKF-based") for line in lines)
    for line in lines:
        if not (found := _FIELD.fullmatch(line)):
            continue
        name, value = found["name"], found["value"].strip()
        clash = clash or fields.setdefault(name, value) != value
        if name in ("SID", "CredentialType"):
            kept.append(line)
    changed = _CHANGED.fullmatch(fields.get("LSKF last changed", fields.get("Last changed", "")))
    handle = fields.get("LSKF-based SP protector ID", fields.get("SP Handle", ""))
    return UserLock(
        user=user,
        sid=_sid(fields.get("SID", ""), padded=padded),
        kind=_KINDS.get(fields.get("CredentialType", "").lower()),
        separate_challenge={"true": True, "false": False}.get(fields.get("SeparateChallenge", "")),
        handle=handle if _HEX.fullmatch(handle) else None,
        previous=changed["previous"] if changed and "LSKF last changed" in fields else None,
        changed=changed["at"] if changed else None,
        clash=clash,
        lines=tuple(kept),
    )


def _sid(value: str, *, padded: bool) -> str | None:
    """Refuse zeros that may be the beginning of a longer number: a dump can be cut anywhere."""
    if not _HEX.fullmatch(value) or (padded and len(value) != 16):
        return None
    return value
