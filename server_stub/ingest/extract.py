"""From a report to columns: cleaned, cut to length, in range. Everything in a report is a stranger's text."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime

import pydantic_core

from agent.report.model import Report, ReportedResult
from server_stub.ingest.refusal import Refusal
from server_stub.phones.models import Rank
from server_stub.privacy.hiding import sentences_without_names
from server_stub.web.clauses import position
from server_stub.web.text import clean

_PLAIN_SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_SEVERITIES = ("critical", "high", "medium", "low")
OPEN = ("fail", "error", "inconclusive")
HEADLINE_LENGTH = 300

Columns = tuple[str, str, str, str, bool]  # clause, status, severity, strength, in_the_way


def phone_key(serial: str) -> str:
    """The serial where it is fit for an address, else "~" and a digest, which no plain serial looks like."""
    if _PLAIN_SERIAL.fullmatch(serial):
        return serial
    return "~" + hashlib.sha256(serial.encode()).hexdigest()[:32]


def check_device(report: Report) -> None:
    """Refuse what names no phone: reports of several phones would become one phone's history."""
    if report.device.serial.strip().lower() in ("", "unknown"):
        raise Refusal(422, "no-serial", "The report does not say which phone it is about (device.serial).")


def scanned_at(report: Report) -> datetime:
    """When the phone was looked at. Raises Refusal for a date that no calendar has."""
    try:
        return datetime.fromisoformat(report.scanned_at)
    except ValueError:
        raise Refusal(422, "wrong-form", "The report's form is wrong at scanned_at: no such date or time.") from None


def rank(report: Report) -> Rank:
    """How much attention the verdict asks for."""
    return next(rank for rank in Rank if rank.label == report.verdict)


def in_the_way(result: ReportedResult) -> bool:
    """Whether it keeps the phone from "meets"; what an older agent does not say counts."""
    return result.status in OPEN and result.in_the_way is not False


def by_weight(results: Iterable[ReportedResult]) -> list[ReportedResult]:
    """What is open, what weighs most first: what the verdict waits for, failed before not proved, then severity."""
    return sorted(
        (result for result in results if result.status in OPEN),
        key=lambda r: (r.in_the_way is False, r.status != "fail", _SEVERITIES.index(r.severity), position(r.clause)),
    )


def headline(report: Report) -> dict[str, str]:
    """The one sentence, by language, that stands between the phone and "meets". Empty when nothing does."""
    if report.verdict == "compliant":
        return {}
    sentences: dict[str, str]
    if report.summary:
        sentences = dict(report.summary.items())
    elif first := next(iter(by_weight(report.results)), None):
        sentences = {report.language: first.message}
        sentences |= {lang: texts.message for lang, texts in first.texts.items()}
    else:
        return {}
    seen_by_all = sentences_without_names(report, sentences)
    return {lang: clean(sentence, HEADLINE_LENGTH) for lang, sentence in seen_by_all.items()}


def rules(report: Report) -> dict[str, Columns]:
    """How each rule stands. The same rule twice in a report counts once, at its first place."""
    found: dict[str, Columns] = {}
    for each in report.results:
        columns = (clean(each.clause, 40), each.status, each.severity, each.strength, in_the_way(each))
        found.setdefault(clean(each.rule, 120), columns)
    return found


def digest_of(rules: Mapping[str, Columns]) -> str:
    """By which two looks at a phone are known to say the same of every rule."""
    return hashlib.sha256(pydantic_core.to_json(sorted(rules.items()))).hexdigest()
