"""Checks a signed report's signature and form."""

import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from joserfc.jwk import OKPKey
from pydantic import ValidationError

from agent.capture import quoted
from agent.messages import Message
from agent.report.model import Report
from agent.report.signature import SignatureError, verify


def check_signed(signed: bytes, public_jwk: dict[str, Any]) -> Report:
    """Return the report inside; raise SignatureError with the one sentence that says what is wrong."""
    own_id = OKPKey.import_key(public_jwk).thumbprint()
    kid, payload = verify(signed, {own_id: public_jwk}.get)
    report = read_report(payload)
    if report.agent.id != kid:
        raise SignatureError(Message("the report names another agent than the one that signed it"))
    return report


def read_report(payload: bytes) -> Report:
    """Read a report's JSON; raise SignatureError naming the first field that is out of form."""
    try:
        return Report.model_validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "report"
        raise SignatureError(
            Message(
                "this is no report of the form posture-report/1: {where}: {what}",
                {"where": quoted(where), "what": quoted(first["msg"])},
            )
        ) from error


@dataclass(frozen=True, slots=True)
class Opened:
    """A report out of a file. `sha256` is the digest of its JSON as it was signed or written, lower-case hex.

    `signature`: checked and good, signed by a key that is not known here, or not signed at all.
    """

    report: Report
    sha256: str
    signature: Literal["verified", "unchecked", "unsigned"]
    key_id: str | None = None


def open_report(content: bytes, public_jwk: dict[str, Any] | None) -> Opened:
    """Read one report, signed or plain. public_jwk: the signer's key, where one is at hand.

    Errors: SignatureError for what is no report, and for a signature by that key that does not fit.
    """
    content = content.strip()
    kid, payload = _unwrap(content)
    if payload is None:
        return Opened(read_report(content), sha256(content).hexdigest(), "unsigned")
    if public_jwk is not None and kid == OKPKey.import_key(public_jwk).thumbprint():
        return Opened(check_signed(content, public_jwk), sha256(payload).hexdigest(), "verified", kid)
    return Opened(read_report(payload), sha256(payload).hexdigest(), "unchecked", kid)


def _unwrap(content: bytes) -> tuple[str | None, bytes | None]:
    """(key id, payload) of a signed report, both unproved; no payload when it is not one."""
    try:
        members = json.loads(content)
        if not isinstance(members, dict) or "payload" not in members:
            return None, None
        header, payload = (
            urlsafe_b64decode(str(members[name]) + "=" * (-len(str(members[name])) % 4))
            for name in ("protected", "payload")
        )
        kid = json.loads(header)["kid"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SignatureError(
            Message("this is no report: it is neither the JSON of one nor signed (JWS); give one report a file")
        ) from error
    return str(kid), payload
