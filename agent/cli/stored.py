"""Phones out of saved files: reports as JSON lines, or any capture."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from agent.capture import quoted
from agent.messages import Message, PostureError, because
from agent.policy import recorded
from agent.policy.diff import Phone
from agent.policy.terms import Profile
from agent.report.model import Report


def phones(path: Path, profile: Profile) -> Iterator[Phone]:
    """Every phone in one file; `profile` is for captures, a report knows its own. Raises PostureError."""
    if path.suffix in (".json", ".jsonl"):
        yield from _reports(path)
        return
    from agent.capture.sources import open_capture  # noqa: PLC0415 - heavy, and not for reports
    from agent.probes import read_facts  # noqa: PLC0415

    capture = open_capture(path)
    yield Phone(path.name, read_facts(capture), profile, capture.captured_at, capture.serial)


def _reports(path: Path) -> Iterator[Phone]:
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield _phone(path, number, line)
    except OSError as error:
        why = because(error)
        raise PostureError(Message("{path} cannot be read: {why}", {"path": str(path), "why": why})) from error


def _phone(path: Path, number: int, line: bytes) -> Phone:
    try:
        report = Report.model_validate_json(line)
        told = report.model_dump(mode="json")
        name = f"{report.device.model or '?'} · {report.device.serial} ({path.name}:{number})"
        answers = recorded.attestations(told["results"])
    except (ValidationError, KeyError, ValueError, TypeError) as error:
        why = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        values: dict[str, str | int | Message] = {"path": str(path), "line": number, "why": quoted(why)}
        raise PostureError(Message("{path}:{line}: is no report: {why}", values), permanent=True) from error
    at = datetime.fromisoformat(report.scanned_at)
    return Phone(quoted(name), recorded.facts(told["facts"]), report.profile, at, report.device.serial, answers)
