"""OSCAL 1.1.3 assessment results (NIST): one result a phone, one observation and one finding a rule.

OSCAL knows only satisfied and not satisfied: all but a pass is not satisfied, and the reason says whether it failed or
was not proved. What does not apply has an observation and no finding. An exception is a risk whose deviation was
approved. The same reports give the same identifiers.
"""

import json
import uuid
from collections.abc import Sequence
from typing import Any

from agent.messages import Language
from agent.report.export.wording import message, phone, remediation, stated, title
from agent.report.model import Report, ReportedResult

VERSION = "1.1.3"
_NAMESPACE = uuid.UUID("6f6c0b0e-6d0a-5d38-9a2b-6a3f2f0c7d11")
_NS = "https://phone-posture.example/ns/oscal"
_REASONS = {"pass": "pass", "fail": "fail"}  # all else: other


def export(reports: Sequence[Report], language: Language) -> str:
    """One document."""
    newest = max((report.scanned_at for report in reports), default="1970-01-01T00:00:00Z")
    policies = {(each.policy.id, each.policy.version, each.policy.sha256): None for each in reports}
    document = {
        "uuid": _uuid("document", *(report.report_id for report in reports)),
        "metadata": {
            "title": "Phone Posture",
            "last-modified": newest,
            "version": newest,
            "oscal-version": VERSION,
        },
        "import-ap": {"href": "#" + _uuid("policy", *next(iter(policies), ("none",)))},
        "results": [_result(report, language) for report in reports],
        "back-matter": {
            "resources": [
                {
                    "uuid": _uuid("policy", *policy),
                    "title": f"{policy[0]} {policy[1]}",
                    "props": [_prop("sha256", policy[2])],
                }
                for policy in policies
            ]
        },
    }
    return json.dumps({"assessment-results": document}, ensure_ascii=False, indent=1) + "\n"


def _result(report: Report, language: Language) -> dict[str, Any]:
    subject = {"subject-uuid": _uuid("phone", report.device.serial), "type": "inventory-item"}
    told: dict[str, Any] = {
        "uuid": _uuid("result", report.report_id),
        "title": phone(report),
        "description": report.summary.get(language) or report.verdict,
        "start": report.scanned_at,
        "props": [
            _prop("report-id", report.report_id),
            _prop("verdict", report.verdict),
            _prop("profile", report.profile),
        ],
        "local-definitions": {"inventory-items": [_phone(report)]},
        "reviewed-controls": {
            "description": f"{report.policy.id} {report.policy.version}",
            "control-selections": [{"include-all": {}}],
        },
    }
    lists = {
        "observations": [_observation(report, each, subject, language) for each in report.results],
        "risks": [_risk(report, each, language) for each in report.results if each.status == "waived"],
        "findings": [_finding(report, each, language) for each in report.results if each.status != "not_applicable"],
    }
    return {**told, **{name: entries for name, entries in lists.items() if entries}}  # OSCAL has no empty lists


def _phone(report: Report) -> dict[str, Any]:
    device = report.device.model_dump()
    return {
        "uuid": _uuid("phone", report.device.serial),
        "description": phone(report),
        "props": [_prop(name.replace("_", "-"), str(value)) for name, value in device.items() if value is not None],
    }


def _observation(report: Report, result: ReportedResult, subject: Any, language: Language) -> dict[str, Any]:
    told: dict[str, Any] = {
        "uuid": _uuid("observation", report.report_id, result.rule),
        "title": title(result, language),
        "description": message(result, language),
        "props": _props(result),
        "methods": ["INTERVIEW" if stated(result) or result.kind == "attested" else "TEST"],
        "subjects": [subject],
        "collected": report.scanned_at,
    }
    evidence = [
        {"description": f"{line.source}: {line.line}".strip()}
        for name in result.facts
        if name in report.facts
        for line in report.facts[name].evidence
    ]
    return {**told, "relevant-evidence": evidence} if evidence else told


def _finding(report: Report, result: ReportedResult, language: Language) -> dict[str, Any]:
    status: dict[str, Any] = {
        "state": "satisfied" if result.status == "pass" else "not-satisfied",
        "reason": _REASONS.get(result.status, "other"),
    }
    if result.status not in _REASONS:
        status["remarks"] = result.status
    told: dict[str, Any] = {
        "uuid": _uuid("finding", report.report_id, result.rule),
        "title": title(result, language),
        "description": message(result, language),
        "props": _props(result),
        "target": {"type": "objective-id", "target-id": result.rule, "status": status},
        "related-observations": [{"observation-uuid": _uuid("observation", report.report_id, result.rule)}],
    }
    if what_to_do := remediation(result, language):
        told["remarks"] = what_to_do
    if result.status == "waived":
        told["related-risks"] = [{"risk-uuid": _uuid("risk", report.report_id, result.rule)}]
    return told


def _risk(report: Report, result: ReportedResult, language: Language) -> dict[str, Any]:
    waiver = result.waiver or {}
    return {
        "uuid": _uuid("risk", report.report_id, result.rule),
        "title": title(result, language),
        "description": message(result, language),
        "statement": str(waiver.get("reason") or result.rule),
        "status": "deviation-approved",
        **({"deadline": waiver["until"]} if "until" in waiver else {}),
    }


def _props(result: ReportedResult) -> list[dict[str, str]]:
    return [
        _prop("status", result.status),
        _prop("measured-status", result.measured_status),
        _prop("severity", result.severity),
        _prop("strength", result.strength),
        _prop("clause", result.clause),
        *(
            {**_prop("mapped-control", control), "remarks": name}
            for name, controls in result.maps.items()
            for control in controls
        ),
    ]


def _prop(name: str, value: str) -> dict[str, str]:
    return {"name": name, "ns": _NS, "value": " ".join(value.split()) or "-"}


def _uuid(*parts: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, "/".join(parts)))
