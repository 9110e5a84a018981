"""Reports on their way: signed and kept first, then posted, and forgotten only when the collector has them."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime

from agent.data_dir import DataDir
from agent.delivery.client import Collector, DeliveryError
from agent.delivery.outbox import Outbox, OutboxError, Waiting
from agent.delivery.rotation import rotate
from agent.messages import Language, Message, PostureError
from agent.report.model import Report
from agent.report.signature import AgentKey
from agent.workstation import remember


@dataclass(slots=True)
class Delivered:
    """How one emptying went. `trouble` is the last sentence of a collector that did not take something."""

    sent: int = 0
    kept: int = 0
    trouble: Message | None = None
    next_try_at: datetime | None = field(default=None)
    new_key: str | None = None  # the id of the key that this workstation has by now, as the collector asked


def keep(report: Report, key: AgentKey, outbox: Outbox, collector: str) -> Message | None:
    """Sign a report and put it into the outbox. Where that cannot be written, post it at once, and return why.

    Errors: DeliveryError when it could neither be kept nor posted.
    """
    key = key.now()  # a bench works for weeks; its key may have been replaced since
    if report.agent.id != key.id:
        report = report.model_copy(update={"agent": report.agent.model_copy(update={"id": key.id})})
    signed = key.sign(report.to_json().encode())
    try:
        outbox.put(report.report_id, report.device.serial, collector, signed)
    except OutboxError as full:
        try:
            Collector(collector).post_report(signed)
        except DeliveryError as error:
            both = Message("{outbox}; and {collector}", {"outbox": full.message, "collector": error.message})
            raise DeliveryError(both, permanent=error.permanent) from full
        return full.message
    return None


def deliver_due(outbox: Outbox, language: Language = "en") -> Delivered:
    """Post everything that is due. A collector that does not answer is asked once, not once a report.

    `language`: the workstation's, in which the outbox notes why something was not taken.
    """
    result = Delivered()
    collectors: dict[str, Collector] = {}
    silent: set[str] = set()
    for item in outbox.due(datetime.now(UTC)):
        if item.collector in silent:
            result.kept += 1
            continue
        try:
            _deliver(item, collectors)
        except DeliveryError as error:
            if not error.permanent:
                silent.add(item.collector)
            result.kept += 1
            result.trouble = error.message
            result.next_try_at = outbox.failed(
                item,
                error.message(language),
                now=datetime.now(UTC),
                jitter=random.random(),  # noqa: S311 - spreads retries, no secret
                permanent=error.permanent,
            )
        else:
            outbox.delivered(item.report_id)
            result.sent += 1
    for collector in collectors.values():
        if collector.wants_new_key:
            _renew_key(outbox, collector, result)
        if collector.clock_ahead_s is not None:
            remember(outbox.folder, collector.clock_ahead_s)
    return result


def _renew_key(outbox: Outbox, collector: Collector, result: Delivered) -> None:
    """Replace the key, as the collector asks. Should that fail, it asks again with its next answer."""
    try:
        result.new_key = rotate(DataDir(outbox.folder).agent_key, collector)
    except PostureError as error:
        result.trouble = error.message


def _deliver(item: Waiting, collectors: dict[str, Collector]) -> None:
    if item.collector not in collectors:
        collectors[item.collector] = Collector(item.collector)
    collectors[item.collector].post_report(item.signed)
