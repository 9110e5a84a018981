"""WhatsApp's database of linked devices as its versions create it, with invented devices; and a phone's root."""

import base64
import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

NUMBER = "15550100200"  # never to leave the reader
_FIRST = (
    "CREATE TABLE devices (_id INTEGER PRIMARY KEY AUTOINCREMENT, device_id TEXT, device_os TEXT, "
    "platform_type INTEGER, last_active INTEGER, login_time INTEGER{more})"
)
SCHEMAS = {
    5: _FIRST.format(more=", adv_key_index INTEGER NOT NULL DEFAULT 0"),
    9: _FIRST.format(more=", logout_time INTEGER, adv_key_index INTEGER, full_sync_required INTEGER, place_name TEXT"),
    25: _FIRST.format(
        more=", logout_time INTEGER NOT NULL DEFAULT 0, adv_key_index INTEGER NOT NULL DEFAULT 0, "
        "full_sync_required INTEGER NOT NULL DEFAULT 0, place_name TEXT, nickname TEXT, "
        "companion_meta_nonce TEXT, history_sync_config_protobuf BLOB, support_guest_chat INTEGER NOT NULL DEFAULT 0"
    ),
}
INDEX = "CREATE UNIQUE INDEX companion_device_jid_index ON devices (device_id)"


def row(number: int, **values: object) -> str:
    """SQL that links one device."""
    values = {"device_id": f"{NUMBER}:{number}@s.whatsapp.net", "login_time": 1777000000000, **values}
    given = ", ".join("NULL" if value is None else repr(value) for value in values.values())
    return f"INSERT INTO devices ({', '.join(values)}) VALUES ({given})"


def database(folder: Path, *statements: str, version: int = 25, behind: int = 99) -> dict[str, bytes]:
    """The files of a database that is in use; the statements from `behind` on stand in the `-wal` alone."""
    path = folder / "companion_devices.db"
    for file in folder.glob("companion_devices.db*"):
        file.unlink()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute(f"PRAGMA user_version = {version}")
        for at, statement in enumerate([SCHEMAS[version], INDEX, *statements]):
            if at == behind:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute(statement)
        if behind > len(statements) + 1:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        files = {"db": path.read_bytes(), "db-wal": path.with_name(f"{path.name}-wal").read_bytes()}
    return {name: data for name, data in files.items() if data}


def printed(files: dict[str, bytes], user: int = 0, package: str = "com.whatsapp", **sums: bytes) -> str:
    """What root prints of one account's files; `sums`: what a file holds by the end of the reading."""
    lines = [f"= {user} {package} {'data' if user == 0 else f'user/{user}'}/{package}"]
    for name, data in files.items():
        text = base64.b64encode(data).decode()
        lines += [f"+ {name}", *(text[at : at + 76] for at in range(0, len(text), 76))]
    for name, data in files.items():
        lines.append(f"# {name} {hashlib.sha256(sums.get(name, data)).hexdigest()}  -")
    return "".join(f"{line}\n" for line in lines)


END = "= end\n"
