"""The collector as it is served, filled with a small fleet, and Chromium to look at it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.collector.serving import PASSWORD, posture_collector, served
from tests.collector.signing import NOW, Signer, encode, fact, report, result, unknown

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


HOLDERS = """\
serial,holder,holder_id,group,asset_tag,late_after_hours
R58N30ABCDE,Ana Pérez,E-1027,Press,IT-0041,48
ZY22GHJKL4,Luis Gómez,E-1031,Press,IT-0042,48
NEVERSEEN1,Eva Ruiz,E-1040,Archive,IT-0050,
"""


@dataclass
class Seen:
    """What a page did that it should not: kept by the browser's own reports."""

    address: str
    requests: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("request", lambda request: self._request(request.url))
        page.on("console", lambda message: self._console(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _request(self, url: str) -> None:
        if url.startswith("data:"):
            return
        (self.requests if url.startswith(self.address + "/") else self.foreign).append(url)

    def _console(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and "the server responded with a status of 40" not in text:
            self.complaints.append(text)


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A collector to which nothing was ever sent."""
    data = tmp_path_factory.mktemp("empty")
    for role in ("viewer", "admin"):
        made = posture_collector(data, "create-user", role, "--role", role)
        assert made.returncode == 0, made.stderr
    with served(data) as (address, _):
        yield address


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A collector with phones in every state."""
    data = tmp_path_factory.mktemp("fleet")
    for role in ("viewer", "admin"):
        made = posture_collector(data, "create-user", role, "--role", role)
        assert made.returncode == 0, made.stderr
    code = posture_collector(data, "enrol-code").stdout.strip()
    (data / "holders.csv").write_text(HOLDERS)
    imported = posture_collector(data, "import-holders", str(data / "holders.csv"))
    assert imported.returncode == 0, imported.stderr
    with served(data) as (address, _):
        _fill(address, code)
        _ask(address)
        _tell(address)
        _submit(address)
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # One module at a time: while Playwright runs, Django takes this thread for an asynchronous one.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="en", viewport={"width": 1440, "height": 900})
    yield context
    context.close()


def sign_in(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/account/login/")
    page.fill("[name=login]", name)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{address}/")


Send = Callable[[str, dict[str, str]], requests.Response]


def _forms(address: str) -> Send:
    """Sends forms as an administrator who is signed in."""
    browser = requests.Session()
    browser.get(f"{address}/account/login/", timeout=30)

    def send(path: str, form: dict[str, str]) -> requests.Response:
        token = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        return browser.post(address + path, form | token, headers={"Referer": address}, timeout=30)

    send("/account/login/", {"login": "admin", "password": PASSWORD})
    return send


def _tell(address: str) -> None:
    """Somebody to be told, a message that found no mail server, and a grace."""
    send = _forms(address)
    assert send("/alerts/channels/", {"name": "Guard", "kind": "email", "address": "guard@example.org"}).ok
    told = {"channel": "1", "events": "phone.late", "least": "low", "digest_hour": "7", "language": "es"}
    assert send("/alerts/subscriptions/", told).ok
    assert send("/alerts/channels/1/try/", {}).ok
    assert send("/alerts/graces/", {"name": "7", "days": "30"}).ok


_OVERLAY = """\
schema: posture-overlay/1
overlays: CM-G-03
layer: organisation
name: Example
version: "1"
date: 2026-11-20
parameters: {backup_age: {days: 3}, trusted_vpns: [com.example.vpn]}
trusted_networks: [{ssid: Example-Office, bssid: ["00:00:5e:00:53:01"]}]
"""


def _submit(address: str) -> None:
    """A policy that waits for another person."""
    assert _forms(address)("/policy/submit/", {"text": _OVERLAY, "note": "Decided on Monday"}).ok


def _ask(address: str) -> None:
    """An exception that waits for another person, and a view that everybody sees."""
    send = _forms(address)
    until = f"{NOW + timedelta(days=20):%Y-%m-%dT%H:%M}"
    asked = {"rule": "lock", "reason": "A training phone, locked away at night", "until": until, "scope": "phone"}
    assert send("/phones/R58N30ABCDE/waivers/", asked).status_code == 200
    view = {"name": "Press, failing", "query": "status=non_compliant&group=Press", "shared": "yes"}
    assert send("/views/", view).status_code == 200


_RULES = {
    "lock": ("7", "critical", "recommended", "Screen lock is set", "El bloqueo de pantalla está activo"),
    "network": ("2", "high", "required", "The network in use is private", "La red en uso es privada"),
    "linked": ("5", "high", "required", "No linked device is open", "No hay dispositivos vinculados abiertos"),
    "backup": ("6", "medium", "recommended", "The backup is recent", "La copia es reciente"),
    "custody": ("4", "medium", "required", "The phone is encrypted", "El teléfono está cifrado"),
}
_SAYS = {
    "pass": ("This is as it should be.", "Esto está como debe ser."),
    "fail": ("This is not as the guideline asks.", "Esto no está como pide la guía."),
    "inconclusive": ("This was not proved: the phone refused to answer.", "No se demostró: el teléfono no respondió."),
    "waived": ("An exception was granted.", "Se concedió una excepción."),
    "error": ("The rule broke.", "La regla falló."),
    "not_applicable": ("The phone is offline.", "El teléfono no tiene conexión."),
}


def _result(rule: str, status: str) -> dict[str, Any]:
    clause, severity, strength, title, titulo = _RULES[rule]
    says, dice = _SAYS[status]
    texts = {
        "en": {"title": title, "message": says, "remediation": "Settings › Security › Screen lock › PIN"},
        "es": {"title": titulo, "message": dice, "remediation": "Ajustes › Seguridad › Bloqueo de pantalla › PIN"},
    }
    waiver = {"until": "2027-01-31T00:00:00Z"} if status == "waived" else None
    facts = ["screen_lock.secure", "whatsapp.linked_devices"]
    return result(
        rule,
        clause,
        status,
        severity=severity,
        strength=strength,
        texts=texts,
        waiver=waiver,
        message=says,
        facts=facts,
    )


def _fill(address: str, code: str) -> None:
    signer = Signer()
    sent = {"code": code, "name": "Press bench", "public_jwk": signer.public_jwk}
    assert requests.post(f"{address}/api/enrol", json=sent, timeout=30).status_code == 200
    forged = Signer().sign(encode(report(signer.id)), kid=signer.id)
    headers = {"Content-Type": "application/jose+json"}
    assert requests.post(f"{address}/api/reports", forged, headers=headers, timeout=30).status_code == 401
    long = "A model with a name that goes on and on and on" * 2
    phones: list[tuple[str, str, str, float, dict[str, str]]] = [
        ("ZY22GHJKL4", "moto g57", "16", 9, {"lock": "pass", "network": "pass", "linked": "inconclusive"}),
        ("28051FDH20", "Pixel 8 Pro", "16", 3, {"lock": "pass", "network": "not_applicable", "custody": "waived"}),
        ("HT7A1234", "Pixel", "8.1.0", 50, {"lock": "pass", "network": "fail", "custody": "error"}),
        ("XIA8877", "Pad 6", "14", 40, {"lock": "pass", "network": "pass"}),
        ("<b>" + "W" * 90, long, "15", 2, {"lock": "fail"}),
    ]
    statuses = {"lock": "fail", "network": "pass", "linked": "inconclusive", "backup": "fail"}
    phones.append(("R58N30ABCDE", "SM-A326B", "13", 0.3, statuses))
    facts = {
        "screen_lock.secure": fact(False, "CredentialType: NONE " + "x" * 200),
        "whatsapp.linked_devices": unknown("Open WhatsApp and look.", "Abra WhatsApp y mire."),
        "whatsapp.backup.latest_at": fact("2026-10-21T02:00:00Z"),
    }
    for serial, model, android, hours, statuses in phones:
        for days in (2, 1, 0):
            results = tuple(_result(rule, status if days < 2 else "pass") for rule, status in statuses.items())
            device = {"model": model, "android_version": android}
            at = NOW - timedelta(hours=hours, days=days)
            content = report(signer.id, serial, at, results, facts, device=device)
            body = signer.sign(encode(content))
            answer = requests.post(
                f"{address}/api/reports", body, headers={"Content-Type": "application/jose+json"}, timeout=30
            )
            assert answer.status_code == 201, answer.text
