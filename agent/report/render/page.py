"""What stands on the paper: a report, all its words in one language. HTML and PDF show the same page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from babel.dates import format_datetime
from babel.numbers import format_decimal

from agent.capture import quoted
from agent.facts import FACTS, State
from agent.messages import Language, Message
from agent.policy import ROLES
from agent.report.check import Opened
from agent.report.handover import trusted_computers
from agent.report.model import Report, ReportedResult
from agent.report.words import LOOKS

_EVIDENCE_SHOWN = 4  # lines a rule
_ORDER = {"fail": 0, "error": 1, "inconclusive": 2, "waived": 3, "pass": 4}
_SEVERITY = {"critical": 0, "high": 1, "medium": 2, "low": 3}
_SOURCES = {
    "live": Message("the phone itself"),
    "capture": Message("a saved capture"),
    "bugreport": Message("a bugreport"),
}
_TITLES = {"in-use": Message("Review of an issued phone"), "handover": Message("Review before the hand-over")}
_PROFILES = {"in-use": Message("phone in use"), "handover": Message("phone to be handed over")}


@dataclass(frozen=True, slots=True)
class Mark:
    """A status as it is shown: sign, word, and the colour's name."""

    sign: str
    word: str
    colour: str


@dataclass(frozen=True, slots=True)
class Row:
    """One rule: its sentence, the guideline's own where it is at hand, what was found and how that is known."""

    mark: Mark
    title: str
    quote: str
    message: str
    evidence: tuple[str, ...]
    remedy: str
    stated: str


@dataclass(frozen=True, slots=True)
class Group:
    """The rules of one clause."""

    name: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A whole report, or the hand-over certificate. `words` are the page's own labels, by name."""

    language: Language
    title: str
    mark: Mark
    summary: str
    statement: str
    phone: tuple[tuple[str, str], ...]
    about: tuple[tuple[str, str], ...]
    to_do: tuple[str, ...]
    groups: tuple[Group, ...]
    not_applicable: tuple[str, ...]
    signature: str
    code: str
    signs: tuple[str, ...]
    words: Mapping[str, str]


def page(opened: Opened, language: Language, quotes: Mapping[str, str]) -> Page:
    """Lay out a report. quotes: the guideline's sentence by rule id, where the policy is at hand."""
    report = opened.report
    handover = report.profile == "handover"
    certified = handover and report.verdict == "compliant"
    title = Message("Hand-over certificate") if certified else _TITLES[report.profile]
    results = sorted(report.results, key=lambda each: (_SEVERITY[each.severity], each.rule))
    return Page(
        language=language,
        title=title(language),
        mark=_mark(report.verdict, language),
        summary=report.summary.get(language, ""),
        statement=_statement(report, language) if handover else "",
        phone=_phone(report, language),
        about=_about(opened, language),
        to_do=tuple(dict.fromkeys(_to_do(report, language))),
        groups=tuple(_groups(report, results, language, quotes)),
        not_applicable=tuple(
            f"{_clause(each.clause, language)}: {_texts(each, language)[1]}"
            for each in sorted(results, key=lambda each: each.clause)
            if each.status == "not_applicable"
        ),
        signature=_signature(opened, language),
        code=f"posture-report/1 {report.report_id} sha256:{opened.sha256}",
        signs=tuple(each(language) for each in (Message("Delivers"), Message("Receives"))) if certified else (),
        words={name: message(language) for name, message in _WORDS.items()},
    )


_WORDS = {
    "to_do": Message("What to do now"),
    "clauses": Message("Clause by clause"),
    "evidence": Message("Evidence"),
    "remedy": Message("What to do"),
    "not_applicable": Message("Does not apply to this phone"),
    "report": Message("The report"),
    "signature": Message("Signature"),
    "code": Message("This code holds the report's number and the SHA-256 of its content."),
    "name": Message("Name"),
    "date": Message("Date"),
    "nothing": Message("Nothing is to be done."),
}


def _mark(status: str, language: Language) -> Mark:
    look = LOOKS[status]
    return Mark(look.sign, look.word(language), look.colour)


def _phone(report: Report, language: Language) -> tuple[tuple[str, str], ...]:
    device = report.device
    named = (
        (Message("Phone"), " ".join(each for each in (device.manufacturer, device.model) if each)),
        (Message("Serial number"), device.serial),
        (Message("Android"), device.android_version),
        (Message("Security patch"), device.security_patch),
    )
    unsaid = Message("not known")(language)
    return tuple((label(language), quoted(value or unsaid)) for label, value in named)


def _about(opened: Opened, language: Language) -> tuple[tuple[str, str], ...]:
    report = opened.report
    seconds = format_decimal(round(report.duration_ms / 1000, 1), locale=language)
    named = (
        (Message("Reviewed on"), moment(report.scanned_at, language)),
        (Message("Taken from"), f"{_SOURCES[report.source](language)} ({seconds} s)"),
        (Message("Reviewed as"), _PROFILES[report.profile](language)),
        (Message("Policy"), f"{report.policy.id} {report.policy.version} · sha256 {report.policy.sha256}"),
        (Message("Workstation"), f"{report.agent.host} · {report.agent.id} · {report.agent.version}"),
        (Message("Report number"), report.report_id),
        (Message("SHA-256 of its content"), opened.sha256),
    )
    return tuple((label(language), quoted(value)) for label, value in named)


def moment(instant: str, language: Language) -> str:
    """An RFC 3339 instant as words, in UTC, which is said."""
    at = datetime.fromisoformat(instant).astimezone(UTC)
    return format_datetime(at, "d MMM y HH:mm 'UTC'", locale=language)


def _statement(report: Report, language: Language) -> str:
    values = {"at": moment(report.scanned_at, language), "policy": f"{report.policy.id} {report.policy.version}"}
    if report.verdict == "compliant":
        return Message(
            "On {at} this phone met what {policy} asks of a phone that is handed over. It may be handed over.", values
        )(language)
    return Message(
        "On {at} this phone did not prove what {policy} asks of a phone that is handed over. Do not hand it over yet.",
        values,
    )(language)


def _to_do(report: Report, language: Language) -> Iterable[str]:
    standing = [each for each in report.results if _stands(each)]
    for each in sorted(standing, key=lambda each: (_ORDER[each.status], _SEVERITY[each.severity], each.clause)):
        _, message, remedy = _texts(each, language)
        yield f"{message} → {remedy}" if remedy else message
    if last := trusted_computers(report, language):
        yield last


def _stands(result: ReportedResult) -> bool:
    if result.status not in ("fail", "error", "inconclusive"):
        return False
    return result.in_the_way if result.in_the_way is not None else result.strength == "required"


def _groups(
    report: Report, results: Iterable[ReportedResult], language: Language, quotes: Mapping[str, str]
) -> Iterable[Group]:
    by_clause: dict[str, list[Row]] = {}
    for each in results:
        if each.status != "not_applicable":
            by_clause.setdefault(each.clause, []).append(_row(report, each, language, quotes.get(each.rule, "")))
    for clause in sorted(by_clause, key=lambda clause: (not clause[:1].isdigit(), clause)):
        yield Group(_clause(clause, language), tuple(by_clause[clause]))


def _clause(clause: str, language: Language) -> str:
    named = Message("Clause {number}", {"number": quoted(clause)}) if clause[:1].isdigit() else Message("Preamble")
    return named(language) if clause[:1].isdigit() or clause == "preamble" else quoted(clause)


def _row(report: Report, result: ReportedResult, language: Language, quote: str) -> Row:
    title, message, remedy = _texts(result, language)
    stated = _stated(result, language)
    mark = _mark(result.status, language)
    if result.status == "waived" and result.waiver and "until" in result.waiver:
        until = moment(str(result.waiver["until"]), language)
        mark = Mark(mark.sign, Message("Excepted until {until}", {"until": until})(language), mark.colour)
    elif result.status == "pass" and stated:
        mark = Mark(LOOKS["attested"].sign, mark.word, LOOKS["attested"].colour)
    return Row(
        mark=mark,
        title=title,
        quote=quote,
        message="" if stated or message == title else message,  # who stated it and when stands beside it
        evidence=tuple(_evidence(report, result, language)),
        remedy=remedy,
        stated=stated,
    )


def _texts(result: ReportedResult, language: Language) -> tuple[str, str, str]:
    """Title, message, remedy; a report without this language is shown in its own."""
    if language in result.texts:
        texts = result.texts[language]
        return quoted(texts.title, 600), quoted(texts.message, 2000), quoted(texts.remediation, 2000)
    return quoted(result.rule), quoted(result.message, 2000), quoted(result.remediation, 2000)


def _evidence(report: Report, result: ReportedResult, language: Language) -> Iterable[str]:
    lines: dict[str, None] = {}
    for name in result.facts:
        fact = report.facts.get(name)
        if fact is None:
            continue
        if fact.state is State.KNOWN:
            lines |= {f"{quoted(each.source)}: {quoted(each.line)}": None for each in fact.evidence[:1]}
        elif reason := fact.reasons.get(language) or fact.reason:
            label = FACTS[name].label(language) if name in FACTS else quoted(name)
            lines[f"{label}: {quoted(reason, 600)}"] = None
    return list(lines)[:_EVIDENCE_SHOWN]


def _stated(result: ReportedResult, language: Language) -> str:
    told = result.attestation
    if not told:
        return ""
    role = ROLES.get(str(told.get("role")))
    by = quoted(str(told.get("by", "?")))
    values: dict[str, str | int | Message] = {
        "by": f"{by} ({role(language)})" if role else by,
        "answer": Message("yes") if told.get("answer") is True else Message("no"),
        "at": _when(told.get("at"), language),
        "until": _when(told.get("valid_until"), language),
    }
    if told.get("state") == "lapsed":
        return Message("Stated by {by} on {at}: {answer}; lapsed on {until}", values)(language)
    return Message("Stated by {by} on {at}: {answer}; holds until {until}", values)(language)


def _when(instant: object, language: Language) -> str:
    try:
        return moment(str(instant), language)
    except ValueError:
        return quoted(str(instant))


def _signature(opened: Opened, language: Language) -> str:
    values: dict[str, str | int | Message] = {"key": quoted(opened.key_id or "")}
    told = {
        "verified": Message("Signed by the agent {key}; the signature was checked and holds.", values),
        "unchecked": Message(
            "Signed by the agent {key}, whose key is not known here: the signature was not checked.", values
        ),
        "unsigned": Message("Not signed: this is a copy for reading, and proves nothing by itself."),
    }
    return told[opened.signature](language)
