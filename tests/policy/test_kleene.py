"""Three-valued judging: what is not known never decides, and what is decided stays so when more is known."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from agent.facts import FACTS, Fact, State
from agent.messages import Message
from agent.policy import Attestation, Policy, evaluate, verdict_only
from agent.policy.conditions import FALSE, NOT_APPLICABLE, TRUE, UNKNOWN, Finding, Group, Node, Not, Scene, Truth
from agent.policy.terms import Profile
from tests.policy.phones import NOW, facts, known_facts, phones

SCENE = Scene({}, NOW)
# Which clock is right is learned with these: they may turn an age around, as they should.
CLOCK = {"device.clock_at", "device.clock_skew_seconds"}
profiles = st.sampled_from(["in-use", "handover"])


class Said(Node):
    """A condition that says what it is told."""

    otherwise = None

    def __init__(self, truth: Truth) -> None:
        self._truth = truth

    @override
    def truth(self, scene: Scene, entry: object = None) -> Truth:
        return self._truth

    @override
    def deciding(self, scene: Scene, entry: object = None) -> list[Finding]:
        return [Finding("said", self._truth, reason=Message("so it is"))]

    @override
    def leaves(self) -> list[object]:
        return []


def both(*truths: Truth) -> Truth:
    return Group(tuple(Said(each) for each in truths), FALSE).truth(SCENE)


def either(*truths: Truth) -> Truth:
    return Group(tuple(Said(each) for each in truths), TRUE).truth(SCENE)


def test_all_and_any_by_their_tables() -> None:
    tables = {
        (FALSE, FALSE): (FALSE, FALSE),
        (FALSE, TRUE): (FALSE, TRUE),
        (FALSE, UNKNOWN): (FALSE, UNKNOWN),
        (FALSE, NOT_APPLICABLE): (FALSE, FALSE),
        (TRUE, TRUE): (TRUE, TRUE),
        (TRUE, UNKNOWN): (UNKNOWN, TRUE),
        (TRUE, NOT_APPLICABLE): (NOT_APPLICABLE, TRUE),
        (UNKNOWN, UNKNOWN): (UNKNOWN, UNKNOWN),
        (UNKNOWN, NOT_APPLICABLE): (UNKNOWN, UNKNOWN),
        (NOT_APPLICABLE, NOT_APPLICABLE): (NOT_APPLICABLE, NOT_APPLICABLE),
    }
    assert {pair: (both(*pair), either(*pair)) for pair in tables} == tables
    assert {pair: (both(*pair[::-1]), either(*pair[::-1])) for pair in tables} == tables


@given(st.lists(st.sampled_from(list(Truth)), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_order_does_not_matter_and_deciding_parts_agree(truths: list[Truth], random: object) -> None:
    shuffled = list(truths)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert both(*truths) is both(*shuffled)
    assert either(*truths) is either(*shuffled)
    for settled_by in (FALSE, TRUE):
        group = Group(tuple(Said(each) for each in truths), settled_by)
        assert {each.truth for each in group.deciding(SCENE)} == {group.truth(SCENE)}
        assert Not(Not(group)).truth(SCENE) is group.truth(SCENE)


def test_a_phone_that_tells_nothing_neither_meets_nor_fails(policy: Policy) -> None:
    for profile in ("in-use", "handover"):
        evaluation = evaluate(policy, {}, profile=profile, scanned_at=NOW)
        assert {result.status for result in evaluation.results} == {"inconclusive", "not_applicable"}
        assert evaluation.verdict == "inconclusive"
        for result in evaluation.results:
            asked = profile in result.of.profiles
            assert result.status == ("inconclusive" if asked else "not_applicable"), result.rule
            assert result.message["es"]
            assert result.message["en"]
            assert bool(result.remediation["es"]) is asked


@given(phones, profiles)
def test_any_phone_can_be_judged_and_told_in_both_languages(
    policy: Policy, seen: dict[str, Fact], profile: Profile
) -> None:
    evaluation = evaluate(policy, seen, profile=profile, scanned_at=NOW)
    assert "error" not in {result.status for result in evaluation.results}
    assert verdict_only(policy, seen, profile=profile, scanned_at=NOW) == evaluation.verdict
    for result in evaluation.results:
        for texts in (result.message, result.remediation, result.title, evaluation.summary):
            assert set(texts) == {"en", "es"}
        assert result.status in ("pass", "not_applicable") or result.remediation["en"]


@given(phones, profiles, st.data())
def test_the_verdict_alone_is_the_same_with_statements(
    policy: Policy, seen: dict[str, Fact], profile: Profile, data: st.DataObject
) -> None:
    ages = st.integers(-2, 400).map(lambda days: timedelta(days=days))
    stated_of = [
        Attestation(rule.id, data.draw(st.booleans()), "A", at := NOW - data.draw(ages), at + data.draw(ages))
        for rule in policy.rules
        if rule.question is not None and data.draw(st.booleans())
    ]
    full = evaluate(policy, seen, profile=profile, scanned_at=NOW, attestations=stated_of).verdict
    assert verdict_only(policy, seen, profile=profile, scanned_at=NOW, attestations=stated_of) == full


@given(phones, profiles, st.data())
def test_knowing_more_never_turns_a_decided_rule_around(
    overlaid: Policy, seen: dict[str, Fact], profile: Profile, data: st.DataObject
) -> None:
    policy = overlaid
    fewer = evaluate(policy, seen, profile=profile, scanned_at=NOW)
    more = {
        name: data.draw(known_facts(FACTS[name]) | facts(FACTS[name]), name)
        if each.state is State.UNKNOWN and name not in CLOCK
        else each
        for name, each in seen.items()
    }
    after = {result.rule: result.status for result in evaluate(policy, more, profile=profile, scanned_at=NOW).results}
    decided = {each.rule: each.status for each in fewer.results if each.status in ("pass", "fail", "not_applicable")}
    assert {rule: after[rule] for rule in decided} == decided
