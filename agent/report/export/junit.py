"""JUnit XML, as build servers read it: one suite a phone, one case a rule.

pass passes; fail is a failure; inconclusive and error are errors, since nothing is proved. What does not apply, is
excepted, or is advice that does not count for the verdict, is skipped, with the reason.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from agent.messages import Language
from agent.report.export.wording import advice, message, phone, remediation, title
from agent.report.model import Report, ReportedResult

# XML 1.0 has no way to write these at all.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_KINDS = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def export(reports: Sequence[Report], language: Language) -> str:
    """One document."""
    root = ET.Element("testsuites", name="phone-posture")
    for report in reports:
        root.append(_suite(report, language))
    _count(root, list(root.iter("testcase")))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(report: Report, language: Language) -> ET.Element:
    suite = ET.Element("testsuite", name=_xml(phone(report)), timestamp=report.scanned_at)
    suite.set("time", f"{report.duration_ms / 1000:.3f}")
    properties = ET.SubElement(suite, "properties")
    for name, value in (
        ("report_id", report.report_id),
        ("verdict", report.verdict),
        ("profile", report.profile),
        ("policy", f"{report.policy.id} {report.policy.version}"),
        ("policy_sha256", report.policy.sha256),
    ):
        ET.SubElement(properties, "property", name=name, value=_xml(value))
    cases = [_case(report, each, language) for each in report.results]
    suite.extend(cases)
    _count(suite, cases)
    return suite


def _case(report: Report, result: ReportedResult, language: Language) -> ET.Element:
    where = _xml(f"{report.policy.id}.{result.clause}")
    case = ET.Element("testcase", classname=where, name=_xml(f"{result.rule}: {title(result, language)}"), time="0")
    tag = _tag(result)
    if tag is not None:
        told = ET.SubElement(case, tag, message=_xml(message(result, language)))
        if tag != "skipped":
            told.set("type", result.status)
            told.text = _xml(remediation(result, language))
    return case


def _tag(result: ReportedResult) -> str | None:
    if result.status == "pass":
        return None
    if result.status in ("not_applicable", "waived") or advice(result):
        return "skipped"
    return "failure" if result.status == "fail" else "error"


def _count(element: ET.Element, cases: Sequence[ET.Element]) -> None:
    element.set("tests", str(len(cases)))
    for tag, name in _KINDS.items():
        element.set(name, str(sum(1 for case in cases if case.find(tag) is not None)))


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
