"""What every test may rely on."""

import pytest
from hypothesis import settings

# A deadline is a timing assertion: on a busy machine it fails what is right.
settings.register_profile("posture", deadline=None)
settings.load_profile("posture")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded for the reader: `record_property("summary", "one line")`."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    lines = [str(value) for report in reports for name, value in report.user_properties if name == "summary"]
    if lines:
        terminalreporter.section("counts")
        for line in lines:
            terminalreporter.write_line(line)
