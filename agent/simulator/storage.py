"""The phone's private file tree: storage of its users, cards, and what only root may see."""

import hashlib
import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from agent.simulator.moments import Clock, fill
from agent.simulator.scenario import Scenario, StoredFile

_NOISE_BYTES = 64 * 1024
_MAGIC = {
    "jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01",
    "mp4": b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00",
    "opus": b"OggS\x00\x02",
    "crypt12": b"\x00\x01\x00",
}
_ALWAYS_THERE = ("Android/data", "Android/media", "Android/obb", "DCIM", "Documents", "Download", "Pictures")
_KEYS = {"whatsapp": 0, "end-to-end": 1, "password": 2, "64-digit": 3, "passkey": 4}


def build(root: Path, scenario: Scenario, clock: Clock) -> None:
    """Lay out `sdcard`, `storage`, `data` and `root-data` below `root`, as an unlocked phone has them.

    Before the first unlock after a boot the users' storage is encrypted, so it is there and empty.
    """
    owner = root / "storage" / "emulated" / "0"
    for folder in (owner, root / "storage" / "self", root / "data" / "local" / "tmp", root / "root-data" / "data"):
        folder.mkdir(parents=True)
    (root / "storage" / "self" / "primary").symlink_to(owner)
    (root / "sdcard").symlink_to(root / "storage" / "self" / "primary")
    (root / "data" / "data").mkdir(mode=0o311)  # to pass through, not to list
    for user in {0, *(user.id for user in scenario.users if user.running)}:
        storage = root / "storage" / "emulated" / str(user)
        storage.mkdir(exist_ok=True)
        for name in () if scenario.locked_since_boot else _ALWAYS_THERE:
            (storage / name).mkdir(parents=True)
    folders: list[tuple[Path, datetime]] = []
    for entry in scenario.files:
        if scenario.locked_since_boot and entry.path.startswith(("sdcard/", "storage/")):
            continue
        moment = clock.at(entry.at)
        for number in range(1, entry.count + 1):
            path = _place(root, entry.path.replace("{n}", str(number)))
            if entry.kind == "folder":
                path.mkdir(parents=True, exist_ok=True)
                folders.append((path, moment))
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                if entry.kind == "sqlite":
                    _write_database(path, fill(entry.text.encode(), clock).decode())
                else:
                    _write(path, entry)
                _date(path, moment)
    for path, moment in folders:  # last: what is written into a folder changes its time
        _date(path, moment)


def _place(root: Path, path: str) -> Path:
    first, rest = path.split("/", 1)
    if first == "sdcard":
        return root / "storage" / "emulated" / "0" / rest
    if first == "root":
        return root / "root-data" / rest.removeprefix("data/")
    return root / first / rest


def _write(path: Path, entry: StoredFile) -> None:
    seed = path.name.encode()
    if entry.kind == "text":
        path.write_text(entry.text, "utf-8")
        return
    start = backup_header(entry) if entry.kind in ("crypt14", "crypt15") else _MAGIC.get(entry.kind, b"")
    noise = hashlib.shake_128(seed).digest(max(0, min(entry.size, _NOISE_BYTES) - len(start)))
    with path.open("wb") as file:
        file.write((start + noise)[: entry.size])
        file.truncate(entry.size)


def _write_database(path: Path, sql: str) -> None:
    """Leave it as an app that runs does: its newest pages in the `-wal`, which closing would write back."""
    wal = path.with_name(f"{path.name}-wal")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.executescript(sql)
        written = path.read_bytes(), wal.read_bytes()
    path.write_bytes(written[0])
    wal.write_bytes(written[1])


def _date(path: Path, moment: datetime) -> None:
    os.utime(path, (moment.timestamp(), moment.timestamp()))


def backup_header(entry: StoredFile) -> bytes:
    """The plain head of a WhatsApp backup: the length of a message, a mark for its features, the message.

    Fields: 1 old kind of key, 2 (crypt14: key held by WhatsApp: cipher version, key version, server salt,
    id salt, IV) or 3 (crypt15: the user's own key: IV), 4 (app version, last digits of the number,
    features), 6 new kind of key. Source: the definitions of wa-crypt-tools.
    """
    noise = hashlib.shake_128(entry.path.encode()).digest(64)
    about = _text(1, b"2.26.1.74") + _text(3, b"00") + b"\x30\x01\x38\x01"
    if entry.kind == "crypt15":
        message = b"\x08\x01" + _text(3, _text(1, noise[:16])) + _text(4, about)
    else:
        cipher = _text(1, b"\x00\x01") + _text(2, b"1") + _text(3, noise[:32]) + _text(4, noise[32:48])
        message = b"\x08\x00" + _text(2, cipher + _text(5, noise[48:64])) + _text(4, about)
    if entry.key is not None:
        message += bytes([6 << 3, _KEYS[entry.key]])
    return bytes([len(message)]) + b"\x01" + message


def _text(field: int, value: bytes) -> bytes:
    """One length-delimited protobuf field, shorter than 128 bytes."""
    return bytes([field << 3 | 2, len(value)]) + value
