"""What the tests of single pages share: where pictures go, and what axe finds."""

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SCREENSHOTS = Path(__file__).parents[2] / "artifacts" / "screenshots"
AXE = {
    "rules": {"color-contrast-enhanced": {"enabled": True}},
    "resultTypes": ["violations"],
}


def violations(page: Page) -> list[str]:
    """What is serious, and any contrast below 7:1."""
    found = Axe().run(page, options=AXE).response["violations"]
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found
        if violation["impact"] in ("serious", "critical") or violation["id"] == "color-contrast-enhanced"
        for node in violation["nodes"]
    ]
