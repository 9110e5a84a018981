"""Sessions and cookies as a browser gets them, behind a proxy that speaks TLS and without one."""

from collections.abc import Iterator
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

import pytest
import requests
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from server_stub import run
from server_stub.people.models import Person
from tests.collector.serving import PASSWORD, posture_collector, served

TLS = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}


@pytest.fixture(scope="module")
def behind_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data = tmp_path_factory.mktemp("tls")
    assert posture_collector(data, "create-user", "ana", "--role", "viewer").returncode == 0
    with served(data, POSTURE_BEHIND_TLS="1") as (address, _):
        yield address


def flags(answer: requests.Response) -> dict[str, tuple[bool, bool, str]]:
    """By cookie: only over TLS, not for scripts, to which sites it goes along."""
    found: SimpleCookie = SimpleCookie()
    for line in answer.raw.headers.getlist("Set-Cookie"):
        found.load(line)
    return {name: (bool(each["secure"]), bool(each["httponly"]), each["samesite"]) for name, each in found.items()}


def test_behind_tls_cookies_go_over_tls_only(behind_tls: str) -> None:
    page = requests.get(f"{behind_tls}/account/login/", headers=TLS, timeout=30)
    assert flags(page) == {"csrftoken": (True, True, "Lax")}
    assert page.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    form = {"login": "ana", "password": PASSWORD, "csrfmiddlewaretoken": page.cookies["csrftoken"]}
    headers = TLS | {
        "Referer": behind_tls.replace("http:", "https:"),
        "Cookie": f"csrftoken={page.cookies['csrftoken']}",
    }
    answer = requests.post(f"{behind_tls}/account/login/", form, headers=headers, timeout=30, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert flags(answer)["sessionid"] == (True, True, "Lax")
    theme = {"theme": "dark", "csrfmiddlewaretoken": page.cookies["csrftoken"]}
    switched = requests.post(
        f"{behind_tls}/preferences/theme/", theme, headers=headers, timeout=30, allow_redirects=False
    )
    assert flags(switched)["theme"] == (True, True, "Lax")


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a_form_from_elsewhere_is_refused_even_with_the_right_token(behind_tls: str, origin: str) -> None:
    page = requests.get(f"{behind_tls}/account/login/", headers=TLS, timeout=30)
    token = page.cookies["csrftoken"]
    form = {"login": "ana", "password": PASSWORD, "csrfmiddlewaretoken": token}
    headers = TLS | {"Origin": origin, "Cookie": f"csrftoken={token}"}
    answer = requests.post(f"{behind_tls}/account/login/", form, headers=headers, timeout=30)
    assert (answer.status_code, "sessionid" in answer.cookies) == (403, False)


@pytest.fixture
def ana(db: None, settings: Any) -> Person:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    run.create_person("ana", PASSWORD, "viewer")
    return Person.objects.get()


def test_signing_in_gives_another_session_and_signing_out_ends_it(ana: Person, client: Client) -> None:
    client.session["before"] = True
    client.session.save()
    planted = client.session.session_key
    client.cookies["sessionid"] = planted
    client.post("/account/login/", {"login": "ana", "password": PASSWORD})
    key = client.cookies["sessionid"].value
    assert key != planted
    stolen = Client()
    stolen.cookies["sessionid"] = key
    assert stolen.get("/").status_code == 200
    client.post("/account/logout/")
    assert stolen.get("/").status_code == 302
    assert not Session.objects.filter(session_key=key).exists()


def test_a_session_ends_after_half_a_day(ana: Person, client: Client) -> None:
    client.post("/account/login/", {"login": "ana", "password": PASSWORD})
    lasts = Session.objects.get(session_key=client.cookies["sessionid"].value).expire_date - timezone.now()
    assert timedelta(hours=11, minutes=59) < lasts <= timedelta(hours=12)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert client.get("/").status_code == 302


def test_a_new_password_ends_the_other_sessions(ana: Person, client: Client) -> None:
    other = Client()
    for browser in (client, other):
        browser.post("/account/login/", {"login": "ana", "password": PASSWORD})
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    changed = {"oldpassword": PASSWORD, "password1": "nine-green-kettles", "password2": "nine-green-kettles"}
    assert client.post("/account/password/change/", changed).status_code == 302
    assert other.get("/").status_code == 302
