"""The bench's page and the dashboard stand alone, and yet look alike: a colour has one name and one value in both."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def colours(path: str) -> dict[str, str]:
    return dict(re.findall(r"(--[a-z-]+): (light-dark\([^;]+\));", (ROOT / path).read_text()))


def test_a_colour_is_the_same_on_the_bench_and_on_the_dashboard() -> None:
    bench, dashboard = colours("agent/bench/web/bench.css"), colours("server_stub/static/posture.css")
    shared = bench.keys() & dashboard.keys()
    assert bench.keys() - shared == {"--on-colour"}  # words on a verdict's colour: only the bench fills with it
    assert {name: bench[name] for name in shared} == {name: dashboard[name] for name in shared}
