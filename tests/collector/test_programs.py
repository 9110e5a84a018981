"""What programs get: tokens with scopes, ETags, problem documents, CSV that no spreadsheet runs, a true description."""

import csv
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import requests
from django.test import Client
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, openapi, serializer
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import positive_data_acceptance

from server_stub.people.models import Person
from server_stub.tokens.bearer import SCOPES, make_token, revoke_tokens
from server_stub.tokens.models import ApiToken
from tests.collector.serving import posture_collector, served
from tests.collector.signing import NOW, Signer, encode, report, result

Scan = Callable[..., dict[str, Any]]


@pytest.fixture
def token(sign_in: Callable[[str], Client]) -> Callable[..., dict[str, str]]:
    """The header of a new token of somebody in that role."""

    def make(role: str, *scopes: str) -> dict[str, str]:
        sign_in(role)
        return {"Authorization": f"Bearer {make_token('ci', role, scopes, 30)[0]}", "Accept": "application/json"}

    return make


def test_a_token_reads_what_its_scopes_and_its_person_may(
    client: Client, scan: Scan, token: Callable[..., dict[str, str]]
) -> None:
    scan()
    header = token("viewer", "fleet:read", "audit:read")
    statuses = {
        path: client.get(path, headers=header).status_code for path in ("/", "/clauses/", "/agents/", "/audit/")
    }
    assert statuses == {"/": 200, "/clauses/": 200, "/agents/": 403, "/audit/": 403}
    refused = client.get("/audit/", headers=header)
    assert (refused.headers["Content-Type"], refused.json()["title"]) == ("application/problem+json", "not-allowed")


def test_a_token_changes_nothing(client: Client, token: Callable[..., dict[str, str]]) -> None:
    header = token("administrator", *SCOPES)
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/agents/codes/", headers=header).status_code == 403


@pytest.mark.parametrize("how", ["unknown", "expired", "revoked", "left", "empty"])
def test_a_token_that_holds_no_longer_is_refused(
    client: Client, token: Callable[..., dict[str, str]], how: str
) -> None:
    header = token("viewer", "fleet:read")
    assert client.get("/", headers=header).status_code == 200
    if how == "expired":
        ApiToken.objects.update(expires_at=NOW - timedelta(seconds=1))
    elif how == "revoked":
        assert revoke_tokens("ci") == 1
    elif how == "left":
        Person.objects.update(is_active=False)
    else:
        header["Authorization"] = "Bearer" + (" posture_x" if how == "unknown" else "")
    answer = client.get("/", headers=header)
    assert (answer.status_code, answer.json()["title"]) == (401, "wrong-token")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("person", "scopes", "says"), [("nobody", ["fleet:read"], "nobody"), ("viewer", ["x"], "x")])
def test_a_token_for_nobody_or_nothing_is_not_made(
    sign_in: Callable[[str], Client], person: str, scopes: list[str], says: str
) -> None:
    sign_in("viewer")
    with pytest.raises(ValueError, match=says):
        make_token("ci", person, scopes, 1)


def test_what_the_program_has_already_is_not_sent_again(scan: Scan, viewer: Client) -> None:
    scan(at=NOW - timedelta(hours=1))
    first = viewer.get("/clauses/?format=json")
    again = viewer.get("/clauses/?format=json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    scan(results=(result("lock", "7", "fail"),))
    changed = viewer.get("/clauses/?format=json", headers={"If-None-Match": first.headers["ETag"]})
    assert (changed.status_code, changed.headers["ETag"] != first.headers["ETag"]) == (200, True)


@pytest.mark.parametrize(
    ("path", "status"), [("/nothing", 404), ("/phones/nobody/", 404), ("/?after=x", 400), ("/agents/codes/", 405)]
)
def test_every_error_is_a_problem_document(viewer: Client, db: None, path: str, status: int) -> None:
    answer = viewer.get(path, headers={"Accept": "application/json", "Accept-Language": "es"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status
    assert viewer.get(path).headers["Content-Type"].startswith("text/html" if status != 405 else "")


def rows(answer: Any) -> list[dict[str, str]]:
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(StringIO(answer.getvalue().decode("utf-8-sig"))))


def test_lists_as_csv_without_formulas(scan: Scan, viewer: Client) -> None:
    scan("A", device={"model": "=HYPERLINK(1)", "manufacturer": "@SUM"}, results=(result("lock", "7", "fail"),))
    scan("B", NOW - timedelta(hours=2), (result("lock", "7", "pass"),))
    fleet = rows(viewer.get("/?format=csv&sort=serial"))
    assert [(row["serial"], row["status"], row["model"]) for row in fleet] == [
        ("A", "non_compliant", "'=HYPERLINK(1)"),
        ("B", "compliant", "Brick 3"),
    ]
    assert fleet[0]["manufacturer"] == "'@SUM"
    assert [row["serial"] for row in rows(viewer.get("/?format=csv&status=compliant"))] == ["B"]
    assert [row["serial"] for row in rows(viewer.get("/clauses/7/?format=csv"))] == ["A"]
    scan("A")
    assert [row["status"] for row in rows(viewer.get("/phones/A/?format=csv"))] == ["compliant", "non_compliant"]


@serializer("application/jose", "application/jsonl")
def as_text(_context: Any, value: Any) -> bytes:
    """How schemathesis writes our kinds of text."""
    return str(value).encode()


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BaseSchema]:
    """The description as it is served, with a phone behind it, seen by somebody who may read everything."""
    data = tmp_path_factory.mktemp("api")
    posture_collector(data, "create-user", "ana", "--role", "administrator")
    scopes = [word for scope in SCOPES for word in ("--scope", scope)]
    made = posture_collector(data, "create-token", "ci", "--user", "ana", *scopes)
    code = posture_collector(data, "enrol-code").stdout.strip()
    signer = Signer()
    with served(data) as (address, _):
        sent = {"code": code, "name": "Bench", "public_jwk": signer.public_jwk}
        assert requests.post(f"{address}/api/enrol", json=sent, timeout=30).status_code == 200
        body = signer.sign(encode(report(signer.id, results=(result("lock", "7", "fail"),))))
        headers = {"Content-Type": "application/jose+json"}
        assert requests.post(f"{address}/api/reports", body, headers=headers, timeout=30).status_code == 201
        token = {"Authorization": f"Bearer {made.stdout.strip()}"}
        yield openapi.from_url(f"{address}/api/openapi.json", headers=token)


def test_the_service_does_what_its_description_says(api: BaseSchema) -> None:
    """All of schemathesis' checks but one: no schema can make a signature that holds, a place in a list or a phone."""
    operations = [found.ok() for found in api.get_all_operations()]
    assert len(operations) >= 11
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(max_examples=10, suppress_health_check=list(HealthCheck))
        def check(case: Case) -> None:
            case.call_and_validate(excluded_checks=[positive_data_acceptance])

        check()
