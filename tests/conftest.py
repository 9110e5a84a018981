"""What every test may rely on."""

import secrets
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hypothesis import settings

# A deadline is a timing assertion: on a busy machine it fails what is right.
settings.register_profile("posture", deadline=None)
settings.load_profile("posture")


@pytest.fixture(scope="session", autouse=True)
def spanish() -> None:
    """Compile the Spanish, as installing does; whole or not at all, for workers that run side by side."""
    root = Path(__file__).parent.parent
    for source in [*root.glob("agent/**/*.po"), *root.glob("server_stub/**/*.po")]:
        part = source.with_name(f".{secrets.token_hex(4)}.part")
        with source.open("rb") as plain, part.open("wb") as compiled:
            write_mo(compiled, read_po(plain))
        part.replace(source.with_suffix(".mo"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded for the reader: `record_property("summary", "one line")`."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    lines = [str(value) for report in reports for name, value in report.user_properties if name == "summary"]
    if lines:
        terminalreporter.section("counts")
        for line in lines:
            terminalreporter.write_line(line)
