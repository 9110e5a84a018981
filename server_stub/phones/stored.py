"""A stored report, read again; one whose contents were erased still says when, by whom and with what verdict."""

from typing import Any

from agent.facts import instant
from agent.report.model import Device, Report
from server_stub.ingest.envelope import payload_of
from server_stub.phones.models import Phone, Rank, StoredReport

_NO_DIGEST = "0" * 64


def report_of(phone: Phone, stored: StoredReport) -> Report:
    """The report; without facts and results when it was erased."""
    if stored.erased_at is None:
        return payload_of(bytes(stored.signed), stored.media_type)
    name, _, version = stored.policy.rpartition(" ")
    told: dict[str, Any] = {
        "report_id": str(stored.report_id),
        "scanned_at": instant(stored.scanned_at),
        "duration_ms": 0,
        "source": stored.source,
        "agent": {"id": stored.agent_id, "version": "", "host": ""},
        "device": dict.fromkeys(Device.model_fields) | {"serial": phone.serial},
        "profile": stored.profile,
        "policy": {"id": name, "version": version, "sha256": _NO_DIGEST},
        "facts": {},
        "results": (),
        "verdict": Rank(stored.rank).label,
    }
    return Report.model_validate(told)
