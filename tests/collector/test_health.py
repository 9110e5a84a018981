"""For machines that watch, and the API's description."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from jsonschema import Draft202012Validator

from tests.collector.signing import report, result


def test_alive_without_a_database(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"


def test_ready(client: Client, db: None) -> None:
    assert client.get("/readyz").content == b"ready\n"


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/metrics"])
def test_what_watches_needs_no_name_and_changes_nothing(client: Client, db: None, settings: Any, address: str) -> None:
    settings.ALLOWED_HOSTS = ["posture.example.org"]
    assert client.get(address, headers={"Host": "10.0.0.7"}).status_code == 200
    assert client.post(address).status_code == 405


def test_not_ready_before_migrations(client: Client, db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'phones'")
    assert client.get("/readyz").status_code == 503


def test_metrics(client: Client, scan: Callable[..., Any]) -> None:
    scan(results=(result("lock", "7", "fail"),))
    client.post("/api/reports", b"{}", content_type="application/jose+json")
    client.post("/api/enrol", {"code": "X", "name": "X", "public_jwk": {}}, content_type="application/json")
    lines = client.get("/metrics").content.decode().splitlines()
    assert {'posture_phones{state="fails"} 1', 'posture_phones{state="meets"} 0', "posture_agents 1"} <= set(lines)
    assert {'posture_policies{state="waiting"} 0', 'posture_audit_rows{state="stamped"} 0'} <= set(lines)
    assert any(line.startswith('posture_reports_total{outcome="stored"} ') for line in lines)
    assert any(line.startswith('posture_reports_total{outcome="no-envelope"} ') for line in lines)
    assert any(line.startswith('posture_enrolments_total{outcome="no-key"} ') for line in lines)


@pytest.fixture
def description(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/openapi.json").json()
    return found


def test_the_api_is_described(description: dict[str, Any]) -> None:
    assert description["openapi"].startswith("3.1.")
    assert {(path, method) for path, item in description["paths"].items() for method in item} == {
        ("/api/reports", "post"),
        ("/api/enrol", "post"),
        ("/", "get"),
        ("/phones/{key}/", "get"),
        ("/clauses/", "get"),
        ("/clauses/{number}/", "get"),
        ("/policy/", "get"),
        ("/api/holders", "post"),
        ("/policy/history/", "get"),
        ("/policy/editions/{edition_id}/", "get"),
        ("/agents/", "get"),
        ("/alerts/", "get"),
        ("/audit/", "get"),
        ("/data-protection/", "get"),
        ("/due/", "get"),
        ("/holders/", "get"),
        ("/api/agents/key", "post"),
        ("/api/policy", "get"),
    }
    reports = description["paths"]["/api/reports"]["post"]
    assert set(reports["responses"]) == {"200", "201", "207", "4XX"}
    assert set(reports["requestBody"]["content"]) == {"application/jose+json", "application/jose", "application/jsonl"}


def test_the_description_holds_the_reports_schema(description: dict[str, Any]) -> None:
    content = description["paths"]["/api/reports"]["post"]["requestBody"]["content"]["application/jose+json"]
    schema = content["schema"]["properties"]["payload"]["contentSchema"]
    validator = Draft202012Validator(schema)
    assert validator.is_valid(report("an agent"))
    assert not validator.is_valid(report("an agent") | {"verdict": "fine"})
