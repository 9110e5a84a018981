"""Checks a signed report's signature and form."""

from typing import Any

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
