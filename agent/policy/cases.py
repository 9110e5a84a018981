"""Runs a policy's own cases, and finds what no case reaches."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.facts import FACTS, Evidence, Fact, Kind, instant, known, not_applicable
from agent.messages import Message
from agent.policy import network_class
from agent.policy.compiler import Compiler
from agent.policy.conditions import FALSE, TRUE, Leaf, Scene
from agent.policy.document import Case, Duration
from agent.policy.engine import evaluate_rule, stage
from agent.policy.model import Policy, Rule
from agent.policy.people import Attestation
from agent.policy.terms import Status

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
"""When every case plays; instants in cases are written as ages."""

STATUSES: tuple[Status, ...] = ("pass", "fail", "inconclusive", "not_applicable")
_SOURCE = "case"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case: what it expects and what the rule says. `place` is file:line:column."""

    rule: str
    case: str
    place: str
    expected: Status
    status: Status

    @property
    def passed(self) -> bool:
        """Whether the rule says what the case expects."""
        return self.expected == self.status


@dataclass(frozen=True, slots=True)
class Unreached:
    """A comparison that is never true, or never false, in any of its rule's cases; or a status that none has."""

    rule: str
    place: str
    what: Message


def run(policy: Policy) -> Iterator[Outcome | Unreached]:
    """Run the cases of every rule, rule by rule, and name what they leave untested."""
    for rule in policy.rules:
        yield from _rule(policy, rule)


def _rule(policy: Policy, rule: Rule) -> Iterator[Outcome | Unreached]:
    reached: dict[str, set[Any]] = {}
    statuses: set[Status] = set()
    for i, case in enumerate(rule.cases):
        tried = _under(policy, rule, case)
        scene = _scene(policy, case)
        profile = case.profile or tried.profiles[0]
        result = evaluate_rule(policy, tried, scene, profile, NOW, _answer(tried, case))
        statuses.add(result.status)
        yield Outcome(rule.id, case.name, _place(rule, ("cases", i)), case.status, result.status)
        if profile in tried.profiles:
            for leaf in _leaves(tried):
                reached.setdefault(leaf.place, set()).update(_truths(leaf, scene))
    for status in STATUSES:
        if status not in statuses:
            yield Unreached(rule.id, _place(rule, ()), Message("no case ends in “{status}”", {"status": status}))
    for leaf in _leaves(rule):
        seen = reached.get(leaf.place, set())
        for truth, what in ((TRUE, Message("no case makes this true")), (FALSE, Message("no case makes this false"))):
            if truth in leaf.reachable and truth not in seen:
                yield Unreached(rule.id, leaf.place, what)


def _leaves(rule: Rule) -> list[Leaf]:
    return [leaf for node in (rule.when, rule.expect) if node is not None for leaf in node.leaves()]


def _truths(leaf: Leaf, scene: Scene) -> set[Any]:
    """What a comparison says in a case; one inside a list, for each of the list's entries."""
    if leaf.field is None:
        return {leaf.truth(scene)}
    fact = scene.fact(leaf.fact)
    return {leaf.truth(scene, entry) for entry in fact.value or ()}


def _place(rule: Rule, inside: tuple[str | int, ...]) -> str:
    line, column = rule.source.values[(*rule.place, *inside)]
    return f"{rule.source.name}:{line}:{column}"


def _under(policy: Policy, rule: Rule, case: Case) -> Rule:
    """The same rule, compiled with the policy's own parameters, and what a case sets."""
    if not case.parameters and not case.trusted_networks and len(policy.layers) == 1:
        return rule
    values = {**{name: each.base for name, each in policy.parameters.items()}, **case.parameters}
    networks = (*policy.trusted_networks, *case.trusted_networks)
    compiler = Compiler(rule.source, values, frozenset(network.ssid for network in networks))
    written = rule.written
    return replace(
        rule,
        when=compiler.compile(written.when, (*rule.place, "when")) if written.when else None,
        expect=compiler.compile(written.expect, (*rule.place, "expect")) if written.expect else None,
    )


def _scene(policy: Policy, case: Case) -> Scene:
    facts = {name: _fact(name, value) for name, value in case.facts.items()}
    for name in case.not_applicable:
        facts[name] = not_applicable(name, Message("the case says so"))
    if network_class.NAME not in case.facts:
        networks = (*policy.trusted_networks, *case.trusted_networks)
        facts[network_class.NAME] = network_class.derive(facts, networks)
    return stage(policy, facts, NOW)


def _fact(name: str, value: Any) -> Fact:
    spec = FACTS[name]
    records = spec.kind is Kind.RECORDS
    plain = [{key: _plain(each) for key, each in record.items()} for record in value] if records else _plain(value)
    return known(name, plain, Evidence(_SOURCE, name))


def _plain(value: Any) -> Any:
    return instant(NOW - timedelta(seconds=value.in_seconds)) if isinstance(value, Duration) else value


def _answer(rule: Rule, case: Case) -> Attestation | None:
    if case.answer is None or rule.question is None:
        return None
    at = NOW - (rule.question.valid_for if case.answer == "lapsed" else timedelta(hours=1))
    return Attestation(rule.id, case.answer != "no", "A. Example", at, at + rule.question.valid_for)
