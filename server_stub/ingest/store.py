"""Storing a report exactly once, and moving the phone's current state when the report is the newest."""

from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from agent.report.model import Report
from server_stub.agents.models import Agent
from server_stub.ingest import extract
from server_stub.ingest.envelope import Envelope
from server_stub.ingest.refusal import Refusal
from server_stub.phones.models import Phone, Receipt, RuleState, StoredReport
from server_stub.phones.standing import holds_until
from server_stub.web.text import clean

# A report that was sent as soon as it was made tells the agent's clock; one that waited in an outbox does not.
_AT_ONCE = timedelta(minutes=2)


def store(envelope: Envelope) -> Literal["stored", "known"]:
    """Store the report, or recognise it. One transaction; safe when the same report comes twice at once.

    Raises Refusal when the report is from the future, or its id was used for another report.
    """
    report, now = envelope.report, timezone.now()
    extract.check_device(report)
    at = extract.scanned_at(report)
    if at > now + settings.FUTURE_TOLERANCE:
        raise Refusal(
            422,
            "from-the-future",
            f"The report says that it was made at {report.scanned_at}, which is still to come; "
            "set the workstation's clock and scan again.",
        )
    with transaction.atomic():
        if not _take(envelope):
            return "known"
        phone = _lock_phone(report, now)
        _history(envelope, phone, at, now)
        if phone.scanned_at is None or (at, report.report_id) > (phone.scanned_at, str(phone.report_id)):
            _move_current_state(report, phone, at)
        _see_agent(envelope, at, now)
    return "stored"


def _take(envelope: Envelope) -> bool:
    report_id = envelope.report.report_id
    try:
        with transaction.atomic():
            Receipt.objects.create(report_id=report_id, digest=envelope.digest)
    except IntegrityError:
        if Receipt.objects.get(report_id=report_id).digest == envelope.digest:
            return False
        raise Refusal(
            409, "another-report", f"The report id {report_id} was already used for a report that reads differently."
        ) from None
    return True


def _lock_phone(report: Report, now: datetime) -> Phone:
    key = extract.phone_key(report.device.serial)
    new = Phone(key=key, serial=clean(report.device.serial, 300), first_seen_at=now)
    Phone.objects.bulk_create([new], ignore_conflicts=True)
    return Phone.objects.select_for_update().get(key=key)


def _history(envelope: Envelope, phone: Phone, at: datetime, now: datetime) -> None:
    report = envelope.report
    statuses = [result.status for result in report.results]
    StoredReport.objects.create(
        phone=phone,
        report_id=report.report_id,
        agent_id=envelope.agent_id,
        scanned_at=at,
        received_at=now,
        rank=extract.rank(report),
        profile=report.profile,
        source=report.source,
        policy=clean(f"{report.policy.id} {report.policy.version}", 120),
        failed=statuses.count("fail"),
        not_proved=statuses.count("inconclusive") + statuses.count("error"),
        media_type=envelope.media_type,
        signed=envelope.received,
    )


def _move_current_state(report: Report, phone: Phone, at: datetime) -> None:
    device, rank = report.device, extract.rank(report)
    if phone.scanned_at is None or phone.rank != rank:
        phone.rank, phone.rank_since = rank, at
    phone.report_id, phone.scanned_at, phone.profile = report.report_id, at, report.profile
    phone.manufacturer, phone.model = clean(device.manufacturer or "", 120), clean(device.model or "", 120)
    phone.android_version = clean(device.android_version or "", 40)
    phone.security_patch = clean(device.security_patch or "", 40)
    phone.headline, phone.holds_until = extract.headline(report), holds_until(report)
    phone.save()
    _move_rules(extract.rule_states(report, phone.key, at), phone)


def _move_rules(states: list[RuleState], phone: Phone) -> None:
    """Write what changed only: from one night to the next it is mostly nothing."""
    before = {state.rule: state for state in RuleState.objects.filter(phone=phone)}
    changed = []
    for state in states:
        old = before.pop(state.rule, None)
        if old is not None and old.status == state.status:
            state.since = old.since
        if old is None or _columns(old) != _columns(state):
            changed.append(state)
    outdated = [*before, *(state.rule for state in changed)]
    if outdated:
        RuleState.objects.filter(phone=phone, rule__in=outdated).delete()
        RuleState.objects.bulk_create(changed)


def _columns(state: RuleState) -> tuple[object, ...]:
    return state.status, state.clause, state.severity, state.strength, state.in_the_way


def _see_agent(envelope: Envelope, at: datetime, now: datetime) -> None:
    agent = envelope.report.agent
    changes = {"last_seen_at": now, "version": clean(agent.version, 80), "host": clean(agent.host, 120)}
    sent_at = at + timedelta(milliseconds=min(envelope.report.duration_ms, 3_600_000))
    if envelope.report.source == "live" and abs(now - sent_at) < _AT_ONCE:
        changes["clock_skew_s"] = round((sent_at - now).total_seconds())
    Agent.objects.filter(id=envelope.agent_id).update(**changes)
