"""What one rule says of one phone; its sentences are made only when somebody reads them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from agent.messages import LANGUAGES, Language
from agent.policy import sentences
from agent.policy.conditions import Finding, Scene
from agent.policy.model import Policy, Rule
from agent.policy.terms import Kind, Profile, Severity, Status, Strength


@dataclass(frozen=True)
class Result:
    """One rule's status. `measured_status` is that before an attestation or a waiver; both are as a report shows them.

    `facts` are what the rule looks at.
    """

    rule: str
    clause: str
    kind: Kind
    status: Status
    measured_status: Status
    severity: Severity
    strength: Strength
    facts: tuple[str, ...]
    waiver: dict[str, Any] | None
    attestation: dict[str, Any] | None
    of: Rule = field(repr=False, compare=False)
    scene: Scene = field(repr=False, compare=False)
    profile: Profile = field(repr=False, compare=False)
    policy: Policy = field(repr=False, compare=False)

    @cached_property
    def because(self) -> tuple[Finding, ...]:
        """The chain of reasons: the comparisons that made the measured status what it is, the first decides."""
        return sentences.because(self.of, self.scene, self.measured_status, self.profile)

    @cached_property
    def title(self) -> Mapping[Language, str]:
        """The good state."""
        return {language: self.of.title[language] for language in LANGUAGES}

    @cached_property
    def message(self) -> Mapping[Language, str]:
        """What was found; when nothing was proved, what was missing and why."""
        return {language: sentences.message(self, language) for language in LANGUAGES}

    @cached_property
    def remediation(self) -> Mapping[Language, str]:
        """What to do: a way on the phone for a failure, how to prove it for an open one, else nothing."""
        return {language: sentences.remediation(self, language) for language in LANGUAGES}

    @cached_property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        """Each parameter the rule was judged by: value, unit and the layer that set it."""
        return {each.name: each.reported() for each in self.of.parameters}
