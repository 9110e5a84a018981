"""What an answer at the bench becomes."""

from datetime import timedelta

import pytest

from agent.policy import Attestation, Policy, attest, evaluate, speaker
from tests.policy.phones import NOW, phone


def test_one_answer_speaks_for_every_rule_that_waits_for_it(policy: Policy) -> None:
    judged = evaluate(policy, phone(), profile="in-use", scanned_at=NOW)
    conduct = policy.questions["conduct"]
    stated = attest(judged, conduct, answer=True, by="Ana P.", role="holder", at=NOW)
    until = NOW + conduct.valid_for
    assert stated == tuple(
        Attestation(rule, True, "Ana P.", NOW, until, "holder")
        for rule in ("data-with-staff-only", "no-third-parties", "kept-in-custody", "not-left-about")
    )


def test_nobody_answers_what_is_for_another(policy: Policy) -> None:
    judged = evaluate(policy, phone(), profile="in-use", scanned_at=NOW)
    with pytest.raises(ValueError, match="conduct is not answered by support"):
        attest(judged, policy.questions["conduct"], answer=True, by="R. Pardo", role="support", at=NOW)


def test_who_answers_is_somebody_whose_name_is_known_else_the_first_who_may(policy: Policy) -> None:
    linked = policy.questions["linked-devices"]
    assert speaker(linked, {"security_officer": "E. Gil", "holder": "Ana P."}) == "security_officer"
    assert speaker(linked, {"holder": "Ana P."}) == "support"


def test_an_answer_given_long_after_the_scan_counts_only_where_it_was_asked_for(policy: Policy) -> None:
    later = NOW + timedelta(hours=2)
    judged = evaluate(policy, phone(), profile="in-use", scanned_at=NOW)
    stated = attest(judged, policy.questions["linked-devices"], answer=True, by="R. Pardo", role="support", at=later)
    statuses = [
        next(each.status for each in evaluation.results if each.rule == "web-sessions-closed")
        for evaluation in (
            evaluate(policy, phone(), profile="in-use", scanned_at=NOW, attestations=stated, asked_at=asked_at)
            for asked_at in (None, later)
        )
    ]
    assert statuses == ["inconclusive", "pass"]
