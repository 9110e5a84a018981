"""The pages in the API's description (OpenAPI 3.1): the same addresses, the same typed content, as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ninja.openapi.schema import OpenAPISchema
from pydantic import TypeAdapter

from server_stub.agents.pages import AgentsPage
from server_stub.alerts.reading import AlertsPage
from server_stub.alerts.told import Posted
from server_stub.audit.pages import AuditPage
from server_stub.decisions.due import DuePage
from server_stub.guideline.clauses import ClausePage, ClausesPage
from server_stub.guideline.pages import PolicyPage
from server_stub.holders.pages import HoldersPage
from server_stub.ingest.api import Problem
from server_stub.phones.pages import FleetPage
from server_stub.phones.phone import PhonePage
from server_stub.policies.pages import EditionPage, HistoryPage
from server_stub.privacy.pages import DataProtectionPage

_COMPONENT = "#/components/schemas/{model}"
_PROBLEM = "ProblemDetails"
_CSV = {"text/csv": {"schema": {"type": "string"}}}
_WORDS = (
    "q", "status", "clause", "maker", "android", "group", "late", "severity", "patch_days", "unseen_days",
    "failing_days", "sort", "after", "before",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Page:
    summary: str
    content: type
    scope: str
    path: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    csv: bool = False


_PAGES: Mapping[str, _Page] = {
    "/": _Page("The fleet: counts, trend, phones", FleetPage, "fleet:read", query=_WORDS, csv=True),
    "/phones/{key}/": _Page(
        "One phone, now or at a past instant", PhonePage, "fleet:read", ("key",), ("at", "after", "before"), csv=True
    ),
    "/clauses/": _Page("The clauses, and how many phones stand how", ClausesPage, "fleet:read"),
    "/clauses/{number}/": _Page(
        "One clause, and the phones that fail it", ClausePage, "fleet:read", ("number",), ("after", "before"), csv=True
    ),
    "/policy/": _Page("The policy in force", PolicyPage, "fleet:read"),
    "/policy/history/": _Page("Every edition of the policy", HistoryPage, "fleet:read", query=("after", "before")),
    "/policy/editions/{edition_id}/": _Page(
        "One edition, and what differs from another", EditionPage, "fleet:read", ("edition_id",), ("against",)
    ),
    "/due/": _Page("Exceptions and statements: waiting, lapsing, lapsed", DuePage, "decisions:read", csv=True),
    "/holders/": _Page(
        "Phones that were given out, their holders and groups",
        HoldersPage,
        "holders:read",
        query=("q", "seen", "after", "before"),
        csv=True,
    ),
    "/data-protection/": _Page("What is kept, why and how long", DataProtectionPage, "fleet:read"),
    "/audit/": _Page("The audit log, newest first", AuditPage, "audit:read", query=("after", "before")),
    "/agents/": _Page("The agents", AgentsPage, "agents:read"),
    "/alerts/": _Page(
        "Who is told of what, and what became of each message",
        AlertsPage,
        "alerts:read",
        query=("state", "after", "before"),
        csv=True,
    ),
}


def complete(schema: OpenAPISchema) -> OpenAPISchema:
    """Add the pages, and how a program proves who it is."""
    components = schema.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas[_PROBLEM] = Problem.model_json_schema()
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "posture collector create-token"},
        "agent": {"type": "http", "scheme": "PostureAgent", "description": "A JWS by the agent's key, see get_policy"},
        "session": {"type": "apiKey", "in": "cookie", "name": "sessionid"},
    }
    for address, page in _PAGES.items():
        schema["paths"][address] = {"get": _operation(page, schemas)}
    schema["webhooks"] = {"posture.alert": {"post": _webhook(schemas)}}
    return schema


def _webhook(schemas: dict[str, Any]) -> dict[str, Any]:
    _add(Posted, schemas)
    return {
        "operationId": "alert",
        "summary": "Tell a channel of alerts",
        "description": "Signed as Standard Webhooks says: webhook-id, webhook-timestamp, webhook-signature.",
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": _COMPONENT.format(model=Posted.__name__)}}},
        },
        "responses": {"2XX": {"description": "Taken; 410 is not tried again, all else later"}},
    }


def _add(shape: type, schemas: dict[str, Any]) -> None:
    """Add what a shape looks like, and the shapes within it."""
    made = TypeAdapter(shape).json_schema(ref_template=_COMPONENT, mode="serialization")
    for name, part in made.pop("$defs", {}).items():
        if schemas.setdefault(name, part) != part:
            raise ValueError(f"two shapes are called {name}: rename one")
    schemas[shape.__name__] = made


def _operation(page: _Page, schemas: dict[str, Any]) -> dict[str, Any]:
    _add(page.content, schemas)
    shown = {"application/json": {"schema": {"$ref": _COMPONENT.format(model=page.content.__name__)}}}
    problem = {"application/problem+json": {"schema": {"$ref": _COMPONENT.format(model=_PROBLEM)}}}
    parameters = [_parameter(name, "path") for name in page.path] + [_parameter(name, "query") for name in page.query]
    return {
        "operationId": page.content.__name__,
        "summary": page.summary,
        "description": f"A token needs the scope {page.scope}.",
        "security": [{"token": []}, {"session": []}],
        "parameters": [*parameters, _format(csv=page.csv), _IF_NONE_MATCH],
        "responses": {
            "200": {
                "description": page.summary,
                "content": shown | (_CSV if page.csv else {}),
                "headers": {"ETag": {"schema": {"type": "string"}}},
            },
            "304": {"description": "As the program has it already"},
            "4XX": {"description": "Refused, and why", "content": problem},
        },
    }


_IF_NONE_MATCH = {"name": "If-None-Match", "in": "header", "required": False, "schema": {"type": "string"}}


def _format(*, csv: bool) -> dict[str, Any]:
    forms = ["json", "csv"] if csv else ["json"]
    return {"name": "format", "in": "query", "required": True, "schema": {"enum": forms, "type": "string"}}


def _parameter(name: str, where: str) -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "schema": {"type": "string"}}
