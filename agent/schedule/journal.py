"""What happened in each night, phone by phone, and when what is due next: SQLite, in the agent's data folder."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, cast

from agent import database
from agent.facts import instant
from agent.messages import LANGUAGES, Language, Message, PostureError
from agent.policy.terms import Verdict
from agent.schedule.windows import Night

_SCHEMA = """
CREATE TABLE IF NOT EXISTS expected (
    window TEXT NOT NULL, opens_at TEXT NOT NULL, phone TEXT NOT NULL, name TEXT,
    PRIMARY KEY (window, opens_at, phone)
) STRICT;
CREATE TABLE IF NOT EXISTS attempts (
    window TEXT NOT NULL, opens_at TEXT NOT NULL, phone TEXT NOT NULL, ended_at TEXT NOT NULL,
    outcome TEXT NOT NULL, place TEXT, verdict TEXT, report_id TEXT, reasons TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS attempts_of_a_night ON attempts (window, opens_at);
CREATE TABLE IF NOT EXISTS seen (
    phone TEXT PRIMARY KEY, place TEXT NOT NULL, scanned_at TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS due (
    job TEXT PRIMARY KEY, trigger TEXT NOT NULL, next_run_at TEXT NOT NULL
) STRICT;
"""

Outcome = Literal["scanned", "partly", "failed"]
"""A phone was looked at; it went away before it had said all; it could not be scanned."""
_UNUSABLE = Message("the journal {path} cannot be used: {why}; free some disk space or mend the file's permissions")


class JournalError(PostureError):
    """The journal cannot be read or written: disk full, no permission, damaged file."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at one phone. `reasons`: why it is not `scanned`, in every language. `place`: where it was found."""

    phone: str
    ended_at: str
    outcome: Outcome
    place: str | None = None
    verdict: Verdict | None = None
    report_id: str | None = None
    reasons: Mapping[Language, str] | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """When a phone was last wholly scanned, and where."""

    place: str
    scanned_at: str


def in_every_language(reason: Message) -> dict[Language, str]:
    """A reason as the journal keeps it: whoever reads it need not speak the scheduler's language."""
    return {each: reason(each) for each in LANGUAGES}


class Journal:
    """The journal, in one file. Safe for several threads and processes: each call has a connection of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def _open(self) -> AbstractContextManager[sqlite3.Connection]:
        return database.opened(self._path, _SCHEMA, JournalError, _UNUSABLE)

    def expect(self, night: Night, phones: Sequence[tuple[str, str | None]]) -> None:
        """Note which phones (key and name) a night is to scan; what was expected once stays so."""
        with self._open() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO expected VALUES (?, ?, ?, ?)",
                [(*_key(night), phone, name) for phone, name in phones],
            )

    def expected(self, night: Night) -> dict[str, str | None]:
        """The phones that a night was to scan, with their names; empty when no scheduler was there."""
        with self._open() as connection:
            rows = connection.execute(
                "SELECT phone, name FROM expected WHERE window = ? AND opens_at = ? ORDER BY rowid", _key(night)
            )
            return {row["phone"]: row["name"] for row in rows}

    def note(self, night: Night, attempt: Attempt) -> None:
        """Keep an attempt, and where a scanned phone was found."""
        reasons = None if attempt.reasons is None else json.dumps(attempt.reasons)
        with self._open() as connection:
            connection.execute(
                "INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *_key(night),
                    attempt.phone,
                    attempt.ended_at,
                    attempt.outcome,
                    attempt.place,
                    attempt.verdict,
                    attempt.report_id,
                    reasons,
                ),
            )
            if attempt.outcome == "scanned":
                connection.execute(
                    "INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", (attempt.phone, attempt.place, attempt.ended_at)
                )

    def attempts(self, night: Night) -> dict[str, list[Attempt]]:
        """All attempts of a night by phone, oldest first."""
        with self._open() as connection:
            rows = connection.execute(
                "SELECT * FROM attempts WHERE window = ? AND opens_at = ? ORDER BY rowid", _key(night)
            ).fetchall()
        found: dict[str, list[Attempt]] = {}
        for row in rows:
            found.setdefault(row["phone"], []).append(_attempt(row))
        return found

    def seen(self) -> dict[str, Seen]:
        """Every phone that was ever wholly scanned."""
        with self._open() as connection:
            rows = connection.execute("SELECT * FROM seen").fetchall()
        return {row["phone"]: Seen(row["place"], row["scanned_at"]) for row in rows}

    def forget_before(self, at: datetime) -> None:
        """Drop the nights that opened before an instant; when each phone was last seen stays."""
        with self._open() as connection:
            for table in ("expected", "attempts"):
                connection.execute(f"DELETE FROM {table} WHERE opens_at < ?", (instant(at),))  # noqa: S608

    def due(self, job: str) -> tuple[str, str] | None:
        """The trigger of a job that is to run, as it was then, and when it is due."""
        with self._open() as connection:
            row = connection.execute("SELECT trigger, next_run_at FROM due WHERE job = ?", (job,)).fetchone()
        return None if row is None else (row["trigger"], row["next_run_at"])

    def remember_due(self, job: str, trigger: str, next_run_at: datetime) -> None:
        """Keep when a job is due."""
        with self._open() as connection:
            connection.execute("INSERT OR REPLACE INTO due VALUES (?, ?, ?)", (job, trigger, instant(next_run_at)))

    def forget_due(self, job: str) -> None:
        """Forget a job."""
        with self._open() as connection:
            connection.execute("DELETE FROM due WHERE job = ?", (job,))


def _key(night: Night) -> tuple[str, str]:
    return night.window, instant(night.opens_at)


def _attempt(row: sqlite3.Row) -> Attempt:
    return Attempt(
        phone=row["phone"],
        ended_at=row["ended_at"],
        outcome=cast("Outcome", row["outcome"]),
        place=row["place"],
        verdict=cast("Verdict | None", row["verdict"]),
        report_id=row["report_id"],
        reasons=None if row["reasons"] is None else json.loads(row["reasons"]),
    )
