"""The API that agents use. Its description is at /api/openapi.json."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, Throttled, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.throttling import AnonRateThrottle
from pydantic import Field

from agent.report.model import Report
from server_stub.agents import refusals
from server_stub.agents.enrolment import enrol
from server_stub.agents.rotation import LIMIT_BYTES, rotate
from server_stub.audit.chain import STRANGER
from server_stub.ingest import body
from server_stub.ingest.receive import ENROLMENTS, read_posted, receive_batch, receive_one
from server_stub.ingest.refusal import Refusal


class _Api(NinjaAPI):
    """The agents' API, whose description also tells of the pages, which are JSON for programs."""

    def get_openapi_schema(self, **how: Any) -> OpenAPISchema:
        """OpenAPI 3.1, complete."""
        from server_stub.web.description import complete  # noqa: PLC0415 - the pages use what stands here

        return complete(super().get_openapi_schema(**how))


api = _Api(
    title="Phone Posture collector",
    version="1",
    description=(
        "Takes signed reports (posture-report/1) from enrolled agents, and shows how the fleet stands. "
        "Every page is JSON too: Accept: application/json, or ?format=json."
    ),
    docs_url=None,
    urls_namespace="api",
    openapi_extra={"info": {"license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}}},
)


class Problem(Schema):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = Field(description="One sentence for a person.")


class Taken(Schema):
    """The report is here."""

    status: int
    report_id: str
    outcome: str = Field(description="stored, or known when it was here already")


class EnrolIn(Schema):
    """What an agent sends to be taken in."""

    code: str = Field(max_length=64, description="The one-time code that an operator gave out.")
    name: str = Field(min_length=1, max_length=120, description="How people call this workstation.")
    public_jwk: dict[str, Any] = Field(description="Ed25519 public key as JWK: kty OKP, crv Ed25519, x.")


class EnrolOut(Schema):
    """What the agent is called from now on."""

    agent_id: str = Field(description="RFC 7638 thumbprint of the key: the kid of every signature.")
    collector: str


_PROBLEM = {
    "description": "Not taken, and why",
    "content": {"application/problem+json": {"schema": Problem.model_json_schema()}},
}
_TAKEN = {"content": {"application/json": {"schema": Taken.model_json_schema()}, "application/jsonl": {}}}
_BASE64URL = {"type": "string", "contentEncoding": "base64url"}
_REPORT = {"$id": "urn:posture:report:1", **Report.model_json_schema()}
_FLATTENED_JWS = {
    "type": "object",
    "required": ["payload", "protected", "signature"],
    "additionalProperties": False,
    "properties": {
        "payload": {**_BASE64URL, "contentMediaType": "application/json", "contentSchema": _REPORT},
        "protected": _BASE64URL,
        "signature": _BASE64URL,
    },
}

_ROTATION = _FLATTENED_JWS | {"properties": {**dict.fromkeys(("payload", "protected", "signature"), _BASE64URL)}}


@api.post(
    "/reports",
    operation_id="post_reports",
    summary="Deliver one signed report, or a batch",
    description=(
        "A report is a JWS (RFC 7515) with alg Ed25519, kid = the agent's id, typ = posture-report+jws. "
        "Delivering the same report again is safe. A batch is answered line by line."
    ),
    response={201: None, 200: None},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/jose+json": {"schema": _FLATTENED_JWS},
                "application/jose": {"schema": {"type": "string"}},
                "application/jsonl": {"schema": {"type": "string"}},
            },
        },
        "responses": {
            201: {"description": "Stored", **_TAKEN},
            200: {"description": "Already known", **_TAKEN},
            207: {"description": "A batch of which something was refused", "content": {"application/jsonl": {}}},
            "4XX": _PROBLEM,
        },
    },
)
def post_reports(request: HttpRequest) -> HttpResponse:
    """Take one signed report, or a batch."""
    form, received = read_posted(request)
    if form == "application/jsonl":
        status, lines = receive_batch(received)
        return HttpResponse(lines, status=status, content_type="application/jsonl")
    answer = receive_one(received, form)
    return HttpResponse(json.dumps(answer), status=answer["status"], content_type="application/json")


@api.post(
    "/enrol",
    operation_id="enrol",
    summary="Enrol an agent with a one-time code",
    response=EnrolOut,
    openapi_extra={"responses": {"4XX": _PROBLEM}},
    throttle=[AnonRateThrottle("10/m")],
)
def post_enrol(request: HttpRequest, sent: EnrolIn) -> HttpResponse:
    """Take an agent in."""
    try:
        agent = enrol(sent.code, sent.name, sent.public_jwk)
    except Refusal as refusal:
        ENROLMENTS[refusal.kind] += 1
        refusals.refused("agent.enrolment-refused", STRANGER, refusal.kind)
        raise
    ENROLMENTS["enrolled"] += 1
    answer = {"agent_id": agent.id, "collector": request.build_absolute_uri("/").rstrip("/")}
    return HttpResponse(json.dumps(answer), content_type="application/json")


class KeyOut(Schema):
    """What the agent is called from now on."""

    agent_id: str = Field(description="RFC 7638 thumbprint of the new key: the kid of every signature.")


@api.post(
    "/agents/key",
    operation_id="rotate_key",
    summary="Replace an agent's key",
    description=(
        "A JWS by the agent's old key (typ posture-rotation+jws) over {public_jwk, proof}; proof is a JWS by the new "
        "key, of the same typ, over {replaces: the old agent's id}. Saying it again is safe."
    ),
    response=KeyOut,
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/jose+json": {"schema": _ROTATION}}},
        "responses": {"4XX": _PROBLEM},
    },
    throttle=[AnonRateThrottle("30/m")],
)
def post_key(request: HttpRequest) -> HttpResponse:
    """Give an agent its new key."""
    try:
        agent = rotate(body.read(request, LIMIT_BYTES))
    except Refusal as refusal:
        refusals.refused("agent.rotation-refused", STRANGER, refusal.kind)
        raise
    return HttpResponse(json.dumps({"agent_id": agent.id}), content_type="application/json")


def problem(refusal: Refusal) -> HttpResponse:
    """Answer with the refusal's sentence."""
    return HttpResponse(json.dumps(refusal.problem()), status=refusal.status, content_type="application/problem+json")


@api.exception_handler(Refusal)
def _refused(request: HttpRequest, error: Refusal) -> HttpResponse:
    return problem(error)


@api.exception_handler(ValidationError)
def _wrong_form(request: HttpRequest, error: ValidationError) -> HttpResponse:
    first = error.errors[0]
    where = ".".join(str(part) for part in first["loc"][2:]) or "the body"
    told = {"where": where, "why": first["msg"]}
    return problem(Refusal(422, "wrong-form", "The form is wrong at %(where)s: %(why)s.", told))


@api.exception_handler(Throttled)
def _too_many(request: HttpRequest, error: Throttled) -> HttpResponse:
    answer = problem(Refusal(429, "too-many", "Too many tries from this address; wait a minute and try again."))
    if error.wait is not None:
        answer["Retry-After"] = str(round(error.wait) + 1)
    return answer


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(Refusal(error.status_code, "unreadable", "What was sent cannot be read: %(why)s.", {"why": error}))
