"""A report read for a person: what to do, each clause with its proof, all facts. In the reader's language.

Everything in a report is a stranger's text: cleaned and cut here, escaped by the templates.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import get_language, gettext

from agent.facts import FACTS, Kind, State
from agent.report.model import Report, ReportedFact, ReportedResult
from server_stub.ingest.extract import by_weight, in_the_way
from server_stub.phones.choices import in_words
from server_stub.web.clauses import clause, position
from server_stub.web.templatetags.posture import day_text
from server_stub.web.text import clean
from server_stub.web.words import SEVERITIES, STRENGTHS, WORDS, Word

_LINE = 240
_SENTENCE = 600
_MOST_RESULTS = 120
_MOST_FACTS = 160
_MOST_FACTS_OF_RULE = 12
_MOST_LINES = 4


@dataclass(frozen=True, slots=True)
class Proof:
    """Where a fact was read, and the line that decides it."""

    source: str
    line: str


@dataclass(frozen=True, slots=True)
class FactView:
    """One fact. `text` is its value in words, or why it is not known."""

    name: str
    label: str
    state: str
    text: str
    instant: str | None
    value: Any
    proofs: list[Proof]
    proved_at: str | None  # the rule whose place on the page shows the proof; None: no rule rests on it


@dataclass(frozen=True, slots=True)
class ResultView:
    """What one rule says, and by which facts."""

    rule: str
    title: str
    status: str
    word: str
    sign: str
    severity: str
    strength: str
    message: str
    detail: str  # the message without the title that it often begins with
    remediation: str
    measured_status: str
    measured: str  # the measured status in words, where a statement or an exception made it another
    lapsed: str  # that an exception or a statement has lapsed
    facts: list[FactView]
    grace_until: str | None = None  # it fails, but so lately that nobody is told before that instant


@dataclass(frozen=True, slots=True)
class ClauseView:
    """One clause: the worst of its rules, and the rules."""

    number: str
    title: str
    sentence: str
    word: str
    sign: str
    results: list[ResultView]


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that is not met. `text`: what is wrong, or what was not proved; `detail`: why it was not."""

    rule: str
    text: str
    detail: str


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do now, and all that it mends."""

    status: str
    advice: bool
    word: str
    sign: str
    findings: list[Finding]
    remediation: str


def steps_of(report: Report) -> list[Step]:
    """What stands between the phone and "meets", what weighs most first; one remedy for several rules stands once."""
    steps: dict[tuple[str, bool, str], Step] = {}
    for result in by_weight(report.results)[:_MOST_RESULTS]:
        view = _result(result, report, {})
        step = Step(view.status, _is_advice(result), view.word, view.sign, [], view.remediation)
        steps.setdefault((step.status, step.advice, step.remediation), step).findings.append(_finding(view))
    return list(steps.values())


def _finding(view: ResultView) -> Finding:
    if view.status == "fail":
        return Finding(view.rule, view.message, "")
    return Finding(view.rule, view.title, view.detail)


def clauses_of(report: Report) -> list[ClauseView]:
    """The results, gathered by clause, in the guideline's order; in a clause, the worst first."""
    places = _places(report)
    return [_clause(number, results, report, places) for number, results in _by_clause(report)]


def graced(clauses: list[ClauseView], graces: Mapping[str, datetime]) -> list[ClauseView]:
    """The same, with the instant until which a failed rule is in its grace (`graces`: by rule)."""

    def told(result: ResultView) -> ResultView:
        until = graces.get(result.rule) if result.status == "fail" else None
        return replace(result, grace_until=until.isoformat()) if until else result

    return [replace(each, results=[told(result) for result in each.results]) for each in clauses] if graces else clauses


def _by_clause(report: Report) -> list[tuple[str, list[ReportedResult]]]:
    ordered = sorted(report.results, key=lambda r: (_is_advice(r), _WORST_FIRST.index(r.status)))
    numbers = sorted({result.clause for result in report.results}, key=position)
    return [(number, [r for r in ordered if r.clause == number][:_MOST_RESULTS]) for number in numbers]


def _places(report: Report) -> dict[str, str]:
    """By fact, the first rule on the page that rests on it: its proof stands there, once."""
    places: dict[str, str] = {}
    for _, results in _by_clause(report):
        for result in results:
            for name in result.facts[:_MOST_FACTS_OF_RULE]:
                places.setdefault(name, clean(result.rule, 120))
    return places


def facts_of(report: Report) -> list[FactView]:
    """All facts: those that we know the names of in their usual order, others after them."""
    known = [name for name in FACTS if name in report.facts]
    others = sorted(set(report.facts) - set(known))
    places = _places(report)
    return [_fact(name, report.facts[name], places) for name in (known + others)[:_MOST_FACTS]]


def value_text(name: str, value: Any) -> str:
    """A fact's value in words; the records of a list stand in a line each."""
    if isinstance(value, str):
        return in_words(name, value) or clean(value, _LINE)
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, int):
        return number_format(value, use_l10n=True, force_grouping=True)
    if isinstance(value, list):
        between = "\n" if any(isinstance(item, dict) for item in value) else "; "
        return between.join(value_text(name, item) for item in value[:50]) or gettext("None")
    if isinstance(value, dict):
        return ", ".join(f"{clean(key, 40)}: {value_text('', item)}" for key, item in list(value.items())[:12])
    return clean("–" if value is None else str(value), _LINE)


_WORST_FIRST = ("fail", "error", "inconclusive", "waived", "pass", "not_applicable")


def _clause(number: str, results: list[ReportedResult], report: Report, places: Mapping[str, str]) -> ClauseView:
    word, known = WORDS[results[0].status], clause(clean(number, 40))
    return ClauseView(
        number=known.number,
        title=str(known.title),
        sentence=str(known.sentence),
        word=str(word.text),
        sign=word.sign,
        results=[_result(result, report, places) for result in results],
    )


def _is_advice(result: ReportedResult) -> bool:
    """It is open, and the verdict does not wait for it."""
    return result.status in ("fail", "error", "inconclusive") and not in_the_way(result)


def _result(result: ReportedResult, report: Report, places: Mapping[str, str]) -> ResultView:
    language = get_language() or "en"
    texts = result.texts.get(language)  # type: ignore[call-overload]
    word = _word(result)
    title = clean(texts.title if texts else result.rule, 200)
    message = clean(texts.message if texts else result.message, _SENTENCE)
    detail = message.removeprefix(title).removeprefix(": ")
    facts = [(name, report.facts[name]) for name in result.facts[:_MOST_FACTS_OF_RULE] if name in report.facts]
    return ResultView(
        rule=clean(result.rule, 120),
        title=title,
        status=result.status,
        word=str(word.text),
        sign=word.sign,
        severity=str(SEVERITIES[result.severity]),
        strength=gettext("Advice, does not count") if _is_advice(result) else str(STRENGTHS[result.strength]),
        message=message,
        detail=detail[:1].upper() + detail[1:],
        remediation=clean(texts.remediation if texts else result.remediation, _SENTENCE),
        measured_status=result.measured_status,
        measured=str(WORDS[result.measured_status].text) if result.measured_status != result.status else "",
        lapsed=_lapsed(result),
        facts=[_fact(name, fact, places) for name, fact in facts],
    )


def _fact(name: str, fact: ReportedFact, places: Mapping[str, str]) -> FactView:
    reader = get_language() or "en"
    spec = FACTS.get(name)
    reason = fact.reasons.get(reader) or fact.reason or ""  # type: ignore[call-overload]
    known = fact.state is State.KNOWN
    return FactView(
        name=clean(name, 120),
        label=spec.label(reader) if spec else clean(name, 120),  # type: ignore[arg-type]
        state=fact.state.value,
        text=value_text(name, fact.value) if known else clean(reason, _SENTENCE),
        instant=_instant(fact.value) if known and spec and spec.kind is Kind.INSTANT else None,
        value=fact.value,
        proofs=[Proof(clean(e.source, 120), clean(e.line, _LINE)) for e in fact.evidence[:_MOST_LINES]],
        proved_at=places.get(name),
    )


def _word(result: ReportedResult) -> Word:
    """The status in words; an exception names its end, a statement who made it and when."""
    if result.status == "waived" and (until := _text_of(result.waiver, "until", "expires_at", "expires")):
        return Word(gettext("Excepted until %(date)s") % {"date": until}, "waived")
    if result.attestation and result.status == "pass":
        name = _text_of(result.attestation, "by", "name") or gettext("someone")
        date = _text_of(result.attestation, "on", "at", "stated_at", "date") or "–"
        return Word(gettext("Stated by %(name)s on %(date)s") % {"name": name, "date": date}, "stated")
    return WORDS[result.status]


def _lapsed(result: ReportedResult) -> str:
    """What no longer counts, and since when."""
    if result.status != "waived" and (until := _text_of(result.waiver, "until", "expires_at", "expires")):
        return gettext("An exception lapsed on %(date)s") % {"date": until}
    if (
        result.attestation
        and result.status == "inconclusive"
        and (ended := _text_of(result.attestation, "valid_until"))
    ):
        return gettext("A statement lapsed on %(date)s") % {"date": ended}
    return ""


def _text_of(record: dict[str, Any] | None, *names: str) -> str | None:
    """The first of these texts that the record has; instants as days."""
    found = next((record[name] for name in names if record and isinstance(record.get(name), str)), None)
    if found is None:
        return None
    return day_text(found) if _instant(found) else clean(found, 80)


def _instant(value: Any) -> str | None:
    try:
        return datetime.fromisoformat(value).astimezone(UTC).isoformat()
    except (TypeError, ValueError, OverflowError):
        return None
