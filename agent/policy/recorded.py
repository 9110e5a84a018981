"""Facts out of a stored report, to be judged again under another policy.

A report was written elsewhere: a value that is not of its fact's type settles nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from typing_extensions import override

from agent.facts import FACTS, Evidence, Fact, Kind, Spec, known, not_applicable, unknown
from agent.messages import Language, Message
from agent.policy.people import Attestation


@dataclass(frozen=True, slots=True)
class Recorded(Message):
    """A reason that a report holds, in the languages that it was written in; `sentence` is the report's own."""

    texts: Mapping[str, str] | None = None

    @override
    def __call__(self, language: Language = "en") -> str:
        return (self.texts or {}).get(language, self.sentence)


def facts(reported: Mapping[str, Mapping[str, Any]]) -> dict[str, Fact]:
    """Turn the `facts` of a report (in the contract's shape) back into facts. Names that do not exist are left out."""
    return {name: _fact(FACTS[name], each) for name, each in reported.items() if name in FACTS}


def attestations(results: Iterable[Mapping[str, Any]]) -> tuple[Attestation, ...]:
    """The answers that a report's `results` hold. What is no answer in the contract's shape settles nothing."""
    found = (_answer(str(each["rule"]), stated) for each in results if (stated := each.get("attestation")))
    return tuple(answer for answer in found if answer is not None)


def _answer(rule: str, stated: Mapping[str, Any]) -> Attestation | None:
    role = stated.get("role")
    try:
        at, until = _at(stated["at"]), _at(stated["valid_until"])
        return Attestation(
            rule, stated["answer"] is True, str(stated["by"]), at, until, None if role is None else str(role)
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _at(written: str) -> datetime:
    return datetime.fromisoformat(written).astimezone(UTC)


def _fact(spec: Spec, told: Mapping[str, Any]) -> Fact:
    evidence = tuple(Evidence.of(str(line["source"]), str(line["line"])) for line in told.get("evidence") or ())
    reason = Recorded(str(told.get("reason") or "no reason was kept"), {}, told.get("reasons"))
    if told.get("state") == "not_applicable":
        return not_applicable(spec.name, reason, *evidence)
    if told.get("state") != "known":
        return unknown(spec.name, reason, *evidence)
    value = told.get("value")
    if not evidence or not _fits(spec, value):
        return unknown(spec.name, Message("the report's value is not of this fact's type; scan the phone again"))
    return known(spec.name, value, *evidence)


def _fits(spec: Spec, value: Any) -> bool:
    if spec.kind is Kind.BOOL:
        return type(value) is bool
    if spec.kind is Kind.INT:
        return type(value) is int
    if spec.kind is Kind.INSTANT:
        return _is_instant(value)
    if spec.kind in (Kind.LIST, Kind.RECORDS):
        return isinstance(value, list) and all(_entry_fits(spec, each) for each in value)
    return isinstance(value, str) and (not spec.choices or value in spec.choices)


def _entry_fits(spec: Spec, entry: Any) -> bool:
    if spec.kind is Kind.LIST:
        return isinstance(entry, str)
    if not isinstance(entry, Mapping):
        return False
    return all(not name.endswith("_at") or value is None or _is_instant(value) for name, value in entry.items())


def _is_instant(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
