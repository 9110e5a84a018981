"""Reports as an agent would make and sign them, for the collector's tests: built from the model, signed by joserfc."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import uuid_utils
from joserfc import jws
from joserfc.jwk import OKPKey

from agent.facts import instant
from agent.report.model import Report

NOW = datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True)
class Signer:
    """An agent's key; `header` overrides what an honest agent would write."""

    key: OKPKey = field(default_factory=lambda: OKPKey.generate_key("Ed25519"))

    @property
    def id(self) -> str:
        return self.key.thumbprint()

    @property
    def public_jwk(self) -> dict[str, Any]:
        return dict(self.key.as_dict(private=False))

    def sign(self, payload: bytes, **header: Any) -> bytes:
        protected = {"alg": "Ed25519", "kid": self.id, "typ": "posture-report+jws"} | header
        registry = jws.JWSRegistry(algorithms=["Ed25519", "EdDSA"], strict_check_header=False)
        registry.max_payload_length = registry.max_header_length = 10_000_000
        signed = jws.serialize_json({"protected": protected}, payload, self.key, registry=registry)
        return json.dumps(signed).encode()

    def compact(self, payload: bytes) -> bytes:
        found = json.loads(self.sign(payload))
        return ".".join((found["protected"], found["payload"], found["signature"])).encode()


def result(rule: str, clause: str, status: str, **others: Any) -> dict[str, Any]:
    texts = {
        "en": {"title": f"{rule} is good", "message": f"{rule}: {status}.", "remediation": "Settings › Security."},
        "es": {
            "title": f"{rule} está bien",
            "message": f"{rule}: {status} (es).",
            "remediation": "Ajustes › Seguridad.",
        },
    }
    return {
        "rule": rule,
        "clause": clause,
        "kind": "measured",
        "status": status,
        "measured_status": status,
        "waiver": None,
        "attestation": None,
        "severity": "high",
        "strength": "required",
        "message": texts["en"]["message"],
        "remediation": texts["en"]["remediation"],
        "facts": [],
        "texts": texts,
    } | others


def fact(value: Any, line: str = "a line") -> dict[str, Any]:
    return {"value": value, "state": "known", "reason": None, "evidence": [{"source": "getprop", "line": line}]}


def unknown(reason: str, reason_es: str) -> dict[str, Any]:
    reasons = {"en": reason, "es": reason_es}
    return {"value": None, "state": "unknown", "reason": reason, "reasons": reasons, "evidence": []}


_VERDICTS = {"fail": "non_compliant", "inconclusive": "inconclusive"}


def report(
    agent_id: str,
    serial: str = "ZY22TEST01",
    at: datetime | None = None,
    results: tuple[dict[str, Any], ...] = (),
    facts: Mapping[str, Any] | None = None,
    **others: Any,
) -> dict[str, Any]:
    """A report as plain JSON; the verdict follows from the results."""
    device = {
        "serial": serial,
        "manufacturer": "Acme",
        "model": "Brick 3",
        "android_version": "14",
        "api_level": 34,
        "security_patch": "2026-10-05",
        "fingerprint": "acme/brick/brick:14/AB12/1:user/release-keys",
    }
    statuses = [r["status"] for r in results]
    return {
        "schema": "posture-report/1",
        "report_id": str(uuid_utils.uuid7()),
        "scanned_at": instant(at or NOW - timedelta(minutes=1)),
        "duration_ms": 900,
        "source": "live",
        "language": "en",
        "agent": {"id": agent_id, "version": "0.1.0", "host": "bench-1"},
        "device": device | others.pop("device", {}),
        "profile": "in-use",
        "policy": {"id": "cm-g-03", "version": "1.0.0", "sha256": "ab" * 32},
        "facts": facts or {},
        "results": list(results),
        "verdict": next((_VERDICTS[s] for s in ("fail", "inconclusive") if s in statuses), "compliant"),
    } | others


def encode(content: Mapping[str, Any]) -> bytes:
    """The payload; valid by the model, so that a test's mistake is not taken for the collector's refusal."""
    return Report.model_validate_json(json.dumps(content)).to_json().encode()
