"""Puts a look at a phone and its judgement into the report's shape."""

import platform
import uuid
from collections.abc import Mapping
from pathlib import Path

import uuid_utils

from agent import __version__
from agent.capture import Capture, quoted
from agent.facts import FACTS, Fact, State, instant
from agent.messages import LANGUAGES, Language
from agent.policy import Evaluation, Policy, Result
from agent.policy.terms import Profile
from agent.report.model import (
    AgentInfo,
    Device,
    EvidenceLine,
    PolicyInfo,
    Report,
    ReportedFact,
    ReportedResult,
    ResultTexts,
    WorkstationInfo,
)
from agent.workstation import look


def build(
    capture: Capture,
    evaluation: Evaluation,
    policy: Policy,
    *,
    agent_id: str,
    profile: Profile,
    language: Language,
    data: Path | None = None,
) -> Report:
    """Make the report of one look at one phone, in `language`, with the sentences of every language beside it.

    data: the agent's data folder, whose disk the report tells of.
    """
    facts = evaluation.facts
    return Report(
        report_id=_new_id(),
        scanned_at=instant(capture.captured_at),
        duration_ms=capture.duration_ms,
        source=capture.source,
        language=language,
        agent=AgentInfo(
            id=agent_id,
            version=__version__,
            host=platform.node() or "unknown",
            workstation=_workstation(data, capture) if capture.source == "live" else None,
        ),
        device=device(facts, capture),
        profile=profile,
        policy=PolicyInfo(id=policy.id, version=policy.version, sha256=policy.sha256),
        facts=reported_facts(facts, language),
        results=tuple(_result(result, policy, language) for result in evaluation.results),
        verdict=evaluation.verdict,
        summary=dict(evaluation.summary),
    )


def restated(report: Report, evaluation: Evaluation) -> Report:
    """The same look at the same phone, judged anew: other results, verdict and summary, the rest as it was.

    It is a report of its own, with a later id: the one before may be on its way already.
    """
    results = tuple(_result(result, evaluation.policy, report.language) for result in evaluation.results)
    return report.model_copy(
        update={
            "report_id": _new_id(),
            "results": results,
            "verdict": evaluation.verdict,
            "summary": dict(evaluation.summary),
        }
    )


def _workstation(data: Path | None, capture: Capture) -> WorkstationInfo:
    seen = look(data, capture.serial)
    return WorkstationInfo(
        system=quoted(seen.system),
        booted_at=seen.booted_at,
        disk_free_bytes=seen.disk_free_bytes,
        networks=seen.networks.networks,
        addresses=seen.networks.addresses,
        gateways=seen.networks.gateways,
        clock_ahead_seconds=None if seen.clock is None else seen.clock.ahead_s,
        clock_told_at=None if seen.clock is None else seen.clock.told_at,
        phone_reach=seen.phone_reach,
    )


def _new_id() -> str:
    return str(uuid.UUID(int=uuid_utils.uuid7().int))


def reported_facts(facts: Mapping[str, Fact], language: Language) -> dict[str, ReportedFact]:
    """The facts in the contract's order and shape."""
    return {name: _fact(facts[name], language) for name in FACTS if name in facts}


def device(facts: Mapping[str, Fact], capture: Capture) -> Device:
    """Which phone it was: by its own serial number, else as the transport calls it."""

    def value(name: str) -> str | None:
        fact = facts.get(f"device.{name}")
        return fact.value if fact and fact.state is State.KNOWN else None

    api_level = value("api_level")
    return Device(
        serial=value("serial") or quoted(capture.serial or "unknown"),
        manufacturer=value("manufacturer"),
        model=value("model"),
        android_version=value("android_version"),
        api_level=None if api_level is None else int(api_level),
        security_patch=value("security_patch"),
        fingerprint=value("fingerprint"),
    )


def _fact(fact: Fact, language: Language) -> ReportedFact:
    return ReportedFact(
        value=fact.value,
        state=fact.state,
        reason=fact.reason and fact.reason(language),
        reasons={each: fact.reason(each) for each in LANGUAGES} if fact.reason else {},
        evidence=tuple(EvidenceLine(source=each.source, line=each.line) for each in fact.evidence),
    )


def _result(result: Result, policy: Policy, language: Language) -> ReportedResult:
    texts = {
        each: ResultTexts(title=result.title[each], message=result.message[each], remediation=result.remediation[each])
        for each in LANGUAGES
    }
    return ReportedResult(
        rule=result.rule,
        clause=result.clause,
        kind=result.kind,
        status=result.status,
        measured_status=result.measured_status,
        waiver=result.waiver,
        attestation=result.attestation,
        severity=result.severity,
        strength=result.strength,
        message=texts[language].message,
        remediation=texts[language].remediation,
        facts=result.facts,
        texts=texts,
        parameters=dict(result.parameters),
        in_the_way=policy.counts(result.of, result.status),
        maps=dict(result.of.maps),
    )
