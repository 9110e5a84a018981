"""Who may open which address: every route has a row here, and a new one without a row fails."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from server_stub.agents.models import Agent
from server_stub.decisions.models import Waiver
from server_stub.holders.models import Group
from server_stub.people.models import Person
from server_stub.policies.models import Edition
from server_stub.saved.models import SavedView
from server_stub.urls import api
from tests.collector.signing import NOW, result
from tests.collector.telling import something_told

ROLES = (None, "viewer", "auditor", "operator", "approver", "administrator")
# Method and route: what a stranger, then each role in turn gets. 302 leads a stranger to the login.
TABLE = {
    "GET ": (302, 200, 200, 200, 200, 200),
    "POST views/": (302, 302, 302, 302, 302, 302),
    "POST views/<int:view_id>/delete/": (302, 404, 404, 404, 404, 404),  # it is somebody else's
    "POST views/<int:view_id>/opening/": (302, 302, 302, 302, 302, 302),
    "GET phones/<key:key>/": (302, 200, 200, 200, 200, 200),
    "GET phones/<key:key>/reports/<uuid:report_id>/signed": (302, 403, 200, 200, 200, 200),
    "GET phones/<key:key>/reports/<uuid:report_id>/as/<paper-form:form>": (302, 403, 200, 200, 200, 200),
    "GET exports/<many-form:form>": (302, 403, 200, 200, 200, 200),
    "GET clauses/": (302, 200, 200, 200, 200, 200),
    "GET clauses/<key:number>/": (302, 200, 200, 200, 200, 200),
    "GET policy/": (302, 200, 200, 200, 200, 200),
    "POST policy/preview/": (302, 403, 200, 200, 200, 200),  # a draft may ask for what a viewer may not see
    "POST policy/submit/": (302, 403, 403, 403, 422, 422),
    "GET policy/history/": (302, 200, 200, 200, 200, 200),
    "GET policy/editions/<int:edition_id>/": (302, 200, 200, 200, 200, 200),
    "POST policy/editions/<int:edition_id>/<step:what>/": (302, 403, 403, 403, 302, 302),
    "GET agents/": (302, 200, 200, 200, 200, 200),
    "POST agents/codes/": (302, 403, 403, 200, 403, 200),
    "POST agents/<key:agent_id>/revoke/": (302, 403, 403, 302, 403, 302),
    "POST agents/<key:agent_id>/rotation/": (302, 403, 403, 302, 403, 302),
    "POST agents/<key:agent_id>/group/": (302, 403, 403, 302, 403, 302),
    "GET phones/<key:key>/decide/": (302, 200, 200, 200, 200, 200),
    "POST phones/<key:key>/waivers/": (302, 403, 403, 422, 422, 422),
    "POST phones/<key:key>/statements/": (302, 403, 403, 422, 403, 422),
    "POST waivers/<int:waiver_id>/<decision:what>/": (302, 403, 403, 403, 302, 302),
    "GET due/": (302, 200, 200, 200, 200, 200),
    "GET holders/": (302, 200, 200, 200, 200, 200),
    "POST holders/import/": (302, 403, 403, 422, 403, 422),
    "POST holders/groups/<int:group_id>/period/": (302, 403, 403, 302, 403, 302),
    "GET data-protection/": (302, 200, 200, 200, 200, 200),
    "POST data-protection/erase/": (302, 403, 403, 403, 403, 422),
    "GET audit/": (302, 403, 200, 403, 403, 200),
    "GET audit/pack/": (302, 403, 302, 403, 403, 302),
    "GET audit/rows/": (302, 403, 302, 403, 403, 302),
    "GET audit/stamps/<int:stamp_id>.tsr": (302, 403, 404, 403, 403, 404),
    "GET alerts/": (302, 403, 200, 200, 403, 200),
    "GET alerts/<int:alert_id>/": (302, 302, 302, 302, 302, 302),
    "POST alerts/channels/": (302, 403, 403, 403, 403, 422),
    "POST alerts/channels/<int:channel_id>/<of-channel:what>/": (302, 403, 403, 403, 403, 302),
    "POST alerts/subscriptions/": (302, 403, 403, 403, 403, 422),
    "POST alerts/subscriptions/<int:subscription_id>/end/": (302, 403, 403, 403, 403, 302),
    "POST alerts/messages/<uuid:delivery_id>/replay/": (302, 403, 403, 403, 403, 302),
    "POST alerts/graces/": (302, 403, 403, 403, 403, 422),
    "POST preferences/theme/": (302, 302, 302, 302, 302, 302),
    "POST preferences/language/": (302, 302, 302, 302, 302, 302),
    "GET api/": (404, 404, 404, 404, 404, 404),
    "POST api/reports": (415, 415, 415, 415, 415, 415),
    "POST api/agents/key": (401, 401, 401, 401, 401, 401),
    "POST api/enrol": (422, 422, 422, 422, 422, 422),
    "GET api/policy": (401, 401, 401, 401, 401, 401),
    "POST api/holders": (401, 403, 403, 403, 403, 403),  # a token's alone: see test_holders_api
    "GET api/openapi.json": (200, 200, 200, 200, 200, 200),
    "GET account/login/": (200, 302, 302, 302, 302, 302),
    "GET account/logout/": (302, 200, 200, 200, 200, 200),
    "GET account/password/change/": (302, 200, 200, 200, 200, 200),
    "GET account/inactive/": (200, 200, 200, 200, 200, 200),
    "GET account/reauthenticate/": (302, 200, 200, 200, 200, 200),
    "POST account/openid/": (404, 404, 404, 404, 404, 404),  # no provider is configured here; else see test_openid
    "GET account/openid/callback/": (404, 404, 404, 404, 404, 404),
    "GET account/openid/cancelled/": (200, 200, 200, 200, 200, 200),
    "GET account/2fa/": (302, 200, 200, 200, 200, 200),
    "GET account/2fa/authenticate/": (302, 302, 302, 302, 302, 302),
    "GET account/2fa/reauthenticate/": (302, 302, 302, 302, 302, 302),
    "GET account/2fa/totp/activate/": (302, 302, 302, 302, 302, 302),
    "GET account/2fa/totp/deactivate/": (302, 404, 404, 404, 404, 404),
    "GET account/2fa/webauthn/": (302, 200, 200, 200, 200, 200),
    "GET account/2fa/webauthn/add/": (302, 302, 302, 302, 302, 302),
    "GET account/2fa/webauthn/reauthenticate/": (302, 302, 302, 302, 302, 302),
    "GET account/2fa/webauthn/keys/<int:pk>/edit/": (302, 302, 302, 302, 302, 302),
    "GET account/2fa/webauthn/keys/<int:pk>/remove/": (302, 302, 302, 302, 302, 302),
    "GET account/2fa/recovery-codes/": (302, 404, 404, 404, 404, 404),
    "GET account/2fa/recovery-codes/generate/": (302, 302, 302, 302, 302, 302),
    "GET account/2fa/recovery-codes/download/": (302, 404, 404, 404, 404, 404),
}
# What changes nothing but the browser's own cookies or the person's own views, or nothing at all, or has its own proof
# of who sends it.
FOR_EVERYBODY = {
    "POST policy/preview/",
    "POST preferences/theme/",
    "POST preferences/language/",
    "POST views/",
    "POST views/<int:view_id>/delete/",
    "POST views/<int:view_id>/opening/",
    "POST account/openid/",
    "POST api/reports",
    "POST api/agents/key",
    "POST api/enrol",
}


def routes(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


def test_every_route_has_a_row() -> None:
    assert set(routes(get_resolver().url_patterns)) == {row.partition(" ")[2] for row in TABLE}


def test_every_operation_of_the_api_has_a_row() -> None:
    operations = {
        f"{method} api{path}"
        for prefix, router in api._routers
        for path, view in router.path_operations.items()
        for operation in view.operations
        for method in operation.methods
    }
    described = {"GET api/", "GET api/openapi.json"}  # by the framework
    assert operations == {row for row in TABLE if row.partition(" ")[2].startswith("api/")} - described


def test_an_auditor_changes_nothing() -> None:
    may = {row for row, statuses in TABLE.items() if row.startswith("POST") and statuses[2] != 403}
    assert may == FOR_EVERYBODY


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("row", TABLE)
def test_who_may_open_it(
    role: str | None, row: str, scan: Callable[..., Any], agent: Agent, sign_in: Callable[[str], Client]
) -> None:
    content = scan(results=(result("screen-lock-set", "7", "fail"),))
    client = sign_in(role) if role else Client()
    method, _, route = row.partition(" ")
    asked = Waiver.objects.create(
        rule="screen-lock-set",
        phone_key=content["device"]["serial"],
        reason="A drill",
        requested_by=Person.objects.create(username="somebody"),
        requested_at=NOW,
        until=(NOW + timedelta(days=2)).replace(second=0),
    )
    edition = Edition.objects.create(
        layer="group", name="Press", submitted_by=asked.requested_by, submitted_at=NOW, effective_from=NOW
    )
    told = something_told(content["device"]["serial"])
    shared = SavedView.objects.create(owner=asked.requested_by, name="Late", query="late=yes", shared=True, made_at=NOW)
    address = "/" + (
        route.replace("<key:key>", content["device"]["serial"])
        .replace("<uuid:report_id>", content["report_id"])
        .replace("<key:agent_id>", agent.id)
        .replace("<int:pk>", "1")
        .replace("<int:view_id>", str(shared.pk))
        .replace("<int:waiver_id>", str(asked.pk))
        .replace("<decision:what>", "approve")
        .replace("<int:stamp_id>", "1")
        .replace("<paper-form:form>", "csv")
        .replace("<many-form:form>", "ocsf")
        .replace("<int:edition_id>", str(edition.pk))
        .replace("<step:what>", "approve")
        .replace("<key:number>", "7")
        .replace("<int:alert_id>", str(told.alert.pk))
        .replace("<int:channel_id>", str(told.channel.pk))
        .replace("<of-channel:what>", "try")
        .replace("<int:subscription_id>", str(told.subscription.pk))
        .replace("<uuid:delivery_id>", str(told.delivery.pk))
        .replace("<int:group_id>", str(Group.objects.create(name="Press").pk))
    )
    rule = {"QUERY_STRING": "rule=screen-lock-set"} if "decide" in route else {}
    form = {"rule": "screen-lock-set"} if method == "POST" and not route.startswith("api") else None
    answer = client.post(address, form) if form else client.generic(method, address, **rule)
    assert answer.status_code == TABLE[row][ROLES.index(role)]
    if role is None and answer.status_code == 302 and not route.startswith(("preferences", "account")):
        assert answer.headers["Location"].startswith("/account/login/?next=")


def test_a_program_without_login_is_told(client: Client, db: None) -> None:
    answer = client.get("/", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")


def test_nothing_is_changed_by_a_foreign_form(sign_in: Callable[[str], Client], agent: Agent) -> None:
    admin = sign_in("administrator")
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
