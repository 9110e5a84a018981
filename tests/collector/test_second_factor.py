"""A second factor for the roles that the installation names."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client

from server_stub.people.models import Person
from server_stub.tokens.bearer import make_token

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def asked_of_operators(settings: Any) -> None:
    settings.SECOND_FACTOR_FOR = frozenset({"operator", "administrator"})


def test_a_named_role_sets_one_up_before_anything_else(sign_in: Callable[[str], Client]) -> None:
    operator = sign_in("operator")
    for answer in (operator.get("/"), operator.post("/agents/codes/")):
        assert (answer.status_code, answer.headers["Location"]) == (302, "/account/2fa/")
    assert "Your role asks for a second factor" in operator.get("/account/2fa/").content.decode()
    program = operator.get("/agents/", headers={"Accept": "application/json"})
    assert (program.status_code, json.loads(program.content)["title"]) == (403, "second-factor-needed")
    TOTP.activate(Person.objects.get(), generate_totp_secret())
    assert operator.get("/").status_code == 200


def test_other_roles_are_not_asked(sign_in: Callable[[str], Client]) -> None:
    assert sign_in("viewer").get("/").status_code == 200


def test_who_came_by_the_provider_is_not_asked(sign_in: Callable[[str], Client], rf: Any) -> None:
    operator = sign_in("operator")
    request, session = rf.get("/"), operator.session
    request.session = session
    record_authentication(request, Person.objects.get(), "socialaccount", provider="openid_connect", uid="7")
    session.save()
    assert operator.get("/").status_code == 200


def test_a_token_only_reads_and_is_not_asked(sign_in: Callable[[str], Client], client: Client) -> None:
    sign_in("operator")
    token, _ = make_token("nightly", "operator", ["fleet:read"], 1)
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    assert client.get("/", headers=headers).status_code == 200
