"""The journal: what it keeps, what it forgets, and how it fails."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.messages import Message
from agent.schedule import Journal, Night
from agent.schedule.journal import Attempt, JournalError, Seen, in_every_language

OPENS = datetime(2026, 11, 24, 22, tzinfo=UTC)
NIGHT = Night("night", OPENS, OPENS + timedelta(hours=7))
NEXT = Night("night", OPENS + timedelta(days=1), OPENS + timedelta(days=1, hours=7))
OTHER = Night("day", OPENS, OPENS + timedelta(hours=7))

WHY = in_every_language(Message("the phone went away: {why}", {"why": "{x}"}))
FAILED = Attempt("A1", "2026-11-24T22:00:05Z", "failed", reasons=WHY)
SCANNED = Attempt("A1", "2026-11-24T22:10:05Z", "scanned", "192.0.2.7:5555", "non_compliant", "r1")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "new" / "schedule.sqlite3")


def test_what_is_noted_of_one_night_is_read_of_that_night(journal: Journal) -> None:
    journal.expect(NIGHT, [("B2", None), ("A1", "Reception")])
    journal.expect(NIGHT, [("A1", "renamed"), ("C3", None)])
    journal.note(NIGHT, FAILED)
    journal.note(NIGHT, SCANNED)
    assert journal.expected(NIGHT) == {"B2": None, "A1": "Reception", "C3": None}
    assert journal.attempts(NIGHT) == {"A1": [FAILED, SCANNED]}
    assert journal.seen() == {"A1": Seen("192.0.2.7:5555", "2026-11-24T22:10:05Z")}
    for other in (NEXT, OTHER):
        assert (journal.expected(other), journal.attempts(other)) == ({}, {})


def test_old_nights_are_forgotten_and_when_a_phone_was_seen_is_not(journal: Journal) -> None:
    for night in (NIGHT, NEXT):
        journal.expect(night, [("A1", None)])
        journal.note(night, SCANNED)
    journal.forget_before(NEXT.opens_at)
    assert (journal.attempts(NIGHT), journal.expected(NIGHT)) == ({}, {})
    assert (journal.attempts(NEXT), journal.expected(NEXT)) == ({"A1": [SCANNED]}, {"A1": None})
    assert journal.seen().keys() == {"A1"}


def test_when_a_job_is_due(journal: Journal) -> None:
    assert journal.due("window night") is None
    journal.remember_due("window night", "daily", OPENS)
    journal.remember_due("window night", "daily", OPENS + timedelta(seconds=1))
    assert journal.due("window night") == ("daily", "2026-11-24T22:00:01Z")
    journal.forget_due("window night")
    assert journal.due("window night") is None


@pytest.mark.parametrize("damage", [b"no database", b"SQLite format 3\0" + bytes(100)])
def test_a_damaged_journal_is_one_sentence(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "schedule.sqlite3"
    path.write_bytes(damage * 100)
    with pytest.raises(JournalError, match=r"the journal .*schedule\.sqlite3 cannot be used: "):
        Journal(path).seen()
