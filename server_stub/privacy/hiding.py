"""What of a report is shown to a role that need not know it: networks' and devices' names become three dots.

A name can stand in a fact, in the line that proves another one, and in a sentence; it is hidden in all of them.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from agent.report.model import EvidenceLine, Report, ReportedFact, ReportedResult, ResultTexts

HIDDEN = "•••"  # the same in every language: a headline is kept for all readers
PERMISSION = "phones.view_private"
# Fact: the members of its records that are names; () where the values themselves are.
PRIVATE: dict[str, tuple[str, ...]] = {
    "network.wifi.ssid": (),
    "network.wifi.bssid": (),
    "network.saved_open": (),
    "network.whatsapp_history": ("network",),
    "whatsapp.linked_devices": ("name",),
    "device.adb_keys": (),
}


def without_names(report: Report) -> Report:
    """The report as a role without `view_private` may see it."""
    pattern = _pattern(report)
    return report.model_copy(
        update={
            "facts": {name: _fact(name, fact, pattern) for name, fact in report.facts.items()},
            "summary": {language: _hide(each, pattern) for language, each in report.summary.items()},
            "results": tuple(_result(result, pattern) for result in report.results),
        }
    )


def sentences_without_names(report: Report, sentences: Mapping[str, str]) -> dict[str, str]:
    """Sentences about the report, by language, as the same role may see them."""
    pattern = _pattern(report)
    return {language: _hide(each, pattern) for language, each in sentences.items()}


def _pattern(report: Report) -> "re.Pattern[str] | None":
    names = sorted({name for fact in PRIVATE for name in _names(report, fact)}, key=len, reverse=True)
    return re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names)) if names else None


def _names(report: Report, name: str) -> Iterator[str]:
    fact = report.facts.get(name)
    values = [] if fact is None else fact.value if isinstance(fact.value, list) else [fact.value]
    for value in values:
        members = [value.get(member) for member in PRIVATE[name]] if isinstance(value, dict) else [value]
        yield from (each for each in members if isinstance(each, str) and each.strip())


def _hide(text: str, pattern: "re.Pattern[str] | None") -> str:
    return pattern.sub(HIDDEN, text) if pattern else text


def _fact(name: str, fact: ReportedFact, pattern: "re.Pattern[str] | None") -> ReportedFact:
    lines = [EvidenceLine(source=each.source, line=_hide(each.line, pattern)) for each in fact.evidence]
    if name in PRIVATE:
        lines = [EvidenceLine(source=each.source, line=HIDDEN) for each in fact.evidence]
    return fact.model_copy(update={"value": _value(name, fact.value, pattern), "evidence": tuple(lines)})


def _value(name: str, value: Any, pattern: "re.Pattern[str] | None") -> Any:
    if isinstance(value, str):
        return HIDDEN if name in PRIVATE and not PRIVATE[name] else _hide(value, pattern)
    if isinstance(value, list):
        return [_value(name, each, pattern) for each in value]
    if isinstance(value, dict):
        return {key: HIDDEN if key in PRIVATE.get(name, ()) else each for key, each in value.items()}
    return value


def _result(result: ReportedResult, pattern: "re.Pattern[str] | None") -> ReportedResult:
    texts = {
        language: ResultTexts(
            title=each.title,
            message=_hide(each.message, pattern),
            remediation=_hide(each.remediation, pattern),
        )
        for language, each in result.texts.items()
    }
    message, remediation = _hide(result.message, pattern), _hide(result.remediation, pattern)
    return result.model_copy(update={"texts": texts, "message": message, "remediation": remediation})
