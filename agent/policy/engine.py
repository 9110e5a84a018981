"""Holds a phone's facts against a policy."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from agent.facts import Fact, State
from agent.messages import LANGUAGES, Language, Message
from agent.policy import network_class, sentences
from agent.policy.conditions import FALSE, NOT_APPLICABLE, TRUE, UNKNOWN, Scene, Truth
from agent.policy.document import Duration
from agent.policy.model import Policy, Question, Rule
from agent.policy.people import CLOCK_SLACK, Attestation, Waiver, check_waiver
from agent.policy.result import Result
from agent.policy.terms import SEVERITIES, Profile, Status, Verdict

log = logging.getLogger(__name__)

CLOCK_TOLERANCE = "clock_tolerance"
"""Parameter: by how much the phone's clock may be off before nothing is judged by it. Absent: one day."""

_STATUS: Mapping[Truth, Status] = {
    TRUE: "pass",
    FALSE: "fail",
    UNKNOWN: "inconclusive",
    NOT_APPLICABLE: "not_applicable",
}


@dataclass(frozen=True)
class Evaluation:
    """What a policy says of one phone. `facts` are those that were given, with the derived `network.class`."""

    results: tuple[Result, ...]
    verdict: Verdict
    facts: Mapping[str, Fact]
    policy: Policy

    @cached_property
    def summary(self) -> Mapping[Language, str]:
        """One sentence that says what stands between this phone and "compliant"."""
        return sentences.summary(self.standing_in_the_way, len(self.results))

    @cached_property
    def standing_in_the_way(self) -> tuple[Result, ...]:
        """What keeps the phone from "compliant", the worst first: failures, then what is not proved."""
        found = [each for each in self.results if self.policy.counts(each.of, each.status)]
        return tuple(sorted(found, key=_urgency))

    @cached_property
    def open_questions(self) -> tuple[Question, ...]:
        """What a person may answer to settle what is not proved: first what the verdict waits for."""
        waiting = sorted(
            (each for each in self.results if each.status == "inconclusive" and each.of.question is not None),
            key=lambda each: (not self.policy.counts(each.of, each.status), *_urgency(each)),
        )
        return tuple({each.of.question.id: each.of.question for each in waiting if each.of.question}.values())

    def asked(self, question: Question) -> Mapping[Language, str]:
        """The words of a question for the person at this phone."""
        result = next(each for each in self.results if each.of.question is question)
        return {language: sentences.asked(question, result, language) for language in LANGUAGES}

    def waits_for(self, question: Question) -> bool:
        """Whether the verdict waits for the answer; otherwise it is advice."""
        return any(each.of.question is question for each in self.standing_in_the_way)


def _urgency(result: Result) -> tuple[bool, int, bool, str]:
    clause = result.clause
    return result.status != "fail", SEVERITIES.index(result.severity), not clause[:1].isdigit(), clause


def evaluate(  # noqa: PLR0913 - each is named where it is called
    policy: Policy,
    facts: Mapping[str, Fact],
    *,
    profile: Profile,
    scanned_at: datetime,
    serial: str | None = None,
    groups: Collection[str] = (),
    attestations: Sequence[Attestation] = (),
    asked_at: datetime | None = None,
    waivers: Sequence[Waiver] = (),
) -> Evaluation:
    """Judge a phone. `scanned_at` is aware; `groups` are those that the phone belongs to, for waivers.

    asked_at: when the person at the phone had answered, where that was after the scan; later answers count for nothing.
    A rule whose judging raises is an `error`. Raises PolicyError for a waiver that nobody may grant.
    """
    for waiver in waivers:
        check_waiver(waiver, (rule.id for rule in policy.rules), policy.longest_waiver)
    told = {**facts, network_class.NAME: network_class.derive(facts, policy.trusted_networks)}
    scene = stage(policy, told, scanned_at)
    heard_at = max(scanned_at, asked_at or scanned_at)
    results = tuple(
        evaluate_rule(
            policy,
            rule,
            scene,
            profile,
            scanned_at,
            _newest(attestations, rule.id, heard_at) if attestations else None,
            _longest([each for each in waivers if each.rule == rule.id and each.covers(serial, groups)]),
        )
        for rule in policy.rules
    )
    return Evaluation(results, _verdict(policy, results), told, policy)


def verdict_only(
    policy: Policy,
    facts: Mapping[str, Fact],
    *,
    profile: Profile,
    scanned_at: datetime,
    attestations: Sequence[Attestation] = (),
    asked_at: datetime | None = None,
) -> Verdict:
    """Return the verdict that `evaluate` gives, alone: four times as fast, for judging many stored reports again."""
    told = {**facts, network_class.NAME: network_class.derive(facts, policy.trusted_networks)}
    scene = stage(policy, told, scanned_at)
    heard_at = max(scanned_at, asked_at or scanned_at)
    verdict: Verdict = "compliant"
    for rule in policy.rules:
        status = judge(rule, scene, profile)
        if status == "inconclusive" and attestations and rule.question is not None:
            stated = _newest(attestations, rule.id, heard_at)
            if stated is not None and not _lapsed(stated, rule.question, scanned_at):
                status = "pass" if stated.answer else "fail"
        if policy.counts(rule, status):
            if status == "fail":
                return "non_compliant"
            verdict = "inconclusive"
    return verdict


def stage(policy: Policy, facts: Mapping[str, Fact], scanned_at: datetime) -> Scene:
    """Set the clock by which a phone's own instants are compared: the phone's, where it is known."""
    clock, skew = facts.get("device.clock_at"), facts.get("device.clock_skew_seconds")
    own = clock is not None and clock.state is State.KNOWN
    now = datetime.fromisoformat(clock.value).astimezone(UTC) if own and clock else scanned_at.astimezone(UTC)
    tolerance = policy.parameters.get(CLOCK_TOLERANCE)
    limit_s = tolerance.value.in_seconds if tolerance and isinstance(tolerance.value, Duration) else 86400
    off = None
    if skew is not None and skew.state is State.KNOWN and abs(skew.value) > limit_s:
        off = Message(
            "the phone's clock is off by {seconds} s; turn on automatic date and time, and scan again",
            {"seconds": skew.value},
        )
    return Scene(facts, now, off)


def judge(rule: Rule, scene: Scene, profile: Profile) -> Status:
    """The status of one rule by measurement alone."""
    if profile not in rule.profiles:
        return "not_applicable"
    try:
        if rule.when is not None:
            applies = rule.when.truth(scene)
            if applies is not TRUE:
                return "inconclusive" if applies is UNKNOWN else "not_applicable"
        return "inconclusive" if rule.expect is None else _STATUS[rule.expect.truth(scene)]
    except Exception:
        # Facts can come from a stored report that a stranger wrote: one rule is lost, never the report.
        log.exception("rule %s could not be judged", rule.id)
        return "error"


def evaluate_rule(
    policy: Policy,
    rule: Rule,
    scene: Scene,
    profile: Profile,
    scanned_at: datetime,
    attestation: Attestation | None = None,
    waiver: Waiver | None = None,
) -> Result:
    """Judge one rule: measured first, then what a person stated of what was not proved, then an exception."""
    measured = status = judge(rule, scene, profile)
    attested: dict[str, Any] | None = None
    if attestation is not None and rule.question is not None and measured == "inconclusive":
        lapsed = _lapsed(attestation, rule.question, scanned_at)
        attested = attestation.reported(lapsed=lapsed)
        if not lapsed:
            status = "pass" if attestation.answer else "fail"
    excepted: dict[str, Any] | None = None
    if waiver is not None and status in ("fail", "inconclusive", "error"):
        expired = scanned_at >= waiver.until
        excepted = waiver.reported(expired=expired)
        if not expired:
            status = "waived"
    return Result(
        rule=rule.id,
        clause=rule.clause,
        kind=rule.kind,
        status=status,
        measured_status=measured,
        severity=rule.severity,
        strength=rule.strength,
        facts=rule.facts,
        waiver=excepted,
        attestation=attested,
        of=rule,
        scene=scene,
        profile=profile,
        policy=policy,
    )


def _lapsed(attestation: Attestation, question: Question, scanned_at: datetime) -> bool:
    """Whether its own term or the policy's is over; the shorter one counts."""
    return scanned_at >= min(attestation.valid_until, attestation.at + question.valid_for)


def _newest(attestations: Sequence[Attestation], rule: str, heard_at: datetime) -> Attestation | None:
    """The last answer that was given by then; one from the future is nobody's."""
    given = [each for each in attestations if each.rule == rule and each.at <= heard_at + CLOCK_SLACK]
    return max(given, key=lambda each: each.at, default=None)


def _longest(waivers: Sequence[Waiver]) -> Waiver | None:
    """The exception that ends last: one that ended hides none that still holds."""
    return max(waivers, key=lambda each: each.until, default=None)


def _verdict(policy: Policy, results: Sequence[Result]) -> Verdict:
    standing = {each.status for each in results if policy.counts(each.of, each.status)}
    if "fail" in standing:
        return "non_compliant"
    return "inconclusive" if standing else "compliant"
