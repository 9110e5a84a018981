"""Signing in by OpenID Connect, at a real provider in a process of its own: whom it lets in, and as what."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from server_stub import run
from server_stub.audit.models import Entry
from server_stub.openid.configuration import OpenId
from server_stub.people.models import Person
from tests.openid_provider import CLIENT_ID, CLIENT_SECRET, Provider, provided

pytestmark = pytest.mark.django_db
ROLES = {"Mobile security": "operator", "cn=audit,ou=groups": "auditor"}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with provided(tmp_path_factory.mktemp("provider"), "http://testserver/account/openid/callback/") as running:
        yield running


@pytest.fixture(autouse=True)
def configured(provider: Provider, settings: Any) -> OpenId:
    found = OpenId(provider.issuer, CLIENT_ID, CLIENT_SECRET, "Example", "groups", ROLES, link_by_email=False)
    use(settings, found)
    return found


def use(settings: Any, openid: OpenId) -> None:
    settings.OPENID, settings.SOCIALACCOUNT_PROVIDERS = openid, openid.for_allauth()


def leave(client: Client, **form: str) -> str:
    """Press the button. Returns the address at the provider to which the page leads."""
    page = client.post("/account/openid/", form).content.decode()
    found = re.search(r'content="0; url=([^"]+)"', page)
    assert found is not None, page
    return html.unescape(found[1])


def sign_in(client: Client, provider: Provider, name: str, **form: str) -> Any:
    return client.get(provider.sign_in(leave(client, **form), name).removeprefix("http://testserver"))


def roles(name: str) -> list[str]:
    return sorted(Person.objects.get(username=name).groups.values_list("name", flat=True))


def audited() -> list[tuple[str, str, str]]:
    return [(entry.actor, entry.action, entry.subject) for entry in Entry.objects.order_by("number")]


def test_a_member_of_a_mapped_group_gets_in_with_its_role(client: Client, provider: Provider) -> None:
    provider.knows("ana", groups=["Mobile security", "Everybody"], email="ana@example.org", email_verified=True)
    answer = sign_in(client, provider, "ana", next="/agents/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/agents/")
    assert client.get("/agents/").status_code == 200
    assert roles("ana") == ["operator"]
    assert audited() == [
        ("ana", "person.created", "ana"),
        ("ana", "person.roles-read", "ana"),
        ("ana", "person.signed-in", ""),
    ]
    assert Entry.objects.get(action="person.signed-in").details == {"by": "OpenID Connect"}
    assert not Person.objects.get().has_usable_password()
    assert [account.extra_data for account in SocialAccount.objects.all()] == [{}]


def test_what_is_asked_of_the_provider(client: Client, provider: Provider) -> None:
    asked = parse_qs(urlsplit(leave(client)).query)
    assert set(asked.pop("scope")[0].split()) == {"openid", "profile", "email"}
    assert {name: asked[name][0] for name in ("client_id", "redirect_uri", "response_type")} == {
        "client_id": CLIENT_ID,
        "redirect_uri": "http://testserver/account/openid/callback/",
        "response_type": "code",
    }
    assert asked["code_challenge_method"] == ["S256"]
    again = parse_qs(urlsplit(leave(client)).query)
    assert all(asked[name] != again[name] for name in ("state", "nonce", "code_challenge"))


def test_roles_are_read_anew_at_each_sign_in_and_taken_away_in_every_session(
    client: Client, provider: Provider
) -> None:
    provider.knows("luz", groups=["Mobile security", "cn=audit,ou=groups"])
    sign_in(client, provider, "luz")
    assert roles("luz") == ["auditor", "operator"]
    provider.knows("luz", groups="cn=audit,ou=groups")
    assert sign_in(Client(), provider, "luz").status_code == 302
    assert roles("luz") == ["auditor"]
    assert client.post("/agents/codes/").status_code == 403
    provider.knows("luz", groups=[])
    answer = sign_in(Client(), provider, "luz")
    assert (answer.status_code, b"none of its groups has a role here" in answer.content) == (403, True)
    assert roles("luz") == []
    assert client.get("/").status_code == 403
    assert audited()[-2:] == [("luz", "person.roles-read", "luz"), ("luz", "person.sign-in-refused", "no-role")]


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"groups": []},
        {"groups": ["Everybody"]},
        {"groups": {"Mobile security": True}},
        {"groups": [["x"], 7, None]},
    ],
)
def test_whoever_has_no_mapped_group_stays_outside(client: Client, provider: Provider, claims: dict[str, Any]) -> None:
    provider.knows("eva", **claims)
    assert sign_in(client, provider, "eva").status_code == 403
    assert client.get("/").status_code == 302
    assert Person.objects.count() == 0
    assert audited() == [("", "person.sign-in-refused", "no-role")]


@pytest.mark.parametrize(
    ("lies", "why"),
    [
        ({"iss": "https://other.example"}, "Invalid id_token"),
        ({"aud": "another-client"}, "Invalid id_token"),
        ({"aud": [CLIENT_ID, "another-client"], "azp": "another-client"}, "another client"),
        ({"exp": 1_700_000_000}, "Invalid id_token"),
        ({"iat": 4_000_000_000}, "Invalid id_token"),
        ({"nonce": "of-another-sign-in"}, "another sign-in"),
        ({"sub": "subject-of-ana"}, "another subject"),
        ({"sub": "s" * 300}, ""),
    ],
)
def test_an_id_token_that_lies_is_refused(client: Client, provider: Provider, lies: dict[str, Any], why: str) -> None:
    provider.knows("mal", lies, groups=["Mobile security"])
    answer = sign_in(client, provider, "mal")
    assert (answer.status_code, b"not one that can be believed" in answer.content) == (401, True)
    assert client.get("/").status_code == 302
    assert Person.objects.count() == 0
    assert audited() == [("", "person.sign-in-refused", "provider")]
    assert why in Entry.objects.get().details["why"]


def test_a_key_that_the_provider_does_not_publish_is_refused(
    client: Client, provider: Provider, configured: OpenId, settings: Any
) -> None:
    """The token comes from the right provider; the keys by which it is checked are another's."""
    provider.knows("ana", groups=["Mobile security"])
    changed = configured.for_allauth()
    app = changed["openid_connect"]["APPS"][0]
    app["settings"]["openid_configuration_overrides"] = {"jwks_uri": f"{provider.issuer}/other-keys/"}
    settings.SOCIALACCOUNT_PROVIDERS = changed
    assert sign_in(client, provider, "ana").status_code == 401
    assert "Invalid 'kid'" in Entry.objects.get().details["why"]


def test_an_answer_is_taken_once_and_only_by_the_browser_that_asked(client: Client, provider: Provider) -> None:
    provider.knows("ana", groups=["Mobile security"])
    back = provider.sign_in(leave(client), "ana").removeprefix("http://testserver")
    assert Client().get(back).status_code == 401
    assert client.get(back).status_code == 302
    assert client.get(back).status_code == 401
    assert client.get("/account/openid/callback/?error=access_denied&state=x").status_code == 401


def test_a_provider_that_is_away_ends_in_a_sentence(client: Client, configured: OpenId, settings: Any) -> None:
    use(settings, replace(configured, issuer="http://127.0.0.1:9"))
    answer = client.post("/account/openid/")
    assert (answer.status_code, b"Example did not answer" in answer.content) == (401, True)
    assert audited() == [("", "person.sign-in-refused", "provider")]


def test_another_issuer_than_the_configured_one_is_refused(
    client: Client, configured: OpenId, settings: Any, provider: Provider
) -> None:
    use(settings, replace(configured, issuer=provider.issuer.replace("127.0.0.1", "localhost")))
    assert client.post("/account/openid/").status_code in (400, 401)


@pytest.fixture
def local(settings: Any) -> Person:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    run.create_person("ana.local", "a-long-enough-word", "viewer", email="ana@example.org")
    return Person.objects.get()


@pytest.mark.parametrize(
    ("allowed", "verified", "status"),
    [(True, True, 302), (True, False, 403), (True, "false", 403), (True, "true", 403), (False, True, 403)],
)
def test_a_local_account_is_linked_only_by_a_proved_address_and_if_it_may(
    client: Client, provider: Provider, configured: OpenId, settings: Any, local: Person,
    *, allowed: bool, verified: object, status: int,
) -> None:  # fmt: skip
    use(settings, replace(configured, link_by_email=allowed))
    provider.knows("ana", groups=["Mobile security"], email="Ana@example.org", email_verified=verified)
    answer = sign_in(client, provider, "ana")
    assert answer.status_code == status
    assert Person.objects.count() == 1
    assert roles("ana.local") == (["operator"] if status == 302 else ["viewer"])
    assert SocialAccount.objects.filter(user=local).count() == (1 if status == 302 else 0)
    local.refresh_from_db()
    assert local.has_usable_password()
    if status == 403:
        assert b"may not be linked" in answer.content


def test_a_linked_account_is_not_linked_to_a_second_one(
    client: Client, provider: Provider, configured: OpenId, settings: Any, local: Person
) -> None:
    use(settings, replace(configured, link_by_email=True))
    provider.knows("ana", groups=["Mobile security"], email="ana@example.org", email_verified=True)
    assert sign_in(client, provider, "ana").status_code == 302
    provider.knows("eva", groups=["Mobile security"], email="ana@example.org", email_verified=True)
    assert sign_in(Client(), provider, "eva").status_code == 403
    assert audited()[-1] == ("", "person.sign-in-refused", "other-account")


def test_a_name_that_is_taken_gives_no_account_of_somebody_else(
    client: Client, provider: Provider, local: Person
) -> None:
    provider.knows("ana.local", groups=["Mobile security"], given_name="Eva")
    assert sign_in(client, provider, "ana.local").status_code == 302
    assert roles("ana.local") == ["viewer"]
    assert Person.objects.exclude(pk=local.pk).get().username == "eva"


def test_who_was_locked_out_stays_out(client: Client, provider: Provider) -> None:
    provider.knows("ana", groups=["Mobile security"])
    sign_in(client, provider, "ana")
    Person.objects.update(is_active=False)
    assert sign_in(Client(), provider, "ana").headers["Location"] == "/account/inactive/"
    assert client.get("/").status_code == 302


def test_no_way_leads_to_an_address_elsewhere(client: Client, provider: Provider) -> None:
    provider.knows("ana", groups=["Mobile security"])
    assert sign_in(client, provider, "ana", next="https://evil.example/").headers["Location"] == "/"


def test_without_a_provider_there_is_no_button_and_no_way(client: Client, settings: Any) -> None:
    assert "Sign in with Example" in client.get("/account/login/").content.decode()
    settings.OPENID, settings.SOCIALACCOUNT_PROVIDERS = None, {}
    assert "Sign in with" not in client.get("/account/login/").content.decode()
    assert client.post("/account/openid/").status_code == 404
    assert client.get("/account/openid/callback/").status_code == 404


@pytest.mark.parametrize("page", ["password/change", "2fa", "2fa/totp/activate", "2fa/webauthn/add"])
def test_who_has_no_password_here_finds_no_broken_page(client: Client, provider: Provider, page: str) -> None:
    provider.knows("ana", groups=["Mobile security"])
    sign_in(client, provider, "ana")
    answer = client.get(f"/account/{page}/", follow=True)
    assert answer.status_code == (404 if page == "password/change" else 200)
    assert "Change password" not in answer.content.decode()


def test_the_way_to_the_provider_is_throttled(client: Client) -> None:
    """Each try asks the provider something, and anybody may press the button."""
    assert {client.post("/account/openid/").status_code for _ in range(30)} == {200}
    answer = client.post("/account/openid/")
    assert (answer.status_code, b"wait a minute" in answer.content) == (429, True)
