"""A stored report judged again under another policy: the same look, the same facts, other results."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from agent.facts import Fact
from agent.policy import Attestation, Policy, evaluate, recorded
from agent.policy.network_class import NAME as NETWORK_CLASS
from agent.policy.terms import Verdict
from agent.report.build import reported_facts, restated
from agent.report.model import PolicyInfo, Report, ReportedResult

_OPEN = ("fail", "inconclusive", "error")


def judged_again(report: Report, policy: Policy) -> Report:
    """Hold the report's facts and the answers in it against `policy`; its id, instant, phone and agent stay.

    What the report was judged by already comes back as it is. An exception that the agent granted stays one. An answer
    holds no longer than this policy lets it.
    """
    if report.policy.sha256 == policy.sha256:
        return report
    told = {name: fact.model_dump(mode="json") for name, fact in report.facts.items()}
    answers = _answers(report, policy)
    evaluation = evaluate(
        policy,
        recorded.facts(told),
        profile=report.profile,
        scanned_at=datetime.fromisoformat(report.scanned_at),
        serial=report.device.serial,
        attestations=answers,
        asked_at=max((each.at for each in answers), default=None),
    )
    again = restated(report, evaluation)
    waived = {each.rule: each.waiver for each in report.results if each.status == "waived" and each.waiver}
    results = tuple(_excepted(each, waived) for each in again.results)
    return again.model_copy(
        update={
            "report_id": report.report_id,
            "policy": PolicyInfo(id=policy.id, version=policy.version, sha256=policy.sha256),
            "facts": {**report.facts, **reported_facts(_derived(evaluation.facts), report.language)},
            "results": results,
            # With an exception over it the verdict may be better, never worse: whoever lays decisions over it says.
            "verdict": evaluation.verdict if results == again.results else _verdict(results),
            "summary": dict(evaluation.summary) if results == again.results else {},
        }
    )


def _derived(facts: Mapping[str, Fact]) -> dict[str, Fact]:
    """What is made from other facts with the policy's own list of networks."""
    return {NETWORK_CLASS: facts[NETWORK_CLASS]}


def _answers(report: Report, policy: Policy) -> tuple[Attestation, ...]:
    found = recorded.attestations(each.model_dump(mode="json") for each in report.results)
    questions = {rule.id: rule.question for rule in policy.rules}
    return tuple(
        replace(each, valid_until=min(each.valid_until, each.at + question.valid_for))
        for each in found
        if (question := questions.get(each.rule)) is not None
    )


def _excepted(result: ReportedResult, waived: Mapping[str, object]) -> ReportedResult:
    if result.status not in _OPEN or result.rule not in waived:
        return result
    return result.model_copy(update={"status": "waived", "waiver": waived[result.rule], "in_the_way": False})


def _verdict(results: tuple[ReportedResult, ...]) -> Verdict:
    open_ = {each.status for each in results if each.in_the_way}
    return "non_compliant" if "fail" in open_ else "inconclusive" if open_ else "compliant"
