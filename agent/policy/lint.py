"""What the shape of a file cannot say: ids, gaps in sentences, questions, and cases that fit their facts."""

from collections.abc import Iterable, Mapping
from typing import Any

from agent.capture import quoted
from agent.facts import FACTS, Kind, Spec
from agent.messages import LANGUAGES, Message
from agent.policy.document import Condition, Duration, Head, Rule, Texts
from agent.policy.model import Parameter, Question
from agent.policy.source import Place, Source, no_such
from agent.policy.words import FOUND, GAP


def unique(ids: Iterable[tuple[Source, Place, str]]) -> None:
    """Raise where two rules have one id."""
    seen: dict[str, str] = {}
    for source, place, rule_id in ids:
        if rule_id in seen:
            values = {"id": rule_id, "file": seen[rule_id]}
            raise source.error((*place, "id"), Message("the id {id} is already used in {file}", values))
        seen[rule_id] = source.name


def clauses(stand: Iterable[tuple[Source, Place, str]]) -> None:
    """Raise where two clauses have one name."""
    seen: dict[str, str] = {}
    for source, place, name in stand:
        if name in seen:
            values = {"clause": quoted(name), "file": seen[name]}
            problem = Message("the clause {clause} already stands in {file}", values)
            raise source.error((*place, "clause"), problem)
        seen[name] = source.name


def questions(head: Head, source: Source, parameters: Mapping[str, Parameter]) -> None:
    """Check the gaps of the questions."""
    for name, question in head.questions.items():
        _gaps(question.ask, source, ("questions", name, "ask"), tuple(parameters))


def maps(head: Head, head_source: Source, rules: Iterable[tuple[Source, Place, Rule]]) -> None:
    """Check that rules are mapped to controls that the head names, and that it names none in vain."""
    named = {(name, control) for name, each in head.frameworks.items() for control in each.controls}
    for source, place, written in rules:
        for name, controls in written.maps.items():
            if name not in head.frameworks:
                problem = no_such(Message("framework"), name, tuple(head.frameworks))
                raise source.error((*place, "maps", name), problem, key=True)
            for i, control in enumerate(controls):
                known = head.frameworks[name].controls
                if control not in known:
                    problem = no_such(Message("control"), control, tuple(known))
                    raise source.error((*place, "maps", name, i), problem)
                named.discard((name, control))
    for name, control in sorted(named):
        raise head_source.error(
            ("frameworks", name, "controls", control), Message("no rule is mapped to this control"), key=True
        )


def rule(
    written: Rule,
    source: Source,
    place: Place,
    parameters: Mapping[str, Parameter],
    known_questions: Mapping[str, Question],
) -> None:
    """Check what a rule of its kind must have, and the gaps of its sentences."""
    if written.question is not None and written.question not in known_questions:
        raise source.error((*place, "question"), no_such(Message("question"), written.question, tuple(known_questions)))
    if written.kind == "attested":
        if written.question is None:
            raise source.error(place, Message("an attested rule needs a question"))
        for key in ("expect", "messages"):
            if getattr(written, key) is not None:
                problem = Message(
                    "an attested rule is settled by its question alone; “{key}” is never reached", {"key": key}
                )
                raise source.error((*place, key), problem, key=True)
    elif written.expect is None or written.messages is None:
        missing = "expect" if written.expect is None else "messages"
        raise source.error(place, Message("a measured rule needs “{key}”", {"key": missing}))
    names = (*FACTS, *parameters)
    _gaps(written.fix, source, (*place, "fix"), names)
    for maker, texts in written.fix.makers.items():
        _gaps(texts, source, (*place, "fix", "makers", maker), names)
        if maker != maker.casefold():
            raise source.error(
                (*place, "fix", "makers", maker), Message("a maker's name is in small letters"), key=True
            )
    if written.messages is not None:
        _gaps(written.messages.fail, source, (*place, "messages", "fail"), (*names, FOUND))
        if written.messages.inconclusive is not None:
            _gaps(written.messages.inconclusive, source, (*place, "messages", "inconclusive"), names)
    for key, condition in (("when", written.when), ("expect", written.expect)):
        if condition is not None:
            _otherwise(condition, source, (*place, key), (*names, FOUND))


def _otherwise(condition: Condition, source: Source, place: Place, names: tuple[str, ...]) -> None:
    if condition.otherwise is not None:
        _gaps(condition.otherwise, source, (*place, "otherwise"), names)
    for key in ("all", "any"):
        for i, part in enumerate(getattr(condition, f"{key}_") or ()):
            _otherwise(part, source, (*place, key, i), names)
    for key, part in (("not", condition.not_), ("every", condition.every), ("some", condition.some)):
        if part is not None:
            _otherwise(part, source, (*place, key), names)


def _gaps(texts: Texts, source: Source, place: Place, known: tuple[str, ...]) -> None:
    for language in LANGUAGES:
        for name in GAP.findall(texts[language]):
            if name not in known:
                raise source.error((*place, language), no_such(Message("fact or parameter"), name, known))
        if texts[language].count("{") != len(GAP.findall(texts[language])):
            raise source.error((*place, language), Message("a gap is written as {{name}}"))


def cases(written: Rule, source: Source, place: Place, parameters: Mapping[str, Parameter]) -> None:
    """Check that each case speaks of facts and parameters that exist, with values of their type."""
    for i, case in enumerate(written.cases):
        at = (*place, "cases", i)
        for name in (*case.facts, *case.not_applicable):
            if name not in FACTS:
                where = (*at, "facts", name) if name in case.facts else (*at, "not_applicable")
                raise source.error(where, no_such(Message("fact"), name, tuple(FACTS)), key=True)
        for name, value in case.facts.items():
            if not fits(FACTS[name], value):
                values = {"fact": name, "kind": FACTS[name].kind.value}
                raise source.error((*at, "facts", name), Message("{fact} ({kind}) has no such value", values))
        for name in case.parameters:
            if name not in parameters:
                raise source.error(
                    (*at, "parameters", name), no_such(Message("parameter"), name, tuple(parameters)), key=True
                )
        if case.answer is not None and written.question is None:
            raise source.error((*at, "answer"), Message("this rule has no question"), key=True)


def fits(spec: Spec, value: Any) -> bool:  # noqa: PLR0911 - a table in words
    """Whether a fact can have this value (an instant may be written as an age)."""
    if spec.kind is Kind.BOOL:
        return type(value) is bool
    if spec.kind is Kind.INT:
        return type(value) is int
    if spec.kind is Kind.INSTANT:
        return isinstance(value, Duration)
    if spec.kind in (Kind.TEXT, Kind.CHOICE):
        return isinstance(value, str) and (not spec.choices or value in spec.choices)
    if not isinstance(value, list):
        return False
    if spec.kind is Kind.LIST:
        return all(isinstance(each, str) and (not spec.choices or each in spec.choices) for each in value)
    return all(isinstance(each, dict) and set(each) == set(spec.fields) for each in value)
