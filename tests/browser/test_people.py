"""Second factors with a real (virtual) security key, and signing in at a real OpenID Connect provider, in Chromium."""

import json
import re
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from allauth.mfa.totp.internal.auth import hotp_value, yield_hotp_counters_from_time
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.browser.conftest import Seen
from tests.browser.looking import SCREENSHOTS, violations
from tests.collector.serving import PASSWORD, posture_collector, served
from tests.openid_provider import CLIENT_ID, CLIENT_SECRET, Provider, provided

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Place:
    """A collector at localhost, where browsers allow security keys without TLS, and the provider that it knows."""

    url: str
    provider: Provider
    data: Path

    def audited(self) -> list[tuple[str, str, dict[str, object]]]:
        """The audit log's rows: who, what, details."""
        # The database's own file: no page tells it to the people of these tests.
        with closing(sqlite3.connect(f"file:{self.data / 'collector.sqlite3'}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT actor, action, details FROM audit_entry").fetchall()
        return [(actor, action, json.loads(details)) for actor, action, details in rows]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    data, folder = tmp_path_factory.mktemp("people"), tmp_path_factory.mktemp("provider")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert posture_collector(data, "create-user", "olga", "--role", "operator").returncode == 0
    with provided(folder, f"http://localhost:{port}/account/openid/callback/") as provider:
        (data / "secret").write_text(CLIENT_SECRET)
        (data / "openid.toml").write_text(
            f'issuer = "{provider.issuer}"\nclient_id = "{CLIENT_ID}"\nclient_secret_file = "secret"\n'
            'name = "Example Press"\n[roles]\n"Mobile security" = "operator"\n'
        )
        extra = {"POSTURE_OPENID": str(data / "openid.toml"), "POSTURE_SECOND_FACTOR_FOR": "operator"}
        with served(data, "--port", str(port), **extra):
            yield Place(f"http://localhost:{port}", provider, data)


def key_in(page: Page) -> CDPSession:
    """Plug a security key into this browser that is touched whenever it should be."""
    wire = page.context.new_cdp_session(page)
    wire.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "usb",
        "automaticPresenceSimulation": True,
        "hasUserVerification": True,
    }
    wire.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, "isUserVerified": True}})
    return wire


def enter(page: Page, place: Place) -> None:
    page.goto(f"{place.url}/account/login/")
    page.fill("[name=login]", "olga")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")


def confirmed(page: Page, address: str) -> None:
    """Open what asks for the password once more."""
    page.goto(address)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(address)


def leave(page: Page) -> None:
    page.locator("details.person summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile("/account/login/"))


def look(page: Page, name: str) -> None:
    """Keep a picture; nothing may be wrong with the page."""
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
    assert violations(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


def test_second_factors_from_the_first_key_to_the_last_code(browser: Browser, place: Place) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page = browser.new_context(locale="en").new_page()
    seen = Seen(place.url)
    seen.watch(page)
    key_in(page)
    enter(page, place)
    page.wait_for_url(f"{place.url}/account/2fa/")  # an operator has to have one, and has none yet
    expect(page.get_by_text("Your role asks for a second factor")).to_be_visible()
    look(page, "second-factor-needed")
    codes = adds_a_key(page, place)
    leave(page)
    uses_the_key(page, place)
    page.wait_for_url(f"{place.url}/")
    adds_an_app(page, place)
    each_code_opens_once(page, place, codes)
    page.context.close()

    other = browser.new_context(locale="en").new_page()
    key_in(other)
    uses_the_key(other, place)
    other.goto(f"{place.url}/agents/")
    other.wait_for_url(re.compile("2fa/authenticate"))  # another key opens nothing
    other.context.close()

    assert seen.foreign == []
    assert [text for text in seen.complaints if "[DOM]" not in text] == []
    told = place.audited()
    assert ("olga", "person.factor-added", {"factor": "webauthn"}) in told
    assert ("olga", "person.factor-added", {"factor": "totp"}) in told
    assert ("olga", "person.signed-in", {"by": "password, second factor"}) in told


def adds_a_key(page: Page, place: Place) -> list[str]:
    """Returns the recovery codes that come with the first factor."""
    confirmed(page, f"{place.url}/account/2fa/webauthn/add/")
    page.fill("[name=name]", "The blue key")
    look(page, "security-key-add")
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url(re.compile("recovery-codes"))
    look(page, "recovery-codes")
    codes = page.locator("textarea").input_value().split()
    assert len(codes) == 10
    return codes


def uses_the_key(page: Page, place: Place) -> None:
    enter(page, place)
    page.wait_for_url(re.compile("2fa/authenticate"))
    look(page, "second-factor-asked")
    page.locator("#mfa_webauthn_authenticate").click()


def adds_an_app(page: Page, place: Place) -> None:
    confirmed(page, f"{place.url}/account/2fa/totp/activate/")
    secret = page.locator("#authenticator_secret").input_value()
    look(page, "authenticator-app-add")
    page.fill("[name=code]", f"{hotp_value(secret, next(yield_hotp_counters_from_time())):06}")
    page.press("[name=code]", "Enter")
    page.wait_for_url(re.compile("/account/2fa/$"))
    look(page, "second-factors")
    leave(page)


def each_code_opens_once(page: Page, place: Place, codes: list[str]) -> None:
    for code, opens in ((codes[0], True), (codes[0], False), ("000000", False), (codes[1], True)):
        enter(page, place)
        page.wait_for_url(re.compile("2fa/authenticate"))
        page.fill("[name=code]", code)
        page.press("[name=code]", "Enter")
        if opens:
            page.wait_for_url(f"{place.url}/")
            leave(page)
        else:
            expect(page.locator(".errorlist").first).to_be_visible()
            page.get_by_role("button", name="Cancel").click()
            page.wait_for_url(re.compile("/account/login/"))


@pytest.mark.parametrize(("language", "looks"), [("en", "light"), ("es", "dark")])
def test_signing_in_at_the_provider(browser: Browser, place: Place, language: str, looks: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(locale=language, color_scheme=looks, viewport={"width": 360, "height": 800})  # type: ignore[arg-type]
    page = context.new_page()
    seen = Seen(place.url)
    seen.watch(page)
    place.provider.knows("ana", groups=["Mobile security"], email="ana@example.org", email_verified=True)
    place.provider.knows("eva", groups=["Everybody"])

    page.goto(f"{place.url}/account/login/?next=/agents/")
    look(page, f"login-openid-{language}-{looks}-360")
    page.get_by_role("button", name=re.compile("Example Press")).click()
    page.wait_for_url(re.compile("/sign-in/"))
    page.get_by_label("Name").fill("ana")
    page.get_by_role("button").click()
    page.wait_for_url(f"{place.url}/agents/")
    expect(page.locator("details.person summary")).to_contain_text("ana")
    look(page, f"agents-by-openid-{language}-{looks}-360")
    context.clear_cookies()

    page.goto(f"{place.url}/account/login/")
    page.get_by_role("button", name=re.compile("Example Press")).click()
    page.wait_for_url(re.compile("/sign-in/"))
    page.get_by_label("Name").fill("eva")
    page.get_by_role("button").click()
    page.wait_for_url(re.compile("/openid/callback/"))
    look(page, f"openid-refused-{language}-{looks}-360")
    assert [text for text in seen.complaints if "[DOM]" not in text] == []
    context.close()
