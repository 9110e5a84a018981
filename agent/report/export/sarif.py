"""SARIF 2.1.0 (OASIS, errata 01): one run a phone.

inconclusive and error are `open` (not enough is known), never `pass`; an exception is a suppression of what was found.
"""

import json
from collections.abc import Sequence
from typing import Any

from agent.messages import Language
from agent.report.export.wording import message, phone, remediation, stated, title
from agent.report.model import Report, ReportedResult

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_KINDS = {
    "pass": "pass",
    "fail": "fail",
    "inconclusive": "open",
    "error": "open",
    "not_applicable": "notApplicable",
}
_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}


def export(reports: Sequence[Report], language: Language) -> str:
    """One log."""
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(report, language) for report in reports]}
    return json.dumps(log, ensure_ascii=False, indent=1) + "\n"


def _run(report: Report, language: Language) -> dict[str, Any]:
    rules = {each.rule: i for i, each in enumerate(report.results)}
    return {
        "tool": {"driver": _driver(report, language)},
        "language": language,
        "automationDetails": {"id": f"{report.policy.id}/{report.profile}/{report.report_id}"},
        "invocations": [{"executionSuccessful": True, "startTimeUtc": report.scanned_at}],
        "taxonomies": [
            {"name": name, "taxa": [{"id": control} for control in controls]}
            for name, controls in _catalogues(report).items()
        ],
        "results": [_result(report, each, rules[each.rule], language) for each in report.results],
        "properties": {
            "verdict": report.verdict,
            "summary": report.summary.get(language, ""),
            "policyVersion": report.policy.version,
            "policySha256": report.policy.sha256,
            "device": report.device.model_dump(),
        },
    }


def _driver(report: Report, language: Language) -> dict[str, Any]:
    return {
        "name": "Phone Posture",
        "semanticVersion": report.agent.version,
        "rules": [
            {
                "id": each.rule,
                "shortDescription": {"text": title(each, language)},
                "defaultConfiguration": {"level": _LEVELS[each.severity]},
                "properties": {"clause": each.clause, "strength": each.strength, "kind": each.kind},
                "relationships": [
                    {"target": {"id": control, "toolComponent": {"name": name}}, "kinds": ["relevant"]}
                    for name, controls in each.maps.items()
                    for control in controls
                ],
            }
            for each in report.results
        ],
    }


def _catalogues(report: Report) -> dict[str, list[str]]:
    """Every catalogue that a rule is mapped to, with the controls that are named."""
    named: dict[str, set[str]] = {}
    for each in report.results:
        for name, controls in each.maps.items():
            named.setdefault(name, set()).update(controls)
    return {name: sorted(controls) for name, controls in sorted(named.items())}


def _result(report: Report, result: ReportedResult, index: int, language: Language) -> dict[str, Any]:
    status = result.measured_status if result.status == "waived" else result.status
    kind = _KINDS[status]
    text = message(result, language)
    what_to_do = remediation(result, language)
    told: dict[str, Any] = {
        "ruleId": result.rule,
        "ruleIndex": index,
        "kind": kind,
        "level": _LEVELS[result.severity] if kind == "fail" else "none",
        "message": {"text": f"{text}\n{what_to_do}" if what_to_do else text},
        "locations": [{"logicalLocations": [{"name": phone(report), "fullyQualifiedName": report.device.serial}]}],
        "partialFingerprints": {"phoneAndRule/v1": f"{report.device.serial}/{report.policy.id}/{result.rule}"},
        "properties": {
            "status": result.status,
            "measuredStatus": result.measured_status,
            "statedByAPerson": stated(result),
            "countsForTheVerdict": result.in_the_way,
        },
    }
    if result.status == "waived" and result.waiver is not None:
        why = f"{result.waiver['reason']} ({result.waiver['approved_by']}, {result.waiver['until']})"
        told["suppressions"] = [{"kind": "external", "status": "accepted", "justification": why}]
    return told
