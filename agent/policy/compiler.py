"""Turns a condition as written into one that judges, and refuses what makes no sense of the facts.

A fact that does not exist, a comparison that its type does not know, a word that is none of its choices, a
quantity without its unit, a part that can never matter: each stops the load, with its place and the nearest name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agent.facts import FACTS, Kind
from agent.messages import Message
from agent.policy import comparisons
from agent.policy.comparisons import Comparison
from agent.policy.conditions import FALSE, TRUE, Group, Leaf, Node, Not
from agent.policy.document import OPERATORS, Condition, Duration, ParameterRef, ParameterValue
from agent.policy.source import Place, Source, no_such

_EVERYWHERE = frozenset({"applies"})
_BY_KIND: Mapping[Kind, frozenset[str]] = {
    Kind.BOOL: frozenset({"is"}),
    Kind.INT: frozenset({"is", "at_least", "at_most"}),
    Kind.TEXT: frozenset({"is", "in", "not_in", "trusted"}),
    Kind.CHOICE: frozenset({"is", "in", "not_in"}),
    Kind.INSTANT: frozenset({"within", "older_than"}),
    Kind.LIST: frozenset({"empty", "contains", "only", "every", "some"}),
    Kind.RECORDS: frozenset({"empty", "every", "some"}),
}
_TYPES = {Kind.BOOL: bool, Kind.INT: int, Kind.TEXT: str, Kind.CHOICE: str}


@dataclass(frozen=True, slots=True)
class Subject:
    """What a comparison looks at: a fact, an entry of its list (`field` ""), or a field of its records."""

    fact: str
    field: str | None
    kind: Kind
    choices: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


SIGNATURES = ("verified", "matches", "unrecognised", "unread")


def _field(fact: str, name: str) -> Subject:
    if name in ("active_now",):
        return Subject(fact, name, Kind.BOOL)
    if name in ("user", "bytes"):
        return Subject(fact, name, Kind.INT)
    if name.endswith("_at"):
        return Subject(fact, name, Kind.INSTANT)
    if name == "signature":
        return Subject(fact, name, Kind.CHOICE, SIGNATURES)
    if name == "security":
        return Subject(fact, name, Kind.CHOICE, FACTS["network.wifi.security"].choices)
    return Subject(fact, name, Kind.TEXT)


class Compiler:
    """Compiles the conditions of one file under the parameters in force; remembers which parameters each used."""

    def __init__(self, source: Source, parameters: Mapping[str, ParameterValue], trusted: frozenset[str]) -> None:
        self._source = source
        self._parameters = parameters
        self._trusted = trusted
        self.used: dict[str, None] = {}
        self.facts: dict[str, None] = {}

    def compile(self, written: Condition, place: Place, subject: Subject | None = None) -> Node:
        """Compile one condition; `subject` is the list whose entries `every` or `some` looks at."""
        groups = [key for key in ("all", "any", "not") if getattr(written, f"{key}_") is not None]
        operators = [name for name in OPERATORS if written.operand(name) is not None]
        if len(groups) > 1 or (groups and (operators or written.fact or written.field)):
            raise self._source.error(place, Message("give one of all, any, not, or one comparison of one fact"))
        if groups:
            return self._group(written, groups[0], place, subject)
        return self._leaf(written, operators, place, subject)

    def _group(self, written: Condition, key: str, place: Place, subject: Subject | None) -> Node:
        if written.not_ is not None:
            return Not(self.compile(written.not_, (*place, key), subject), written.otherwise)
        parts = written.all_ or written.any_ or ()
        nodes = []
        for i, part in enumerate(parts):
            if part.model_copy(update={"otherwise": None}) in [
                earlier.model_copy(update={"otherwise": None}) for earlier in parts[:i]
            ]:
                raise self._source.error((*place, key, i), Message("this part stands here twice"))
            nodes.append(self.compile(part, (*place, key, i), subject))
        if key == "all":
            self._contradiction(parts, (*place, key))
        return Group(tuple(nodes), FALSE if key == "all" else TRUE, written.otherwise)

    def _contradiction(self, parts: tuple[Condition, ...], place: Place) -> None:
        said: dict[tuple[str | None, str | None], Any] = {}
        for i, part in enumerate(parts):
            if part.is_ is None:
                continue
            if said.setdefault((part.fact, part.field), part.is_) != part.is_:
                raise self._source.error((*place, i), Message("this can never be true beside a part above it"))

    def _leaf(self, written: Condition, operators: list[str], place: Place, outer: Subject | None) -> Node:
        subject = self._subject(written, place, outer)
        if len(operators) != 1:
            found = Message("give exactly one comparison, of: {known}", {"known": ", ".join(self._known(subject))})
            raise self._source.error(place, found)
        operator = operators[0]
        at = (*place, operator)
        if operator not in self._known(subject):
            values = {
                "operator": operator, "name": subject.field or subject.fact, "kind": subject.kind.value,
                "known": ", ".join(self._known(subject)),
            }  # fmt: skip
            problem = Message("“{operator}” cannot compare {name} ({kind}); it takes {known}", values)
            raise self._source.error(at, problem, key=True)
        if written.where is not None and operator not in ("every", "some"):
            raise self._source.error((*place, "where"), Message("“where” goes with every or some"), key=True)
        inner: list[Leaf] = []
        comparison = self._comparison(written, operator, place, subject, inner)
        if written.unproved is not None:
            self._words(subject, written.unproved, (*place, "unproved"))
            comparison = comparisons.unless_unproved(
                comparison,
                written.unproved,
                what=subject.field or FACTS[subject.fact].label,
                choices=subject.choices,
            )
        return Leaf(
            subject.fact,
            subject.field,
            comparison.test,
            self._where(place),
            comparison.why,
            written.otherwise,
            written.applies,
            comparison.entries,
            tuple(inner),
            comparison.reachable,
        )

    def _where(self, place: Place) -> str:
        while place not in self._source.values:
            place = place[:-1]
        line, column = self._source.values[place]
        return f"{self._source.name}:{line}:{column}"

    @staticmethod
    def _known(subject: Subject) -> list[str]:
        known = _BY_KIND[subject.kind] | (_EVERYWHERE if subject.field is None else frozenset())
        return [name for name in OPERATORS if name in known]

    def _subject(self, written: Condition, place: Place, outer: Subject | None) -> Subject:
        if outer is None:
            if written.field is not None:
                raise self._source.error((*place, "field"), Message("“field” goes inside every or some"), key=True)
            if written.fact is None:
                raise self._source.error(place, Message("a comparison needs a fact"))
            self.check_fact(written.fact, (*place, "fact"))
            self.facts[written.fact] = None
            spec = FACTS[written.fact]
            return Subject(spec.name, None, spec.kind, spec.choices, spec.fields)
        if written.fact is not None:
            raise self._source.error((*place, "fact"), Message("inside every and some stands “field”, no fact"))
        if outer.kind is Kind.LIST:
            if written.field is not None:
                raise self._source.error(
                    (*place, "field"), Message("the entries of {fact} have no fields", {"fact": outer.fact})
                )
            return Subject(outer.fact, "", Kind.CHOICE if outer.choices else Kind.TEXT, outer.choices)
        if written.field not in outer.fields:
            raise self._source.error(
                (*place, "field"),
                no_such(Message("field of {fact}", {"fact": outer.fact}), written.field or "", outer.fields),
            )
        return _field(outer.fact, written.field or "")

    def check_fact(self, name: str, place: Place, *, key: bool = False) -> None:
        """Raise unless there is a fact of this name."""
        if name not in FACTS:
            raise self._source.error(place, no_such(Message("fact"), name, tuple(FACTS)), key=key)

    def _comparison(  # noqa: PLR0911 - a table in words
        self, written: Condition, operator: str, place: Place, subject: Subject, inner: list[Leaf]
    ) -> Comparison:
        at = (*place, operator)
        operand = self._resolved(written.operand(operator), at)
        if operator in ("every", "some"):
            return self._quantified(written, operator, place, subject, inner)
        if operator == "is":
            self._same_type(subject, operand, at)
            return comparisons.equal(operand)
        if operator in ("in", "not_in", "only"):
            words = self._words(subject, operand, at)
            if operator == "only":
                return comparisons.only(words)
            return comparisons.among(words, inside=operator == "in")
        if operator in ("at_least", "at_most"):
            limit = self._quantity(subject, operand, at)
            return comparisons.at_least(limit) if operator == "at_least" else comparisons.at_most(limit)
        if operator in ("within", "older_than"):
            if not isinstance(operand, Duration):
                raise self._source.error(at, Message("give a duration with its unit, such as {{days: 7}}"))
            return comparisons.age(operand.in_seconds, within=operator == "within")
        if operator == "contains":
            self._words(subject, (operand,), at)
            return comparisons.contains(operand)
        simple: Mapping[str, Callable[[bool], Comparison]] = {
            "empty": lambda wanted: comparisons.empty(wanted=wanted),
            "trusted": lambda wanted: comparisons.trusted(self._trusted, wanted=wanted),
            "applies": comparisons.equal,  # never asked: Leaf looks at the state alone
        }
        return simple[operator](operand)

    def _quantified(
        self, written: Condition, operator: str, place: Place, subject: Subject, inner: list[Leaf]
    ) -> Comparison:
        each = written.every if operator == "every" else written.some
        assert each is not None  # noqa: S101 - the operator is there
        node = self.compile(each, (*place, operator), subject)
        where = self.compile(written.where, (*place, "where"), subject) if written.where is not None else None
        inner.extend(node.leaves())
        inner.extend(where.leaves() if where else ())
        return comparisons.quantified(node, where, every=operator == "every")

    def _resolved(self, operand: Any, place: Place) -> Any:
        if not isinstance(operand, ParameterRef):
            return operand
        if operand.parameter not in self._parameters:
            raise self._source.error(
                (*place, "parameter"), no_such(Message("parameter"), operand.parameter, tuple(self._parameters))
            )
        self.used[operand.parameter] = None
        return self._parameters[operand.parameter]

    def _same_type(self, subject: Subject, operand: Any, place: Place) -> None:
        wanted = _TYPES[subject.kind]
        if type(operand) is not wanted:
            name = {bool: "true or false", int: "a number", str: "a word"}[wanted]
            raise self._source.error(
                place, Message("{fact} is compared with {kind}", {"fact": subject.field or subject.fact, "kind": name})
            )
        if subject.kind is Kind.CHOICE:
            self._words(subject, (operand,), place)

    def _words(self, subject: Subject, operand: Any, place: Place) -> tuple[str, ...]:
        if not isinstance(operand, tuple):
            raise self._source.error(place, Message("a list of words is needed here"))
        for i, word in enumerate(operand):
            if subject.choices and word not in subject.choices:
                at = (*place, i) if (*place, i) in self._source.values else place
                what = Message("value of {fact}", {"fact": subject.field or subject.fact})
                raise self._source.error(at, no_such(what, word, subject.choices))
        if len(set(operand)) != len(operand):
            raise self._source.error(place, Message("a word stands here twice"))
        if subject.choices and set(operand) == set(subject.choices):
            raise self._source.error(place, Message("this names every value, so it decides nothing"))
        return operand

    def _quantity(self, subject: Subject, operand: Any, place: Place) -> float:
        name = subject.field or subject.fact
        unit = 1 if name.endswith("_seconds") else 86400 if name.endswith("_days") else 0
        if unit and isinstance(operand, Duration):
            return operand.in_seconds / unit
        if not unit and type(operand) is int:
            return operand
        if unit:
            problem = Message(
                "{fact} is a span of time: give a duration with its unit, such as {{days: 7}}", {"fact": name}
            )
        else:
            problem = Message("{fact} is compared with a plain number", {"fact": name})
        raise self._source.error(place, problem)
