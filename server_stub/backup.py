"""A copy of the whole SQLite database, taken and put back while the collector runs (SQLite's backup API).

PostgreSQL has its own tools for that (pg_dump, pg_basebackup), which know more than we do.
"""

import os
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

_WAIT_S = 30  # for another writer


def backup(to: Path) -> None:
    """Write one consistent copy, whole or not at all; readable by its owner only, since it names phones and people.

    Raises ValueError with a sentence: the database is not SQLite. OSError: the place cannot be written.
    """
    source = _file()
    part = to.with_name(f".{to.name}.{secrets.token_hex(4)}")
    part.touch(mode=0o600)
    try:
        with closing(sqlite3.connect(source, timeout=_WAIT_S)) as live, closing(sqlite3.connect(part)) as copy:
            live.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, without companions
        with part.open("rb+") as stream:
            os.fsync(stream.fileno())
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)


def restore(source: Path) -> None:
    """Put a copy back in one transaction: whoever reads meanwhile sees the old state or the new one.

    Raises ValueError with a sentence: not SQLite, no copy of a collector, a damaged one, or one of a later version.
    """
    target = _file()
    uri = f"{source.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as copy:
            _check(copy, source)
            with closing(sqlite3.connect(target, timeout=_WAIT_S)) as live:
                copy.backup(live)
    except sqlite3.DatabaseError as error:
        raise ValueError(f"{source} cannot be put back: {error}") from error


def _check(copy: sqlite3.Connection, source: Path) -> None:
    found = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise ValueError(f"{source} is damaged: {found}")
    applied = set(copy.execute("SELECT app, name FROM django_migrations"))
    ours = set(MigrationExecutor(connection).loader.disk_migrations)
    if ("phones", "0001_initial") not in applied:
        raise ValueError(f"{source} is no copy of a collector's database")
    if later := sorted(applied - ours):
        raise ValueError(f"{source} comes from a later version of the collector ({later[0][0]} {later[0][1]})")


def _file() -> str:
    if connection.vendor != "sqlite":
        raise ValueError("this collector's database is PostgreSQL; use pg_dump and pg_restore")
    return str(connection.settings_dict["NAME"])
