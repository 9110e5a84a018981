"""The sentences of a result, in a person's language."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from agent.facts import State
from agent.messages import LANGUAGES, Language, Message
from agent.policy import words
from agent.policy.conditions import TRUE, UNKNOWN, Finding, Scene, label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agent.policy.document import Texts
    from agent.policy.model import Question, Rule
    from agent.policy.result import Result
    from agent.policy.terms import Profile, Status


def because(rule: Rule, scene: Scene, status: Status, profile: Profile) -> tuple[Finding, ...]:
    """The comparisons that decided, the first one first; none where a person or the profile decides."""
    if status == "error" or profile not in rule.profiles:
        return ()
    if rule.when is not None and rule.when.truth(scene) is not TRUE:
        return tuple(rule.when.deciding(scene))
    return tuple(rule.expect.deciding(scene)) if rule.expect is not None else ()


def message(result: Result, language: Language) -> str:
    """What was found, in one sentence."""
    if result.status == "waived" and result.waiver is not None:
        until = words.moment(datetime.fromisoformat(result.waiver["until"]), result.policy.time_zone, language)
        values = {"until": until, "reason": result.waiver["reason"], "message": _unwaived(result, language)}
        return Message("Excepted until {until} ({reason}): {message}", values)(language)
    if result.waiver is not None and result.waiver["state"] == "expired":
        until = words.moment(datetime.fromisoformat(result.waiver["until"]), result.policy.time_zone, language)
        values = {"until": until, "message": _unwaived(result, language)}
        return Message("{message} (the exception ended on {until})", values)(language)
    return _unwaived(result, language)


def _unwaived(result: Result, language: Language) -> str:
    status = result.measured_status
    if result.attestation is not None and status == "inconclusive":
        return _stated(result, language)
    if status == "pass":
        return result.of.title[language]
    if status == "fail":
        return _failed(result, language)
    if status == "error":
        title = result.of.title[language]
        return Message("{title}: this rule could not be judged; please report it", {"title": title})(language)
    if status == "not_applicable":
        return _not_applicable(result, language)
    return _not_proved(result, language)


def _stated(result: Result, language: Language) -> str:
    attestation = result.attestation or {}
    at = words.moment(datetime.fromisoformat(attestation["at"]), result.policy.time_zone, language)
    values = {"by": attestation["by"], "at": at, "title": result.of.title[language]}
    if attestation["state"] == "lapsed":
        return Message("{title}: the statement of {by} of {at} has lapsed", values)(language)
    if attestation["answer"]:
        return Message("{title}: stated by {by} on {at}", values)(language)
    return Message("{title}: {by} answered no on {at}", values)(language)


def _failed(result: Result, language: Language) -> str:
    finding = next(iter(result.because), None)
    chosen = finding.otherwise if finding is not None else None
    if chosen is None and result.of.messages is not None:
        chosen = result.of.messages.fail
    return _filled(chosen or result.of.title, result, language, finding)


def _not_proved(result: Result, language: Language) -> str:
    title = result.of.title[language]
    when = result.of.when
    asked = when is None or when.truth(result.scene) is TRUE
    for finding in result.because:
        if finding.truth is UNKNOWN and finding.reason is not None:
            values: dict[str, str | int | Message] = {
                "title": title,
                "fact": label(finding.fact),
                "reason": finding.reason,
            }
            if asked:
                return Message("{fact}: not proved; {reason}", values)(language)
            return Message("{title}: not proved. {fact}: {reason}", values)(language)
    return Message("{title}: nobody has stated it yet", {"title": title})(language)


def _not_applicable(result: Result, language: Language) -> str:
    title = result.of.title[language]
    if result.profile not in result.of.profiles:
        if result.profile == "in-use":
            return Message("{title}: asked of phones that are handed over", {"title": title})(language)
        return Message("{title}: asked of phones in use", {"title": title})(language)
    finding = next(iter(result.because), None)
    if finding is None:
        return Message("{title}: does not apply to this phone now", {"title": title})(language)
    if finding.otherwise is not None:
        return _filled(finding.otherwise, result, language, finding)
    if finding.reason is not None:
        values: dict[str, str | int | Message] = {"title": title, "reason": finding.reason}
        return Message("{title}: does not apply, since {reason}", values)(language)
    found = words.fact(finding.fact, result.scene, language)
    values = {"title": title, "fact": label(finding.fact), "value": found}
    return Message("{title}: does not apply to this phone now. {fact}: {value}", values)(language)


def remediation(result: Result, language: Language) -> str:
    """What to do about it, in one sentence; nothing where nothing is to be done."""
    rule = result.of
    status = result.measured_status if result.status == "waived" else result.status
    if status == "fail":
        return _filled(_fix(rule, result.scene), result, language, None)
    if status != "inconclusive":
        return ""
    how = rule.messages.inconclusive if rule.messages is not None else None
    told = _filled(how, result, language, None) if how is not None else ""
    if rule.question is not None:
        return f"{told} {_ask(rule.question, result, language)}".lstrip()
    return told or Message("Unlock the phone, keep it connected and scan again.")(language)


def _ask(question: Question, result: Result, language: Language) -> str:
    settled = sum(1 for each in result.policy.rules if each.question is question)
    values: dict[str, str | int | Message] = {"question": asked(question, result, language), "count": settled}
    if settled > 1:
        return Message("Ask, and note the answer, which settles {count} rules: {question}", values)(language)
    return Message("Ask, and note the answer: {question}", values)(language)


def asked(question: Question, result: Result, language: Language) -> str:
    """A question in a person's words, its gaps filled with what this phone said."""
    return _filled(question.ask, result, language, None)


def _fix(rule: Rule, scene: Scene) -> Texts:
    maker = scene.facts.get("device.manufacturer")
    if maker is None or maker.state is not State.KNOWN:
        return rule.fix
    return rule.fix.makers.get(str(maker.value).strip().casefold(), rule.fix)


def _filled(texts: Texts, result: Result, language: Language, finding: Finding | None) -> str:
    def gap(name: str) -> str:
        if name == words.FOUND:
            return words.entries(finding.entries if finding else (), language)
        if name in result.policy.parameters:
            return words.parameter(result.policy.parameters[name].value, language)
        return words.fact(name, result.scene, language)

    return words.fill(texts[language], gap)


def summary(standing: Sequence[Result], count: int) -> Mapping[Language, str]:
    """One sentence for tables and pages: the worst thing, and how many more there are."""
    if not standing:
        done = Message("Nothing stands in the way: {count} rules were held against this phone", {"count": count})
        return {language: done(language) for language in LANGUAGES}
    first, more = standing[0], len(standing) - 1
    if all(each.status == "inconclusive" and each.of.question for each in standing):
        questions = len({each.of.question.id for each in standing if each.of.question})
        return {language: _only_answers(questions, first.message[language])(language) for language in LANGUAGES}
    if not more:
        return first.message
    return {
        language: Message("{message} (and {count} more)", {"message": first.message[language], "count": more})(language)
        for language in LANGUAGES
    }


def _only_answers(questions: int, first: str) -> Message:
    if questions == 1:
        return Message("Only a person's answer to one question is missing. {first}", {"first": first})
    values: dict[str, str | int | Message] = {"count": questions, "first": first}
    return Message("Only a person's answers to {count} questions are missing. {first}", values)
