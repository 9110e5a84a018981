"""The outbox: signed reports that a collector has not acknowledged yet, safe across power cuts (SQLite)."""

import sqlite3
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent import database
from agent.facts import instant
from agent.messages import Message, PostureError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS waiting (
    report_id   TEXT PRIMARY KEY,
    serial      TEXT NOT NULL,
    collector   TEXT NOT NULL,
    signed      TEXT NOT NULL,
    created_at  TEXT NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    next_try_at TEXT NOT NULL,
    refused     INTEGER NOT NULL DEFAULT 0,
    last_error  TEXT
) STRICT
"""
_COLUMNS = "report_id, serial, collector, signed, created_at, attempts, next_try_at, refused, last_error"
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=6)
_UNUSABLE = Message("the outbox {path} cannot be used: {why}; free some disk space or mend the file's permissions")


class OutboxError(PostureError):
    """The outbox cannot be read or written: disk full, no permission, damaged file."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A report that waits. `refused` means that the collector said no for good: only `--retry` tries it again."""

    report_id: str
    serial: str
    collector: str
    signed: str
    created_at: str
    attempts: int
    next_try_at: str
    refused: bool
    last_error: str | None


class Outbox:
    """The reports that wait, in one file of the agent's data folder. Safe for several processes at once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def folder(self) -> Path:
        """The agent's data folder."""
        return self._path.parent

    def _open(self) -> AbstractContextManager[sqlite3.Connection]:
        return database.opened(self._path, _SCHEMA, OutboxError, _UNUSABLE)

    def put(self, report_id: str, serial: str, collector: str, signed: str) -> None:
        """Keep a signed report until the collector at that address has it; it is on disk when this returns."""
        now = instant(datetime.now(UTC))
        with self._open() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO waiting (report_id, serial, collector, signed, created_at, next_try_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (report_id, serial, collector, signed, now, now),
            )

    def waiting(self) -> list[Waiting]:
        """All that waits, oldest first."""
        return self._select("ORDER BY created_at, report_id", ())

    def due(self, now: datetime) -> list[Waiting]:
        """What should be tried by now, oldest first."""
        where = "WHERE refused = 0 AND next_try_at <= ? ORDER BY created_at, report_id"
        return self._select(where, (instant(now),))

    def _select(self, where: str, values: tuple[str, ...]) -> list[Waiting]:
        if not self._path.exists():
            return []
        with self._open() as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM waiting {where}", values).fetchall()  # noqa: S608
        return [Waiting(**{**row, "refused": bool(row["refused"])}) for row in map(dict, rows)]

    def delivered(self, report_id: str) -> None:
        """Forget a report: the collector has it."""
        with self._open() as connection:
            connection.execute("DELETE FROM waiting WHERE report_id = ?", (report_id,))

    def failed(self, item: Waiting, why: str, *, now: datetime, jitter: float, permanent: bool) -> datetime:
        """Note a failed try and return when the next is due: 30 s, doubled each time, at most 6 h.

        jitter: 0 to 1; a crowd of agents must not come back all at once.
        """
        wait: timedelta = min(_FIRST_WAIT * 2 ** min(item.attempts, 20), _LONGEST_WAIT) * (0.5 + jitter / 2)
        with self._open() as connection:
            connection.execute(
                "UPDATE waiting SET attempts = attempts + 1, next_try_at = ?, last_error = ?, refused = ?"
                " WHERE report_id = ?",
                (instant(now + wait), why, int(permanent), item.report_id),
            )
        return now + wait

    def retry_all(self) -> None:
        """Make everything due now, what was refused too."""
        with self._open() as connection:
            connection.execute("UPDATE waiting SET next_try_at = created_at, refused = 0")
