"""Which of the files in a backup folder are a backup from which the chats could be restored.

WhatsApp writes `msgstore.db.cryptNN`, renames it the next night to `msgstore-YYYY-MM-DD.N.db.cryptNN`, and from
2024 on puts increments between full copies: `msgstore-increment-N.db.cryptNN`, which is renamed to
`msgstore-increment-N-YYYY-MM-DD.N.db.cryptNN` once a full copy holds it too.

A full copy is complete when it is a plain file under one of those names, is longer than its own header, is not
dated in the future by the phone's clock, belongs to who owns the folder (or to the system), and has not shrunk to
less than a quarter of the copies before it. An increment is complete when it is all that but the last, and the
newest full copy before it is complete: alone it restores nothing. Nobody reads a backup's content here, so a file
that was damaged in the middle passes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median_low

from agent.messages import Message
from agent.probes.whatsapp_storage import Folder, StoredFile

_FULL = re.compile(r"msgstore(?:-\d{4}-\d\d-\d\d\.\d{1,3})?\.db\.crypt\d{1,2}")
_INCREMENT = re.compile(r"msgstore-increment-\d{1,4}(?:-\d{4}-\d\d-\d\d\.\d{1,3})?\.db\.crypt\d{1,2}")
_SYSTEM = frozenset({0, 1023})  # root (sdcardfs, Android 8 to 10) and media_rw own files for everybody
_FIRST_APP = 10_000
_ENDING_BYTES = 32  # what closes a file: the cipher's tag and a checksum, 16 bytes each
_LEAST_HEADER = 2  # of a file whose header was not read: too short to have one, or not among the newest
_AHEAD_S = 120
_SHRUNK = 4
_BEFORE = 3

NOT_ITS_NAME = Message("its name is not one of WhatsApp's")
NO_CONTENT = Message("it holds no chats: {size} bytes")
SHRUNKEN = Message("it is much smaller than the copies before it: {size} bytes against {usual}")
FUTURE = Message("it is dated in the future by the phone's own clock")
ANOTHER_OWNER = Message("it belongs to another app (uid {owner})")
NO_BASE = Message("it is an increment without a complete full copy before it")


@dataclass(frozen=True, slots=True)
class Copy:
    """A complete backup. `base`: the full copy without which an increment restores nothing."""

    file: StoredFile
    base: StoredFile | None = None

    @property
    def files(self) -> tuple[StoredFile, ...]:
        """All files that a restoration needs."""
        return (self.file, self.base) if self.base else (self.file,)


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that looks like a backup and is none."""

    file: StoredFile
    why: Message


def judge(folder: Folder, now_s: int) -> Iterator[Copy | Refused]:
    """Tell complete backups from the rest, oldest first; `now_s` is the phone's clock in seconds."""
    before: list[StoredFile] = []  # full copies with content
    base: Copy | Refused | None = None
    # At the same second the full copy comes first: the increment is made upon it.
    for file in sorted(folder.files, key=lambda file: (file.modified_s, _INCREMENT.fullmatch(file.name) is not None)):
        increment = _INCREMENT.fullmatch(file.name)
        why = _plainly_wrong(file, folder, now_s)
        if why is None and not increment:
            why = _shrunken(file, before)
            before.append(file)
        if why is None and increment and not isinstance(base, Copy):
            why = NO_BASE
        if why is not None:
            judged: Copy | Refused = Refused(file, why)
        else:
            judged = Copy(file, base.file if increment and base else None)
        if _FULL.fullmatch(file.name) and why is not FUTURE:
            base = judged
        yield judged


def _plainly_wrong(file: StoredFile, folder: Folder, now_s: int) -> Message | None:
    if not (_FULL.fullmatch(file.name) or _INCREMENT.fullmatch(file.name)):
        return NOT_ITS_NAME
    header = re.match(r"\d{1,3}", file.skeleton or "")
    if file.size_bytes <= (int(header[0]) + 1 if header else _LEAST_HEADER) + _ENDING_BYTES:
        return Message(NO_CONTENT.sentence, {"size": file.size_bytes})
    if file.modified_s > now_s + _AHEAD_S:
        return FUTURE
    if (folder.owner or 0) >= _FIRST_APP and file.owner not in _SYSTEM | {folder.owner}:
        return Message(ANOTHER_OWNER.sentence, {"owner": file.owner})
    return None


def _shrunken(file: StoredFile, before: Sequence[StoredFile]) -> Message | None:
    if not before:
        return None
    usual = median_low(each.size_bytes for each in before[-_BEFORE:])
    if file.size_bytes * _SHRUNK >= usual:
        return None
    return Message(SHRUNKEN.sentence, {"size": file.size_bytes, "usual": usual})
