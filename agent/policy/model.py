"""A policy that is ready to judge."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from agent.policy import document
from agent.policy.conditions import Node
from agent.policy.document import Case, Change, Duration, Fix, Messages, Network, ParameterValue, Texts
from agent.policy.source import Place, Source
from agent.policy.terms import Counts, Kind, Profile, Severity, Strength


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that rules are judged by, and the layer that set it last ("policy", "organisation Example" …).

    `base` is the policy's own value, by which its cases are run.
    """

    name: str
    title: Texts
    value: ParameterValue
    base: ParameterValue
    unit: str | None
    layer: str

    def reported(self) -> dict[str, Any]:
        """As a result shows it: plain value, unit, layer."""
        if isinstance(self.value, Duration):
            return {"value": self.value.value, "unit": self.value.unit, "layer": self.layer}
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        return {"value": value, "unit": self.unit, "layer": self.layer}


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of the guideline: its text where the policy holds it, and what no command proves of it."""

    id: str
    title: Texts
    text: str | None
    cannot: Texts | None


@dataclass(frozen=True, slots=True)
class Question:
    """What only a person can say, and for how long an answer holds."""

    id: str
    ask: Texts
    answered_by: tuple[str, ...]
    valid_for: timedelta


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One rule, compiled. `facts` and `parameters` are what it looks at; `source` and `place` where it stands."""

    id: str
    clause: str
    quote: str
    title: Texts
    why: Texts
    kind: Kind
    profiles: tuple[Profile, ...]
    severity: Severity
    strength: Strength
    counts: Counts
    when: Node | None
    expect: Node | None
    question: Question | None
    messages: Messages | None
    fix: Fix
    maps: Mapping[str, tuple[str, ...]]  # another catalogue's title: its controls that this rule serves
    facts: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    cases: tuple[Case, ...]
    written: document.Rule
    source: Source
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """A policy with its overlays laid over it. `sha256` is the digest of all their files."""

    id: str
    version: str
    date: date
    title: Texts
    sha256: str
    time_zone: ZoneInfo
    counted: tuple[Strength, ...]
    longest_waiver: timedelta
    changes: tuple[Change, ...]
    layers: tuple[str, ...]
    parameters: Mapping[str, Parameter]
    trusted_networks: tuple[Network, ...]
    questions: Mapping[str, Question]
    frameworks: Mapping[str, document.Framework]
    clauses: tuple[Clause, ...]
    rules: tuple[Rule, ...]

    def rule(self, rule_id: str) -> Rule | None:
        """The rule of this id."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)

    def counts(self, rule: Rule, status: str) -> bool:
        """Whether a rule of this status stands in the way of "compliant"."""
        if rule.strength not in self.counted or rule.counts == "never":
            return False
        return status == "fail" or (status in ("inconclusive", "error") and rule.counts == "always")
