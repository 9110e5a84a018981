"""Every page, in both languages and themes, on a desk and on a phone: it fits, it is quiet, axe finds nothing."""

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Seen, sign_in
from tests.browser.looking import SCREENSHOTS, violations

pytestmark = pytest.mark.browser
# Name: (which collector, address, who looks).
PAGES = {
    "login": ("fleet", "/account/login/", None),
    "fleet": ("fleet", "/", "viewer"),
    "fleet-filtered": ("fleet", "/?status=non_compliant&late=yes", "viewer"),
    "fleet-nothing-fits": ("fleet", "/?q=nobody", "viewer"),
    "fleet-empty": ("empty", "/", "viewer"),
    "phone-fails": ("fleet", "/phones/R58N30ABCDE/", "viewer"),
    "phone-late": ("fleet", "/phones/HT7A1234/", "viewer"),
    "phone-meets": ("fleet", "/phones/28051FDH20/", "viewer"),
    "phone-past": ("fleet", "/phones/R58N30ABCDE/?at={past}", "viewer"),
    "clauses": ("fleet", "/clauses/", "viewer"),
    "clause": ("fleet", "/clauses/7/", "viewer"),
    "clause-empty": ("empty", "/clauses/6/", "viewer"),
    "policy": ("fleet", "/policy/", "viewer"),
    "editions": ("fleet", "/policy/history/", "viewer"),
    "editions-empty": ("empty", "/policy/history/", "viewer"),
    "edition": ("fleet", "/policy/editions/1/", "admin"),
    "agents": ("fleet", "/agents/", "admin"),
    "agents-empty": ("empty", "/agents/", "viewer"),
    "holders": ("fleet", "/holders/", "admin"),
    "holders-empty": ("empty", "/holders/", "viewer"),
    "due": ("fleet", "/due/", "admin"),
    "due-empty": ("empty", "/due/", "viewer"),
    "decide": ("fleet", "/phones/R58N30ABCDE/decide/?rule=lock", "admin"),
    "data-protection": ("fleet", "/data-protection/", "admin"),
    "alerts": ("fleet", "/alerts/", "admin"),
    "alerts-empty": ("empty", "/alerts/", "admin"),
    "never-scanned": ("fleet", "/holders/?seen=never", "viewer"),
    "audit": ("fleet", "/audit/", "admin"),
    "confirm-access": ("fleet", "/account/2fa/webauthn/add/", "viewer"),
    "two-factor": ("fleet", "/account/2fa/", "viewer"),
    "password": ("fleet", "/account/password/change/", "viewer"),
    "sign-out": ("fleet", "/account/logout/", "viewer"),
    "not-found": ("fleet", "/phones/nobody/", "viewer"),
}


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_page(browser: Browser, request: pytest.FixtureRequest, language: str, scheme: str, width: int) -> None:
    problems: dict[str, object] = {}
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for who in (None, "viewer", "admin"):
        for where in ("fleet", "empty"):
            address = request.getfixturevalue(where)
            context = browser.new_context(
                locale=language,
                color_scheme=scheme,
                viewport={"width": width, "height": 900},  # type: ignore[arg-type]
            )
            page = context.new_page()
            if who is not None:
                sign_in(page, address, who)
            for name, (collector, path, looker) in PAGES.items():
                if (collector, looker) == (where, who):
                    problems |= _look(page, address, path, f"{name}-{language}-{scheme}-{width}")
            context.close()
    assert problems == {}


def _look(page: Page, address: str, path: str, name: str) -> dict[str, object]:
    """Open one page. Returns what is wrong with it, by name."""
    if "{past}" in path:
        page.goto(address + path.partition("?")[0])
        path = page.locator(".timeline a").first.get_attribute("href") or ""
    seen = Seen(address)
    seen.watch(page)
    answer = page.goto(address + path)
    assert answer is not None
    # Distinct: the icon of the page before may still be on its way.
    needed = sorted(set(seen.requests))
    size = sum(len(page.request.get(url).body()) for url in needed)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
    wrong = {
        "complaints": [text for text in seen.complaints if "[DOM]" not in text],
        "foreign requests": seen.foreign,
        "requests": needed if len(needed) > 3 else [],
        "bytes": size if size > 100_000 else 0,
        "wider than the window": page.evaluate("document.documentElement.scrollWidth > window.innerWidth"),
        "axe": violations(page),
    }
    return {f"{name}: {what}": found for what, found in wrong.items() if found}
