"""A rendered report in Chromium, on a desk and on a phone: it fits, asks for nothing, axe finds nothing."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from agent.messages import Language
from agent.report.check import open_report
from agent.report.render import page
from agent.report.render.html import html
from tests.browser.looking import AXE, SCREENSHOTS
from tests.policy.phones import phone
from tests.report.reports import BREACHED, EMPTIED, key, policy, report

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("name", ["report", "certificate"])
@pytest.mark.parametrize("width", [900, 360])
def test_a_report_is_readable(browser: Browser, tmp_path: Path, name: str, language: Language, width: int) -> None:
    made = (
        report(key(tmp_path), phone(**BREACHED), answers=["conduct"])
        if name == "report"
        else report(key(tmp_path), phone(EMPTIED), profile="handover", answers=["migrated"])
    )
    laid_out = page(open_report(made.to_json().encode(), None), language, {r.id: r.quote for r in policy().rules})
    file = tmp_path / "out.html"
    file.write_bytes(html(laid_out))
    context = browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True)
    asked: list[str] = []
    tab = context.new_page()
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(file.as_uri())
    assert asked == [file.as_uri()]
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=SCREENSHOTS / f"paper-{name}-{language}-{width}.png", full_page=True)
    found = Axe().run(tab, options=AXE).response["violations"]
    assert [f"{each['id']}: {node['target']}" for each in found for node in each["nodes"]] == []
    context.close()
