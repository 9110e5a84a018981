"""OCSF 1.3.0, class Compliance Finding (2003): one event a result, one event a line.

inconclusive and error are status 0 (Unknown), never 1 (Pass). An exception leaves the compliance status as it was
measured and suppresses the finding.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from agent.messages import Language
from agent.report.export.wording import message, remediation, stated, title
from agent.report.model import Report, ReportedResult

VERSION = "1.3.0"
_COMPLIANCE = {
    "pass": (1, "Pass"),
    "fail": (3, "Fail"),
    "inconclusive": (0, "Unknown"),
    "error": (0, "Unknown"),
    "not_applicable": (99, "Not applicable"),
}
_SEVERITIES = {"low": (2, "Low"), "medium": (3, "Medium"), "high": (4, "High"), "critical": (5, "Critical")}
_INFORMATIONAL = (1, "Informational")
_NEW, _SUPPRESSED, _RESOLVED = (1, "New"), (3, "Suppressed"), (4, "Resolved")


def export(reports: Sequence[Report], language: Language) -> str:
    """JSON lines."""
    events = (_event(report, each, language) for report in reports for each in report.results)
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in events)


def _event(report: Report, result: ReportedResult, language: Language) -> dict[str, Any]:
    status = result.measured_status if result.status == "waived" else result.status
    severity_id, severity = _SEVERITIES[result.severity] if status == "fail" else _INFORMATIONAL
    state_id, state = _state(result)
    compliance_id, compliance = _COMPLIANCE[status]
    at_ms = int(datetime.fromisoformat(report.scanned_at).timestamp() * 1000)
    event: dict[str, Any] = {
        "activity_id": 1,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2003,
        "class_name": "Compliance Finding",
        "type_uid": 200301,
        "type_name": "Compliance Finding: Create",
        "time": at_ms,
        "severity_id": severity_id,
        "severity": severity,
        "status_id": state_id,
        "status": state,
        "message": message(result, language),
        "metadata": {
            "version": VERSION,
            "product": {"name": "Phone Posture", "vendor_name": "Phone Posture", "version": report.agent.version},
            "correlation_uid": report.report_id,
        },
        "finding_info": {
            "uid": f"{report.report_id}/{result.rule}",
            "title": title(result, language),
            "desc": message(result, language),
            "created_time": at_ms,
        },
        "compliance": {
            "standards": [f"{report.policy.id} {report.policy.version}", *result.maps],
            "requirements": [
                f"{report.policy.id} {result.clause}",
                *(f"{name} {control}" for name, controls in result.maps.items() for control in controls),
            ],
            "control": result.rule,
            "status_id": compliance_id,
            "status": compliance,
            "status_detail": message(result, language),
        },
        "resources": [
            {
                "uid": report.device.serial,
                "name": report.device.model or report.device.serial,
                "type": "phone",
                "data": {**report.device.model_dump()},
            }
        ],
        "unmapped": {
            "status": result.status,
            "measured_status": result.measured_status,
            "stated_by_a_person": stated(result),
            "in_the_way": result.in_the_way,
            "waiver": result.waiver,
            "attestation": result.attestation,
            "policy_sha256": report.policy.sha256,
            "verdict": report.verdict,
        },
    }
    if what_to_do := remediation(result, language):
        event["remediation"] = {"desc": what_to_do}
    return event


def _state(result: ReportedResult) -> tuple[int, str]:
    if result.status == "waived":
        return _SUPPRESSED
    return _RESOLVED if result.status in ("pass", "not_applicable") else _NEW
