"""Storing reports exactly once, and moving the phones' current state: many at a time, in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import compress
from typing import Literal
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from server_stub.agents.models import Agent
from server_stub.agents.reach import check_phone
from server_stub.agents.rotation import check_age
from server_stub.ingest import current, extract
from server_stub.ingest.by_hand import written
from server_stub.ingest.current import Look
from server_stub.ingest.envelope import Envelope
from server_stub.ingest.locking import Locked, phones_of
from server_stub.ingest.pipeline import pipelined
from server_stub.ingest.refusal import Refusal
from server_stub.phones.models import Receipt, StoredReport
from server_stub.web.text import clean

# A report that was sent as soon as it was made tells the agent's clock; one that waited in an outbox does not.
_AT_ONCE = timedelta(minutes=2)
# An agent that delivers a wave of reports is noted as seen this often, not each time.
_SEEN_EVERY = timedelta(seconds=20)

Outcome = Literal["stored", "known"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A report that may be stored: which phone, and when it was looked at."""

    envelope: Envelope
    key: str
    at: datetime
    agent: Agent | None  # as it was when the signature was checked

    @property
    def id(self) -> UUID:
        """The report's id."""
        return UUID(self.envelope.report.report_id)


def admit(envelope: Envelope, agent: Agent | None) -> Delivery:
    """Raises Refusal: the report names no phone or another agent's, is from the future, or by a key of the past."""
    report = envelope.report
    extract.check_device(report)
    at = extract.scanned_at(report)
    if at > timezone.now() + settings.FUTURE_TOLERANCE:
        raise Refusal(
            422,
            "from-the-future",
            "The report says that it was made at %(when)s, which is still to come; "
            "set the workstation's clock and scan again.",
            {"when": report.scanned_at},
        )
    key = extract.phone_key(report.device.serial)
    if agent is not None:
        check_age(agent, at, timezone.now())
        check_phone(agent, key)
    return Delivery(envelope, key, at, agent)


def store(deliveries: Sequence[Delivery]) -> list[Outcome | Refusal]:
    """Store the reports, or recognise them; one transaction, safe when the same come twice at once.

    A Refusal stands for a report whose id was used for another one.
    """
    now = timezone.now()
    with transaction.atomic(), pipelined():
        locked = Locked({delivery.key for delivery in deliveries})
        # While the database looks for the phones:
        history = [_history(each, now) for each in deliveries]
        looks = [Look.of(each.envelope.report, each.key, each.at) for each in deliveries]
        outcomes = _take(deliveries)
        stored = [outcome == "stored" for outcome in outcomes]
        if fresh := list(compress(deliveries, stored)):
            serials = {each.key: each.envelope.report.device.serial for each in fresh}
            found = phones_of(locked, serials, now)
            written(list(compress(history, stored)))
            current.move(found, compress(looks, stored))
            _see_agents(fresh, now)
    return outcomes


def _take(deliveries: Sequence[Delivery]) -> list[Outcome | Refusal]:
    """Write a receipt for each report that has none yet; whoever writes it stores the report."""
    digests: dict[UUID, str] = {}
    for delivery in deliveries:
        digests.setdefault(delivery.id, delivery.envelope.digest)
    taken = _write_receipts(digests)
    others = [report_id for report_id in digests if report_id not in taken]
    digests |= dict(Receipt.objects.filter(report_id__in=others).values_list("report_id", "digest")) if others else {}
    outcomes: list[Outcome | Refusal] = []
    for delivery in deliveries:
        if digests[delivery.id] != delivery.envelope.digest:
            outcomes.append(_another(delivery.id))
        elif delivery.id in taken:
            taken.remove(delivery.id)  # the same again, later in the batch, is known
            outcomes.append("stored")
        else:
            outcomes.append("known")
    return outcomes


def _write_receipts(digests: dict[UUID, str]) -> set[UUID]:
    """Returns those that were not there; a rival that writes the same ones is waited for."""
    rows = sorted(digests.items())
    written = Receipt._meta.pk.get_db_prep_value
    parameters = [value for report_id, digest in rows for value in (written(report_id, connection), digest)]
    values = ", ".join(["(%s, %s)"] * len(rows))
    sql = "INSERT INTO phones_receipt (report_id, digest) VALUES {} ON CONFLICT DO NOTHING RETURNING report_id"
    with connection.cursor() as cursor:
        cursor.execute(sql.format(values), parameters)
        return {found if isinstance(found, UUID) else UUID(found) for (found,) in cursor.fetchall()}


def _another(report_id: UUID) -> Refusal:
    return Refusal(
        409,
        "another-report",
        "The report id %(id)s was already used for a report that reads differently.",
        {"id": report_id},
    )


def _history(delivery: Delivery, now: datetime) -> StoredReport:
    envelope, report = delivery.envelope, delivery.envelope.report
    statuses = [result.status for result in report.results]
    return StoredReport(
        phone_id=delivery.key,
        report_id=delivery.id,
        agent_id=envelope.agent_id,
        scanned_at=delivery.at,
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


def _see_agents(fresh: Iterable[Delivery], now: datetime) -> None:
    newest: dict[str, Delivery] = {}
    for delivery in fresh:
        known = newest.setdefault(delivery.envelope.agent_id, delivery)
        newest[delivery.envelope.agent_id] = max(known, delivery, key=lambda each: each.at)
    for _, delivery in sorted(newest.items()):
        if delivery.agent is not None:
            _see_agent(delivery.agent, delivery, now)


def _see_agent(agent: Agent, delivery: Delivery, now: datetime) -> None:
    report = delivery.envelope.report
    seen = {"version": clean(report.agent.version, 80), "host": clean(report.agent.host, 120)}
    changes: dict[str, object] = {name: value for name, value in seen.items() if getattr(agent, name) != value}
    sent_at = delivery.at + timedelta(milliseconds=min(report.duration_ms, 3_600_000))
    if report.source == "live" and abs(now - sent_at) < _AT_ONCE:
        skew = round((sent_at - now).total_seconds())
        if agent.clock_skew_s is None or abs(agent.clock_skew_s - skew) > 5:
            changes["clock_skew_s"] = skew
    if changes or agent.last_seen_at is None or now - agent.last_seen_at > _SEEN_EVERY:
        Agent.objects.filter(id=agent.id).update(last_seen_at=now, **changes)
