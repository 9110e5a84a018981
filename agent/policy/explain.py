"""A rule's conditions as indented sentences, for a terminal or a page."""

from collections.abc import Iterator
from typing import Any

from agent.facts import FACTS
from agent.messages import Language, Message
from agent.policy import words
from agent.policy.document import OPERATORS, Condition, Duration, ParameterRef
from agent.policy.model import Policy

_SAYS = {
    "is": Message("{what} is {value}"),
    "in": Message("{what} is one of: {value}"),
    "not_in": Message("{what} is none of: {value}"),
    "at_least": Message("{what} is at least {value}"),
    "at_most": Message("{what} is at most {value}"),
    "within": Message("{what} is no longer ago than {value}"),
    "older_than": Message("{what} is longer ago than {value}"),
    "contains": Message("{what} holds {value}"),
    "only": Message("{what} holds nothing but: {value}"),
}
_YES_NO = {
    ("empty", True): Message("{what} is empty"),
    ("empty", False): Message("{what} is not empty"),
    ("trusted", True): Message("{what} is a trusted network"),
    ("trusted", False): Message("{what} is no trusted network"),
    ("applies", True): Message("{what} has a value"),
    ("applies", False): Message("{what} does not apply"),
}
_GROUPS = {
    "all": Message("all of:"),
    "any": Message("at least one of:"),
    "not": Message("not:"),
    "every": Message("of every entry of {what}:"),
    "some": Message("of at least one entry of {what}:"),
    "where": Message("asked only of entries of which:"),
    "unproved": Message("these settle nothing: {value}"),
}


def condition(written: Condition, policy: Policy, language: Language, depth: int = 0) -> Iterator[tuple[int, str]]:
    """Yield (depth, sentence) for each line."""
    for key, parts in (
        ("all", written.all_),
        ("any", written.any_),
        ("not", (written.not_,) if written.not_ else None),
    ):
        if parts:
            yield depth, _GROUPS[key](language)
            for part in parts:
                yield from condition(part, policy, language, depth + 1)
    operator = next((name for name in OPERATORS if written.operand(name) is not None), None)
    if operator is None:
        return
    what: str | Message = FACTS[written.fact].label if written.fact else written.field or Message("the entry")
    if operator in ("every", "some"):
        yield depth, Message(_GROUPS[operator].sentence, {"what": what})(language)
        yield from condition(written.operand(operator), policy, language, depth + 1)
        if written.where is not None:
            yield depth + 1, _GROUPS["where"](language)
            yield from condition(written.where, policy, language, depth + 2)
    else:
        yield depth, _comparison(what, operator, written.operand(operator), policy, language)
    if written.unproved:
        yield depth + 1, Message(_GROUPS["unproved"].sentence, {"value": ", ".join(written.unproved)})(language)


def _comparison(what: str | Message, operator: str, operand: Any, policy: Policy, language: Language) -> str:
    if (operator, operand) in _YES_NO and isinstance(operand, bool) and operator != "is":
        return Message(_YES_NO[operator, operand].sentence, {"what": what})(language)
    return Message(_SAYS[operator].sentence, {"what": what, "value": _value(operand, policy, language)})(language)


def _value(operand: Any, policy: Policy, language: Language) -> str:
    if isinstance(operand, ParameterRef):
        value = words.parameter(policy.parameters[operand.parameter].value, language)
        return f"{value} ({operand.parameter})"
    if isinstance(operand, bool):
        return (Message("yes") if operand else Message("no"))(language)
    if isinstance(operand, tuple):
        return ", ".join(operand)
    return words.parameter(operand, language) if isinstance(operand, Duration) else str(operand)
