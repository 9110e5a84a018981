"""What still holds of a report after its exceptions and statements have lapsed.

A report says how things stood when the phone was looked at. Read later, what has lapsed since no longer counts:
an expired exception or statement never shows as passed.
"""

from datetime import UTC, datetime
from typing import Any

from agent.report.model import Report, ReportedResult

_ENDS = ("until", "valid_until", "expires_at", "expires")


def holds_until(report: Report) -> datetime | None:
    """When the first exception or statement lapses that the verdict rests on; None when it rests on none."""
    return min((end for result in report.results if (end := _end(result))), default=None)


def standing(report: Report, now: datetime) -> Report:
    """The report with the statuses that still hold: what lapsed goes back to what was measured."""
    return report.model_copy(update={"results": tuple(_standing(result, now) for result in report.results)})


def _standing(result: ReportedResult, now: datetime) -> ReportedResult:
    end = _end(result)
    if end is None or now < end:
        return result
    measured = "inconclusive" if result.measured_status == "waived" else result.measured_status  # nobody measures that
    return result.model_copy(update={"status": measured, "in_the_way": None})


def _end(result: ReportedResult) -> datetime | None:
    if result.status == "waived":
        return _instant(result.waiver)
    if result.status == "pass" and result.measured_status != "pass" and result.attestation:
        return _instant(result.attestation)
    return None


def _instant(record: dict[str, Any] | None) -> datetime | None:
    for name in _ENDS:
        text = (record or {}).get(name)
        if isinstance(text, str):
            try:
                at = datetime.fromisoformat(text)
                return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
            except (ValueError, OverflowError):
                return None
    return None
