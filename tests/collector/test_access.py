"""Who may open which address: every route has a row here, and a new one without a row fails."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from server_stub.agents.models import Agent

# Route: what a stranger, a viewer, an operator and an administrator get. 302 leads a stranger to the login.
PAGES = {
    "": ("GET", 302, 200, 200, 200),
    "phones/<key:key>/": ("GET", 302, 200, 200, 200),
    "phones/<key:key>/reports/<uuid:report_id>/signed": ("GET", 302, 200, 200, 200),
    "agents/": ("GET", 302, 200, 200, 200),
    "agents/codes/": ("POST", 302, 403, 200, 200),
    "agents/<key:agent_id>/revoke/": ("POST", 302, 403, 403, 302),
    "preferences/theme/": ("POST", 302, 302, 302, 302),
    "preferences/language/": ("POST", 302, 302, 302, 302),
    "api/": ("GET", 404, 404, 404, 404),
    "api/reports": ("GET", 405, 405, 405, 405),
    "api/enrol": ("GET", 405, 405, 405, 405),
    "api/openapi.json": ("GET", 200, 200, 200, 200),
    "account/login/": ("GET", 200, 302, 302, 302),
    "account/logout/": ("GET", 302, 200, 200, 200),
    "account/password/change/": ("GET", 302, 200, 200, 200),
    "account/inactive/": ("GET", 200, 200, 200, 200),
    "account/reauthenticate/": ("GET", 302, 200, 200, 200),
    "account/2fa/": ("GET", 302, 200, 200, 200),
    "account/2fa/authenticate/": ("GET", 302, 302, 302, 302),
    "account/2fa/reauthenticate/": ("GET", 302, 302, 302, 302),
    "account/2fa/totp/activate/": ("GET", 302, 302, 302, 302),
    "account/2fa/totp/deactivate/": ("GET", 302, 404, 404, 404),
    "account/2fa/recovery-codes/": ("GET", 302, 404, 404, 404),
    "account/2fa/recovery-codes/generate/": ("GET", 302, 302, 302, 302),
    "account/2fa/recovery-codes/download/": ("GET", 302, 404, 404, 404),
}
ROLES = (None, "viewer", "operator", "admin")


def routes(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


def test_every_route_has_a_row() -> None:
    assert set(routes(get_resolver().url_patterns)) == set(PAGES)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", PAGES)
def test_who_may_open_it(
    role: str | None, route: str, scan: Callable[..., Any], agent: Agent, sign_in: Callable[[str], Client]
) -> None:
    content = scan()
    client = sign_in(role) if role else Client()
    address = "/" + (
        route.replace("<key:key>", content["device"]["serial"])
        .replace("<uuid:report_id>", content["report_id"])
        .replace("<key:agent_id>", agent.id)
    )
    method, *statuses = PAGES[route]
    answer = client.generic(method, address)
    assert answer.status_code == statuses[ROLES.index(role)]
    if role is None and answer.status_code == 302 and not route.startswith(("preferences", "account")):
        assert answer.headers["Location"].startswith("/account/login/?next=")


def test_a_program_without_login_is_told(client: Client, db: None) -> None:
    answer = client.get("/", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")


def test_nothing_is_changed_by_a_foreign_form(sign_in: Callable[[str], Client], agent: Agent) -> None:
    admin = sign_in("admin")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = admin.cookies
    answer = strict.post(f"/agents/{agent.id}/revoke/")
    assert answer.status_code == 403
    assert "Nothing was changed." in answer.content.decode()
    agent.refresh_from_db()
    assert agent.revoked_at is None


@pytest.mark.parametrize("address", ["/", "/account/login/", "/static/posture.css", "/healthz", "/nothing"])
def test_every_answer_forbids_foreign_content(client: Client, db: None, address: str) -> None:
    answer = client.get(address)
    answer.close()
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
