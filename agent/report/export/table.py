"""CSV (RFC 4180), one result a row, for spreadsheets. A cell that a spreadsheet would read as a formula is quoted."""

import csv
import io
from collections.abc import Iterator, Sequence

from agent.messages import Language
from agent.report.export.wording import message, remediation, title
from agent.report.model import Report, ReportedResult

COLUMNS = (
    "report_id", "scanned_at", "serial", "manufacturer", "model", "android_version", "security_patch", "profile",
    "policy", "policy_version", "verdict", "rule", "clause", "kind", "status", "measured_status", "severity",
    "strength", "in_the_way", "title", "message", "remediation", "waived_until", "stated_by", "maps",
)  # fmt: skip

# What Excel, LibreOffice or Sheets may read as the start of a formula (OWASP, "CSV Injection"), full-width forms too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def export(reports: Sequence[Report], language: Language) -> str:
    """One row a result, under one row of names."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for report in reports:
        writer.writerows([_cell(value) for value in _row(report, each, language)] for each in report.results)
    return out.getvalue()


def _row(report: Report, result: ReportedResult, language: Language) -> Iterator[object]:
    device = report.device
    yield from (report.report_id, report.scanned_at, device.serial, device.manufacturer, device.model)
    yield from (device.android_version, device.security_patch, report.profile)
    yield from (report.policy.id, report.policy.version, report.verdict)
    yield from (result.rule, result.clause, result.kind, result.status, result.measured_status)
    yield from (result.severity, result.strength, result.in_the_way)
    yield from (title(result, language), message(result, language), remediation(result, language))
    yield (result.waiver or {}).get("until")
    yield (result.attestation or {}).get("by")
    yield "; ".join(f"{name}: {', '.join(controls)}" for name, controls in result.maps.items())


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"'{text}" if text.lstrip(" \xa0").startswith(_FORMULA) else text
