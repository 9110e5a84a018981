"""What a report says by the policy published here, with the collector's exceptions and statements laid over it.

The same order as the agent's own (`agent.policy.engine`): measured first, then a statement of what was not proved,
then an exception. A report that was judged by another policy than the published one is judged again by its facts.
What was measured stays in `measured_status`; what has lapsed counts for nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from agent.facts import instant
from agent.policy.model import Policy
from agent.policy.terms import Verdict
from agent.report.again import judged_again
from agent.report.model import Report, ReportedResult
from server_stub.decisions.models import Statement, Waiver
from server_stub.ingest.by_hand import columns, loaded
from server_stub.ingest.extract import OPEN, in_the_way
from server_stub.phones.models import Phone
from server_stub.phones.standing import standing
from server_stub.policies.published import NONE as NO_LAYERS
from server_stub.policies.published import Layers, in_force, layers_of

_STATEMENTS = (
    f"SELECT {columns(Statement, 'said')} FROM decisions_statement AS said "  # noqa: S608 - our names
    "WHERE phone_key IN ({}) ORDER BY at, id"
)


@dataclass(frozen=True, slots=True)
class Decisions:
    """All that people decided for one phone, in force or not."""

    waivers: Sequence[Waiver] = ()
    statements: Sequence[Statement] = ()
    policies: Layers = NO_LAYERS


def decisions_of(phones: Iterable[Phone]) -> dict[str, Decisions]:
    """The decisions for each of these phones, in three statements."""
    phones = list(phones)
    waivers, statements, layers = waivers_of(phones), statements_of(phones), layers_of(phones)
    return {key: Decisions(waivers[key], statements[key], layers[key]) for key in waivers}


def waivers_of(phones: Iterable[Phone]) -> dict[str, list[Waiver]]:
    """The approved exceptions of each of these phones and its group, by when they end."""
    groups = {phone.key: phone.group for phone in phones}
    waivers = Waiver.objects.select_related("requested_by", "decided_by", "group").filter(
        Q(phone_key__in=list(groups)) | Q(group__name__in={name for name in groups.values() if name}), approved=True
    )
    found = list(waivers.order_by("until", "id"))
    return {
        key: [each for each in found if each.phone_key == key or (each.group and each.group.name == group)]
        for key, group in groups.items()
    }


def statements_of(phones: Iterable[Phone]) -> dict[str, list[Statement]]:
    """What was answered of each of these phones, in that order. By hand: of many a phone each delivery asks it."""
    told: dict[str, list[Statement]] = {phone.key: [] for phone in phones}
    if told:
        with connection.cursor() as cursor:
            cursor.execute(_STATEMENTS.format(", ".join(["%s"] * len(told))), list(told))
            for each in loaded(Statement, cursor.fetchall()):
                told[each.phone_key].append(each)
    return told


def decided(report: Report, decisions: Decisions, at: datetime) -> Report:
    """The report as it stands at `at`. Its verdict and summary stay the policy's where no decision changes a status."""
    return _laid(by_policy(report, decisions, at), decisions, decisions.policies.at(at), at)


def by_policy(report: Report, decisions: Decisions, at: datetime) -> Report:
    """The report judged by the policy that was published for its phone at `at`, before people's decisions."""
    policy = decisions.policies.at(at)
    return judged_again(report, policy) if policy else report


def _laid(report: Report, decisions: Decisions, policy: Policy | None, at: datetime) -> Report:
    if not (decisions.waivers or decisions.statements):
        return report
    results = tuple(_decided(result, decisions, policy, at) for result in report.results)
    if [result.status for result in results] == [result.status for result in report.results]:
        return report.model_copy(update={"results": results})
    return report.model_copy(update={"results": results, "verdict": _verdict(results), "summary": {}})


def as_it_stands(report: Report, decisions: Decisions, at: datetime) -> Report:
    """The same, with the agent's own exceptions and statements that have lapsed by then."""
    policy, report = decisions.policies.at(at), by_policy(report, decisions, at)
    lapsed = standing(report, at)
    changed = [each for each in lapsed.results if each not in report.results]
    if changed:
        results = tuple(_counting(each, policy) if each in changed else each for each in lapsed.results)
        lapsed = lapsed.model_copy(update={"results": results, "verdict": _verdict(results), "summary": {}})
    return _laid(lapsed, decisions, policy, at)


def _counting(result: ReportedResult, policy: Policy | None) -> ReportedResult:
    """A result whose exception or statement fell away: the policy says whether it stands in the way again."""
    return result.model_copy(update={"in_the_way": counts(result.rule, result.status, policy)})


def counts(rule: str, status: str, policy: Policy | None = None) -> bool:
    """Whether this status of the rule stands in the way; for a rule that the policy does not have, yes."""
    policy = policy or in_force()
    known = policy.rule(rule)
    return True if known is None else policy.counts(known, status)


def _decided(result: ReportedResult, decisions: Decisions, policy: Policy | None, at: datetime) -> ReportedResult:
    changes: dict[str, Any] = {}
    status = result.status
    stated = _newest(decisions.statements, result.rule, at)
    if stated is not None and status == result.measured_status == "inconclusive":
        ends = _ends(stated, policy)
        holds = at < ends
        changes["attestation"] = _attestation(stated, ends, lapsed=not holds)
        if holds:
            status = "pass" if stated.answer else "fail"
            if status == "fail":
                changes["in_the_way"] = counts(result.rule, status, policy)
    excepted = _last(decisions.waivers, result.rule, at)
    if excepted is not None and status in OPEN:
        holds = at < excepted.until and (excepted.ended_at is None or at < excepted.ended_at)
        changes["waiver"] = _waiver(excepted, expired=not holds)
        if holds:
            status = "waived"
    return result.model_copy(update={**changes, "status": status}) if changes else result


def _ends(stated: Statement, policy: Policy | None) -> datetime:
    """A statement holds no longer than the policy lets it that is in force now."""
    rule = policy.rule(stated.rule) if policy else None
    if rule is None or rule.question is None:
        return stated.valid_until
    return min(stated.valid_until, stated.at + rule.question.valid_for)


def _newest(statements: Sequence[Statement], rule: str, at: datetime) -> Statement | None:
    given = [each for each in statements if each.rule == rule and each.at <= at]
    return given[-1] if given else None


def _last(waivers: Sequence[Waiver], rule: str, at: datetime) -> Waiver | None:
    """The exception that holds longest, of those that were approved by then; one that was ended comes last."""
    granted = [each for each in waivers if each.rule == rule and each.decided_at and each.decided_at <= at]
    return max(granted, key=lambda each: (each.ended_at is None or at < each.ended_at, each.until), default=None)


def _verdict(results: Iterable[ReportedResult]) -> Verdict:
    standing_in_the_way = {result.status for result in results if in_the_way(result)}
    if "fail" in standing_in_the_way:
        return "non_compliant"
    return "inconclusive" if standing_in_the_way else "compliant"


def _attestation(stated: Statement, ends: datetime, *, lapsed: bool) -> Mapping[str, Any]:
    return {
        "answer": stated.answer,
        "by": stated.by,
        "role": stated.role,
        "at": instant(stated.at),
        "valid_until": instant(ends),
        "state": "lapsed" if lapsed else "valid",
    }


def _waiver(excepted: Waiver, *, expired: bool) -> Mapping[str, Any]:
    return {
        "reason": excepted.reason,
        "requested_by": excepted.requested_by.username,
        "approved_by": excepted.decided_by.username if excepted.decided_by else "",
        "approved_at": instant(excepted.decided_at) if excepted.decided_at else "",
        "until": instant(min(excepted.until, excepted.ended_at or excepted.until)),
        "state": "expired" if expired else "active",
    }
