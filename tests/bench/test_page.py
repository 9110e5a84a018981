"""The bench's page in Chromium: read from afar, used by keyboard alone, heard, printed, and empty once a phone goes."""

import re
from collections.abc import Iterator
from pathlib import Path

import pypdf
import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from agent.simulator import SimulatedPhone, load
from tests.bench.conftest import watching
from tests.browser.conftest import Seen
from tests.browser.looking import AXE, SCREENSHOTS
from tests.e2e.conftest import free_port
from tests.e2e.test_watch import BREACHED, HEALTHY, LOCKED, on

pytestmark = pytest.mark.browser
LISTEN = """
const made = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () {
  const tone = made.call(this);
  const root = document.documentElement;
  queueMicrotask(() => { root.dataset.heard = `${root.dataset.heard ?? ""} ${tone.frequency.value}`; });
  return tone;
};
"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en", viewport={"width": 1440, "height": 900})
    context.add_init_script(LISTEN)
    yield context.new_page()
    context.close()


def hears(page: Page, *tones: int) -> None:
    """All that was to be heard since the page was opened."""
    expect(page.locator("html")).to_have_attribute("data-heard", "".join(f" {tone}" for tone in tones), timeout=30_000)


def test_a_hub_of_phones_in_every_state_and_light(browser: Browser, tmp_path: Path) -> None:
    """Read, locked since it started, waiting to be accepted, being read: each with its state, on one page."""
    with (
        SimulatedPhone(load(BREACHED)) as failing,
        SimulatedPhone(load(LOCKED)) as locked,
        SimulatedPhone(load(HEALTHY), authorise="never") as shy,
        watching(tmp_path, *on(failing.port, locked.port, shy.port)) as address,
    ):
        wrong: dict[str, object] = {}
        for language, scheme, width in (
            ("en", "light", 1440), ("es", "dark", 1440), ("es", "light", 360), ("en", "dark", 360)
        ):  # fmt: skip
            context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})  # type: ignore[arg-type]
            page, seen = context.new_page(), Seen(address.rstrip("/"))
            seen.watch(page)
            page.goto(f"{address}?lang={language}")
            for state in ("done", "locked", "waiting"):
                expect(page.locator(f"#queue li.{state}")).to_have_count(1, timeout=30_000)
            expect(page.locator("#queue li.waiting ol li")).to_have_count(4)
            expect(page.locator("h2")).to_have_text(
                re.compile({"en": "Fails|Not proved", "es": "No cumple|No demostrado"}[language])
            )
            SCREENSHOTS.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=SCREENSHOTS / f"bench-{language}-{scheme}-{width}.png", full_page=True)
            found = Axe().run(page, options=AXE).response["violations"]
            wrong |= {
                f"{language} {scheme} {width}: {what}": told
                for what, told in {
                    "axe": [(each["id"], each["nodes"][0]["target"]) for each in found],
                    "complaints": seen.complaints,
                    "foreign requests": seen.foreign,
                    "wider than the window": page.evaluate("document.documentElement.scrollWidth > window.innerWidth"),
                }.items()
                if told
            }
            if width == 1440:  # two metres: the word is at least 7 cm high on a 24-inch screen of 1920 pixels
                assert page.locator("h2 span").evaluate("each => parseFloat(getComputedStyle(each).fontSize)") > 100
            context.close()
        assert wrong == {}


def test_the_keyboard_alone_answers_saves_and_prints(page: Page, tmp_path: Path) -> None:
    with (
        SimulatedPhone(load(HEALTHY)) as phone,
        watching(tmp_path, "--sound", *on(phone.port)) as address,
    ):
        page.goto(address)
        expect(page.locator("h2")).to_have_text("Not proved", timeout=30_000)
        page.locator("summary").focus()
        page.keyboard.press("Enter")
        for name in ("Ana P.", "R. Pardo"):
            page.keyboard.press("Tab")
            page.keyboard.type(name)
        page.keyboard.press("Tab")  # the security officer is not here
        for _ in range(2):
            page.keyboard.press("Tab")
            page.keyboard.press("ArrowDown")  # from "no answer" round to "yes"
        page.keyboard.press("Enter")
        expect(page.locator("h2")).to_have_text("Meets")
        hears(page, 660, 660, 880)
        expect(page.locator("#say")).to_contain_text("Pixel 7 · 2A7SIM00000014: Meets. Nothing is to be done")

        page.locator("#save").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#note")).to_contain_text("Saved: ")
        assert page.evaluate("document.activeElement.id") == "save"
        (paper,) = tmp_path.glob("posture-*.pdf")
        assert "Meets" in pypdf.PdfReader(paper).pages[0].extract_text()

        page.locator("#print").focus()
        with page.expect_popup() as popup:
            page.keyboard.press("Enter")
        expect(popup.value.locator("h1")).to_have_text("Review of an issued phone")
        expect(popup.value.locator("main")).to_contain_text("Ana P.")
        popup.value.close()

        page.locator("#questions summary").click()
        assert page.locator("[name=name-support]").input_value() == "R. Pardo"  # who works here is remembered
        assert page.locator("[name=name-holder]").input_value() == ""  # whose phone it is goes with the phone


def test_nobody_is_interrupted_while_they_answer(page: Page, tmp_path: Path) -> None:
    port = free_port()
    with (
        SimulatedPhone(load(HEALTHY)) as first,
        watching(tmp_path, *on(first.port, port)) as address,
    ):
        page.goto(address)
        expect(page.locator(".phone")).to_contain_text("Pixel 7", timeout=30_000)
        page.locator("#questions summary").click()
        page.locator("[name=name-holder]").fill("Ana P.")
        with SimulatedPhone(load(BREACHED), port):
            expect(page.locator("#queue li.done")).to_have_count(2, timeout=30_000)
            expect(page.locator(".phone")).to_contain_text("Pixel 7")
            assert page.locator("[name=name-holder]").input_value() == "Ana P."
            page.locator("#queue button").click()
            expect(page.locator("h2")).to_have_text("Fails")
        expect(page.locator(".phone")).to_contain_text("Pixel 7", timeout=30_000)


def test_a_phone_that_goes_leaves_nothing_behind(page: Page, tmp_path: Path) -> None:
    port = free_port()
    with watching(tmp_path, "--sound", *on(port)) as address:
        page.goto(f"{address}?lang=es")
        expect(page.locator(".welcome")).to_contain_text("Conecte un teléfono")
        page.locator("#theme").click()
        page.reload()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        with SimulatedPhone(load(BREACHED), port):
            expect(page.locator("h2")).to_have_text("No cumple", timeout=30_000)
            hears(page, 440, 440, 440)
            expect(page.locator(".now")).not_to_be_empty()
            page.locator("#repeat").click()
            hears(page, *[440] * 6)
        expect(page.locator(".welcome")).to_contain_text("Conecte un teléfono", timeout=30_000)
        assert "R5CSIM00016" not in page.content()
    expect(page.locator("#lost")).to_be_visible()
    kept = [file for file in tmp_path.rglob("*") if file.is_file() and b"R5CSIM00016" in file.read_bytes()]
    assert kept == []


def test_without_scripts_its_forms_work_too(browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    with SimulatedPhone(load(HEALTHY)) as phone, watching(tmp_path, "--tcp", phone.address) as address:
        with requests.get(address + "events", stream=True, timeout=60) as followed:
            next(line for line in followed.iter_lines(chunk_size=1) if b"save?lang" in line)
        page.goto(address + "?lang=es")
        page.locator("#save").click()
        expect(page).to_have_url(address + "?lang=es")
        assert [each.suffix for each in tmp_path.iterdir() if each.is_file()] == [".pdf"]
    context.close()
