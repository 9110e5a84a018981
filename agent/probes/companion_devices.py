"""WhatsApp's own list of linked devices, read as root where the phone's owner allows it.

`databases/companion_devices.db` below WhatsApp's folder, for each user and each account. The table `devices`, versions
1 to 25 of its schema, as WhatsApp's releases of 2020 to 2026 create it: `device_id` (holds the phone number),
`device_os`, `platform_type` (a number of DeviceProps.PlatformType), `last_active` (milliseconds, when the device came
or went last), `login_time`, `logout_time` (not 0: logged out, the row goes later), `nickname` (version 9 on), and what
each device supports.

Android has no tool that reads it, so the whole file comes to the workstation: a few kilobytes, the newest rows in the
`-wal` beside it. There `distil` reads it in a folder that only this user may enter and that is gone a moment later, and
keeps name, platform, last activity and whether it was logged out. Nothing else is stored, shown or sent.
"""

import base64
import binascii
import hashlib
import re
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.capture import quoted

FILE_BYTES = 1024 * 1024
_LINES = FILE_BYTES // 57 + 1  # base64 of toybox: 57 bytes a line

# What root prints: `= USER PACKAGE FOLDER`, then `+ FILE` above each file's base64, then `# FILE SHA-256`, summed after
# all were read.
READ = rf"""D=${{ANDROID_DATA:-/data}}
for d in "$D"/data "$D"/user/[1-9]*; do u=${{d##*/}}; [ "$u" = data ] && u=0
for p in com.whatsapp com.whatsapp.w4b; do for b in "$d/$p" "$d/$p"/accounts/*; do [ -d "$b" ] || continue
f=$b/databases/companion_devices.db; echo "= $u $p ${{b#"$D/"}}"
for s in "" -wal -journal; do [ -s "$f$s" ] && echo "+ db$s" && base64 "$f$s" | head -n {_LINES + 1}; done
for s in "" -wal -journal; do [ -s "$f$s" ] && echo "# db$s $(sha256sum <"$f$s")"; done
done; done; done; echo "= end" """

Package = Literal["com.whatsapp", "com.whatsapp.w4b"]
Trouble = Literal["absent", "changed", "too large", "damaged", "other form"]


class Device(BaseModel):
    """One row. `last_active` in milliseconds since 1970, None where it never was; `linked` False: logged out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(max_length=100)
    platform: str = Field(max_length=40)
    last_active: int | None = Field(ge=0, le=10**14)
    linked: bool


class Database(BaseModel):
    """One account's list. `folder` is below the user's data; `trouble` says why there are no devices."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: int = Field(ge=0, le=99999)
    package: Package
    folder: str = Field(max_length=100)
    trouble: Trouble | None = None
    devices: tuple[Device, ...] = Field(default=(), max_length=64)


class Databases(BaseModel):
    """Everything that is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    databases: tuple[Database, ...] = Field(max_length=64)


class _UnreadableError(Exception):
    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble)
        self.trouble: Trouble = trouble


def distil(data: bytes) -> bytes:
    """Return `Databases` as JSON; where root was refused what the phone said; nothing of an answer out of form."""
    lines = data.decode("ascii", errors="replace").splitlines()
    heads = [at for at, line in enumerate(lines) if line.startswith("= ")]
    if not heads:
        return quoted(" ".join(lines)).encode()
    if len(heads) > 65 or lines[heads[-1]].rstrip() != "= end":
        return b""
    found = []
    for start, end in pairwise(heads):
        if (head := _HEAD.fullmatch(lines[start].rstrip())) is None:
            return b""
        bare = Database(user=int(head[1]), package=_PACKAGES[head[2]], folder=head[3])
        found.append(_database(bare, lines[start + 1 : end]))
    return Databases(databases=tuple(found)).model_dump_json().encode()


_PACKAGES: dict[str, Package] = {"com.whatsapp": "com.whatsapp", "com.whatsapp.w4b": "com.whatsapp.w4b"}
_HEAD = re.compile(r"= (\d{1,5}) (com\.whatsapp(?:\.w4b)?) ([A-Za-z0-9_./-]{1,100})")
_SUM = re.compile(r"# (db\S*) ([0-9a-f]{64})(?: .*)?")


def _database(bare: Database, body: Iterable[str]) -> Database:
    try:
        return bare.model_copy(update={"devices": tuple(read(_files(body)))})
    except _UnreadableError as error:
        return bare.model_copy(update={"trouble": error.trouble})


def _files(body: Iterable[str]) -> dict[str, bytes]:
    """Return the files by `db`, `db-wal`, `db-journal`: those that nobody wrote to while they were read."""
    encoded: dict[str, list[str]] = {}
    sums: dict[str, str] = {}
    current: list[str] | None = None
    for line in body:
        if line in ("+ db", "+ db-wal", "+ db-journal"):
            current = encoded.setdefault(line[2:], [])
        elif found := _SUM.fullmatch(line):
            sums[found[1]] = found[2]
        elif current is not None:
            current.append(line)
    if "db" not in encoded:
        raise _UnreadableError("absent")
    if any(len(lines) > _LINES for lines in encoded.values()):
        raise _UnreadableError("too large")
    try:
        files = {name: base64.b64decode("".join(lines), validate=True) for name, lines in encoded.items()}
    except (binascii.Error, ValueError) as error:
        raise _UnreadableError("damaged") from error
    if {name: hashlib.sha256(data).hexdigest() for name, data in files.items()} != sums:
        raise _UnreadableError("changed")
    return files


_MAYBE = {"logout_time": "0", "nickname": "NULL"}  # columns that old versions do not have
_STEPS = 200  # times 1000 of SQLite's own steps: a view that never ends is left


def read(files: Mapping[str, bytes]) -> list[Device]:
    """Read the table from the bytes of the database and of its `-wal`; a phone may be hostile, so within bounds."""
    try:
        with TemporaryDirectory(prefix="posture-") as folder:
            for name, data in files.items():
                (Path(folder) / name).write_bytes(data)
            with closing(sqlite3.connect((Path(folder) / "db").as_uri() + "?mode=ro", uri=True)) as connection:
                return [_device(row) for row in _rows(connection)]
    except (sqlite3.Error, OverflowError, UnicodeError, MemoryError) as error:
        raise _UnreadableError("damaged") from error


def _rows(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    connection.text_factory = lambda raw: raw.decode("utf-8", errors="replace")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, FILE_BYTES)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    steps = iter(range(_STEPS))
    connection.set_progress_handler(lambda: next(steps, None) is None, 1000)
    connection.set_authorizer(
        lambda action, *_: (
            sqlite3.SQLITE_OK if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ) else sqlite3.SQLITE_DENY
        )
    )
    kinds = connection.execute("SELECT type FROM sqlite_master WHERE name = 'devices'").fetchmany(2)
    if kinds != [("table",)]:
        raise _UnreadableError("other form")
    there = {column[0] for column in connection.execute("SELECT * FROM devices LIMIT 0").description}
    if not {"device_id", "device_os", "platform_type", "last_active"} <= there:
        raise _UnreadableError("other form")
    logout, nickname = (name if name in there else instead for name, instead in _MAYBE.items())
    wanted = f"SELECT device_os, {nickname}, platform_type, last_active, {logout} FROM devices LIMIT 65"  # noqa: S608
    rows: list[tuple[object, ...]] = connection.execute(wanted).fetchall()
    if len(rows) > 64:
        raise _UnreadableError("other form")
    return rows


def _device(row: tuple[object, ...]) -> Device:
    system, nickname, platform, last_active, logout = row
    if (
        not all(isinstance(text, str | None) for text in (system, nickname))
        or not all(isinstance(number, int | None) for number in (platform, last_active, logout))
        or not 0 <= (active := int(str(last_active or 0))) <= 10**14
    ):
        raise _UnreadableError("other form")
    word = _PLATFORMS.get(platform if isinstance(platform, int) else 0, f"platform {platform}")
    named = nickname or system or word
    return Device(name=quoted(str(named), 100), platform=word[:40], last_active=active or None, linked=not logout)


# DeviceProps.PlatformType of WhatsApp's protocol, as its open clients have it.
_PLATFORMS = dict(
    enumerate(
        (
            *("unknown", "chrome", "firefox", "ie", "opera", "safari", "edge", "desktop", "ipad", "android-tablet"),
            *("ohana", "aloha", "catalina", "tcl-tv", "ios-phone", "ios-catalyst", "android-phone"),
            *("android-ambiguous", "wear-os", "ar-wrist", "ar-device", "uwp", "vr", "cloud-api", "smartglasses"),
        )
    )
)
