"""What two policies decide differently of the same phones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.facts import Fact
from agent.policy.engine import Evaluation, evaluate
from agent.policy.model import Policy
from agent.policy.people import Attestation
from agent.policy.terms import Profile, Status, Verdict


@dataclass(frozen=True, slots=True)
class Phone:
    """One look at one phone, from a stored report or a capture."""

    name: str
    facts: Mapping[str, Fact]
    profile: Profile
    scanned_at: datetime
    serial: str | None = None
    attestations: Sequence[Attestation] = ()

    def judged(self, policy: Policy) -> Evaluation:
        """The phone under a policy."""
        return evaluate(
            policy,
            self.facts,
            profile=self.profile,
            scanned_at=self.scanned_at,
            serial=self.serial,
            attestations=self.attestations,
            asked_at=max((each.at for each in self.attestations), default=None),
        )


@dataclass(frozen=True, slots=True)
class Changed:
    """A rule that ends otherwise; None where a policy has no such rule."""

    rule: str
    old: Status | None
    new: Status | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One phone under two policies."""

    phone: str
    old: Verdict
    new: Verdict
    changed: tuple[Changed, ...]


def compare(old: Policy, new: Policy, phone: Phone) -> Difference:
    """Judge a phone by both policies."""
    before, after = phone.judged(old), phone.judged(new)
    was = {result.rule: result.status for result in before.results}
    becomes = {result.rule: result.status for result in after.results}
    changed = tuple(
        Changed(rule, was.get(rule), becomes.get(rule))
        for rule in {**was, **becomes}
        if was.get(rule) != becomes.get(rule)
    )
    return Difference(phone.name, before.verdict, after.verdict, changed)
