"""Signing in: throttled, closed to strangers, with a second factor for who sets one up."""

import re
from base64 import b64decode
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, hotp_value, yield_hotp_counters_from_time
from django.test import Client
from django.utils import timezone

from server_stub import run
from server_stub.people.models import Person, Remembered
from server_stub.work.jobs import tidy

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-enough-word"


@pytest.fixture(autouse=True)
def quick_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def ana() -> Person:
    run.create_person("ana", PASSWORD, "viewer")
    return Person.objects.get()


def sign_in(client: Client, name: str, password: str) -> int:
    return client.post("/account/login/", {"login": name, "password": password}).status_code


def test_the_right_password_opens_the_page_that_was_asked_for(ana: Person, client: Client) -> None:
    answer = client.post("/account/login/?next=/agents/", {"login": "ana", "password": PASSWORD, "next": "/agents/"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/agents/")
    assert client.get("/agents/").status_code == 200
    assert client.post("/account/logout/").status_code == 302
    assert client.get("/agents/").status_code == 302


def test_no_login_leads_away(ana: Person, client: Client) -> None:
    sent = {"login": "ana", "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post("/account/login/", sent).headers["Location"] == "/"


def test_wrong_passwords_are_throttled(ana: Person, client: Client) -> None:
    assert [sign_in(client, "ana", f"wrong-{n}") for n in range(5)] == [200] * 5
    assert sign_in(client, "ana", PASSWORD) == 200
    assert "Too many failed" in client.post("/account/login/", {"login": "ana", "password": PASSWORD}).content.decode()


def test_wrong_passwords_count_together_by_whatever_name_the_collector_is_called(ana: Person, client: Client) -> None:
    def page(host: str, password: str) -> str:
        form = {"login": "ana", "password": password}
        return client.post("/account/login/", form, headers={"Host": host}).content.decode()

    assert not any("Too many failed" in page(f"{n}.example", "wrong") for n in range(5))
    assert "Too many failed" in page("another.example", PASSWORD)


def test_attempts_are_remembered_without_name_or_address_and_not_for_long(ana: Person, client: Client) -> None:
    client.post("/account/login/", {"login": "ana", "password": "wrong"}, REMOTE_ADDR="198.51.100.7")
    remembered = list(Remembered.objects.all())
    assert remembered
    for each in remembered:
        assert re.fullmatch("[0-9a-f]{64}", each.cache_key)
        assert b"198.51.100.7" not in b64decode(each.value)
    tidy.call()
    assert Remembered.objects.count() == len(remembered)
    Remembered.objects.update(expires=timezone.now() - timedelta(seconds=1))
    tidy.call()
    assert not Remembered.objects.exists()


def test_nobody_signs_up(client: Client) -> None:
    assert client.get("/account/signup/").status_code == 404


def test_a_second_factor_is_asked_for(ana: Person, client: Client) -> None:
    secret = generate_totp_secret()
    TOTP.activate(ana, secret)
    assert Authenticator.objects.count() == 1
    answer = client.post("/account/login/", {"login": "ana", "password": PASSWORD})
    assert answer.headers["Location"] == "/account/2fa/authenticate/"
    assert client.get("/").status_code == 302
    code = hotp_value(secret, next(yield_hotp_counters_from_time()))
    assert client.post("/account/2fa/authenticate/", {"code": f"{code:06}"}).status_code == 302
    assert client.get("/").status_code == 200


def test_guessing_a_second_factor_is_throttled(ana: Person, client: Client) -> None:
    TOTP.activate(ana, generate_totp_secret())
    sign_in(client, "ana", PASSWORD)
    answers = [client.post("/account/2fa/authenticate/", {"code": f"{n:06}"}) for n in range(6)]
    assert "Too many failed" in answers[-1].content.decode()
    assert client.get("/").status_code == 302


def test_setting_up_a_second_factor_shows_a_picture(ana: Person, client: Client) -> None:
    sign_in(client, "ana", PASSWORD)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    page = client.get("/account/2fa/totp/activate/").content.decode()
    assert re.search(r'src="data:image/svg\+xml', page)


@pytest.mark.parametrize("password", ["short", "ana-ana-ana-ana", "password123456"])
def test_weak_passwords_are_refused(password: str) -> None:
    if password.startswith("ana"):
        password = "ana"
    with pytest.raises(ValueError, match="password"):
        run.create_person("ana", password, "viewer")
    assert Person.objects.count() == 0


def test_a_user_can_be_given_another_role_and_password(ana: Person, client: Client) -> None:
    run.create_person("ana", "another-long-word", "operator")
    assert [group.name for group in Person.objects.get().groups.all()] == ["operator"]
    assert sign_in(client, "ana", PASSWORD) == 200
    assert sign_in(client, "ana", "another-long-word") == 302
