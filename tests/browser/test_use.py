"""Using the dashboard: by keyboard, by its switches, without JavaScript, on paper."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import sign_in
from tests.browser.looking import SCREENSHOTS

pytestmark = pytest.mark.browser


@pytest.fixture
def page(context: BrowserContext, fleet: str) -> Page:
    page = context.new_page()
    sign_in(page, fleet, "viewer")
    return page


def focused(page: Page) -> str:
    """The text of what has the keyboard's focus."""
    text: str = page.evaluate("(document.activeElement.innerText || document.activeElement.id).trim()")
    return text.split("\n", maxsplit=1)[0]


def test_the_keyboard_leads_from_the_fleet_to_a_phone_and_its_proof(page: Page, fleet: str) -> None:
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for _ in range(20):
        page.keyboard.press("Tab")
        if focused(page) == "SM-A326B":
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url(f"{fleet}/phones/R58N30ABCDE/")
    page.get_by_role("link", name="This is not as the guideline asks.").first.focus()
    page.keyboard.press("Enter")
    assert page.url.endswith("#rule-lock")
    expect(page.locator("#rule-lock")).to_be_in_viewport()


def test_counts_filters_and_search_lead_to_lists(page: Page, fleet: str) -> None:
    page.locator("a.count.fails").click()
    expect(page.locator(".fleet tbody tr")).to_have_count(3)
    page.get_by_label("Serial, model, holder or asset tag").fill("a326")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".fleet tbody tr")).to_have_count(1)
    assert "status=non_compliant" in page.url
    page.get_by_role("link", name="Show all phones").click()
    expect(page.locator(".fleet tbody tr")).to_have_count(6)
    page.get_by_role("columnheader", name="Seen").get_by_role("link").click()
    expect(page.get_by_role("columnheader", name="Seen")).to_have_attribute("aria-sort", "descending")


def test_the_theme_switch_is_remembered(page: Page, fleet: str) -> None:
    def paper() -> str:
        color: str = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        return color

    page.emulate_media(color_scheme="light")
    light = paper()
    page.locator(".person summary").click()
    page.get_by_role("button", name="Dark").click()
    page.locator(".person summary").click()
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    assert paper() != light
    page.goto(f"{fleet}/agents/")
    assert paper() != light
    page.locator(".person summary").click()
    page.get_by_role("button", name="Auto").click()
    page.locator(".person summary").click()
    expect(page.get_by_role("button", name="Auto")).to_have_attribute("aria-pressed", "true")
    assert paper() == light
    assert page.url == f"{fleet}/agents/"


def test_the_language_switch_is_remembered(page: Page, fleet: str) -> None:
    page.get_by_role("button", name="Español").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Flota")
    page.goto(f"{fleet}/phones/R58N30ABCDE/")
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.get_by_role("heading", name="Qué hacer ahora")).to_be_visible()


def test_a_screen_reader_hears_the_verdict_and_a_table(page: Page, fleet: str) -> None:
    row = page.get_by_role("row").filter(has_text="SM-A326B")
    expect(row.get_by_role("rowheader")).to_contain_text("SM-A326B")
    expect(row.get_by_role("cell").nth(1)).to_have_text(re.compile("Fails"))
    page.set_viewport_size({"width": 360, "height": 800})
    expect(page.get_by_role("row").filter(has_text="SM-A326B").get_by_role("cell").nth(1)).to_be_visible()


def test_downloads_the_signed_report(context: BrowserContext, fleet: str) -> None:
    page = context.new_page()
    sign_in(page, fleet, "admin")
    page.goto(f"{fleet}/phones/R58N30ABCDE/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download signed report").click()
    assert download.value.suggested_filename.endswith(".jws.json")


def test_it_works_without_javascript(browser: Browser, fleet: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en")
    page = context.new_page()
    sign_in(page, fleet, "viewer")
    page.get_by_text("More filters and order").click()
    page.get_by_label("Order").select_option("model")
    page.get_by_role("button", name="Apply").click()
    assert "sort=model" in page.url
    context.close()


def test_a_view_is_saved_opened_and_deleted_without_javascript(browser: Browser, fleet: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en")
    page = context.new_page()
    sign_in(page, fleet, "viewer")
    expect(page.get_by_role("link", name="Press, failing")).to_be_visible()
    page.goto(f"{fleet}/?late=yes&sort=longest-unseen")
    page.get_by_text("Save or change views").click()
    page.get_by_label("Name of the view with these filters").fill("Long unseen")
    page.get_by_label("Open the fleet with it").check()
    page.get_by_role("button", name="Save the view").click()
    expect(page.get_by_role("link", name="Long unseen")).to_have_attribute("aria-current", "page")
    page.goto(f"{fleet}/")
    assert page.url == f"{fleet}/?late=yes&sort=longest-unseen"
    page.screenshot(path=SCREENSHOTS / "fleet-saved-view.png")
    page.get_by_role("link", name="Show all phones").click()
    expect(page.locator(".fleet tbody tr")).to_have_count(6)
    page.get_by_text("Save or change views").click()
    page.locator("li", has_text="Long unseen").get_by_role("button", name=re.compile("Delete")).click()
    expect(page.get_by_role("link", name="Long unseen")).to_have_count(0)
    context.close()


def test_an_operator_sees_a_code_once(context: BrowserContext, empty: str) -> None:
    page = context.new_page()
    sign_in(page, empty, "admin")
    page.goto(f"{empty}/agents/")
    page.get_by_role("button", name="Make an enrolment code").click()
    expect(page.locator(".token")).to_have_text(re.compile(r"^([0-9A-Z]{5}-){3}[0-9A-Z]{5}$"))
    page.screenshot(path=SCREENSHOTS / "agents-code.png")


def test_a_wrong_password_is_answered_in_words(context: BrowserContext, fleet: str) -> None:
    page = context.new_page()
    page.goto(f"{fleet}/account/login/")
    page.fill("[name=login]", "viewer")
    page.fill("[name=password]", "wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "login-wrong.png")


@pytest.mark.parametrize("media", ["print", "forced-colors"])
def test_other_media(page: Page, fleet: str, media: str) -> None:
    page.goto(f"{fleet}/phones/R58N30ABCDE/")
    if media == "print":
        page.emulate_media(media="print", color_scheme="dark")
        expect(page.locator("header.top")).to_be_hidden()
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(26, 27, 30)"
    else:
        page.emulate_media(forced_colors="active")
        expect(page.locator(".verdict .sign")).to_be_visible()
    page.screenshot(path=SCREENSHOTS / f"phone-{media}.png", full_page=True)
