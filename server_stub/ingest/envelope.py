"""The signed envelope (JWS, RFC 7515): by whom, whether the signature holds, and the report within."""

import hashlib
import math
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pydantic_core
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from pydantic import ConfigDict, TypeAdapter, ValidationError

from agent.report.model import Report
from server_stub.ingest.refusal import Refusal

TYPE = "posture-report+jws"
# RFC 9864's name, and the one it replaces, which older JOSE libraries still write. Both mean the same bytes
# here: only Ed25519 keys are enrolled.
_ALGORITHMS = ("Ed25519", "EdDSA")
# Ten times as quick as the standard library's, and strict; it reads the other base64 too, which we do not.
_BYTES = TypeAdapter(bytes, config=ConfigDict(val_json_bytes="base64"))
_NOT_BASE64URL = ("+", "/", "=")
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{43}")
_ABOVE = 3  # levels of a report above what may hold any value
_MEMBERS = ("protected", "payload", "signature")


@dataclass(frozen=True, slots=True)
class Envelope:
    """What was received, by whom, with a signature that holds. `digest` is the payload's SHA-256 in hex."""

    report: Report
    agent_id: str
    digest: str
    received: bytes
    media_type: str


def open_envelope(received: bytes, media_type: str, find_key: Callable[[str], dict[str, Any]]) -> Envelope:
    """Check one signed report.

    `find_key` gives the public JWK of an agent by its id, or raises Refusal. Raises Refusal for all else.
    """
    members = _members(received, media_type)
    protected, payload, signature = (_decoded(members, name) for name in _MEMBERS)
    agent_id = _agent_id(protected)
    try:
        key = OKPKey.import_key(find_key(agent_id)).public_key
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError(agent_id)
        key.verify(signature, f"{members['protected']}.{members['payload']}".encode())
    except (InvalidSignature, JoseError, ValueError):
        raise Refusal(
            401, "bad-signature", "The signature does not fit: the report was changed on its way, or forged."
        ) from None
    report = _report(payload)
    if report.agent.id != agent_id:
        raise Refusal(403, "wrong-agent", "The report names another agent (agent.id) than the key that signed it.")
    return Envelope(report, agent_id, hashlib.sha256(payload).hexdigest(), received, media_type)


def payload_of(received: bytes, media_type: str) -> Report:
    """The report in an envelope that was checked when it came in."""
    payload = _members(received, media_type)["payload"]
    return Report.model_validate_json(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), extra="ignore")


def _members(received: bytes, media_type: str) -> dict[str, str]:
    """Cut a flattened or compact JWS into its three base64url texts."""
    if media_type == "application/jose":
        found: Any = dict(zip(_MEMBERS, received.decode("ascii", "replace").strip().split("."), strict=False))
    else:
        found = _json(received)
    if not isinstance(found, dict) or set(found) != set(_MEMBERS):
        raise Refusal(
            400,
            "no-envelope",
            "This is no signed report: it should have exactly payload, protected and signature (RFC 7515, 7.2.2).",
        )
    for name in _MEMBERS:
        if not isinstance(found[name], str):
            raise _not_base64url(name)
    return found


def _decoded(members: Mapping[str, str], name: str) -> bytes:
    """The bytes of a member, which is base64url without padding."""
    text = members[name]
    if not text or any(other in text for other in _NOT_BASE64URL):
        raise _not_base64url(name)
    try:
        return _BYTES.validate_strings(text)
    except ValidationError:
        raise _not_base64url(name) from None


def _not_base64url(name: str) -> Refusal:
    return Refusal(400, "no-envelope", "This is no signed report: %(name)s is not base64url.", {"name": name})


def _agent_id(protected: bytes) -> str:
    try:
        header = pydantic_core.from_json(protected, allow_inf_nan=False)
    except ValueError:
        header = None
    if not isinstance(header, dict):
        raise Refusal(400, "no-envelope", "This is no signed report: its protected header is not JSON.")
    if header.get("alg") not in _ALGORITHMS:
        raise Refusal(400, "wrong-algorithm", "The protected header should say alg: Ed25519.")
    if header.get("typ") != TYPE or set(header) != {"alg", "kid", "typ"} or not isinstance(header["kid"], str):
        raise Refusal(
            400,
            "no-envelope",
            "The protected header should have exactly alg, kid and typ, and typ is %(typ)s.",
            {"typ": TYPE},
        )
    if not _KEY_ID.fullmatch(header["kid"]):
        raise Refusal(400, "no-envelope", "The protected header's kid should be an RFC 7638 thumbprint (SHA-256).")
    return header["kid"]


def _report(payload: bytes) -> Report:
    """Read the payload once. What a later version added is passed over: the bytes are kept, and it stands in them."""
    try:
        report = Report.model_validate_json(payload, extra="ignore")
    except ValidationError as error:
        raise _wrong(error) from None
    _check_values([fact.value for fact in report.facts.values() if not isinstance(fact.value, str | int | None)])
    told = ((result.waiver, result.attestation, result.parameters) for result in report.results)
    _check_values([[value for values in told for value in values if value]])
    return report


def _wrong(error: ValidationError) -> Refusal:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        if "recursion" in first["msg"]:
            return _too_deep()
        why = first["msg"].removeprefix("Invalid JSON: ")
        return Refusal(400, "no-json", "The report is not JSON (%(why)s).", {"why": why})
    where = ".".join(str(part)[:60] for part in first["loc"][:8]) or "the top level"
    return Refusal(
        422, "wrong-form", "The report's form is wrong at %(where)s: %(why)s.", {"where": where, "why": first["msg"]}
    )


def _json(envelope: bytes) -> Any:
    try:
        return pydantic_core.from_json(envelope, allow_inf_nan=False)
    except ValueError as error:
        if "recursion" in str(error):
            raise Refusal(422, "too-deep", "The envelope is nested too deeply.") from None
        raise Refusal(400, "no-json", "The envelope is not JSON (%(why)s).", {"why": error}) from None


def _too_deep() -> Refusal:
    limit = {"limit": settings.REPORT_MAX_DEPTH}
    return Refusal(422, "too-deep", "The report is nested deeper than %(limit)s levels.", limit)


def _check_values(level: list[Any]) -> None:
    """Refuse what nests too deep, and numbers that JSON cannot write again. Level by level: depth costs no stack."""
    for _ in range(settings.REPORT_MAX_DEPTH - _ABOVE):
        if not level:
            return
        if any(isinstance(value, float) and not math.isfinite(value) for value in level):
            raise Refusal(422, "wrong-form", "The report holds a number that is too large.")
        inner = (v.values() if isinstance(v, dict) else v for v in level if isinstance(v, dict | list | tuple))
        level = [value for values in inner for value in values]
    if level:
        raise _too_deep()
