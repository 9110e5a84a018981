"""Facts of a stored report, judged again."""

from typing import Any

import pytest
from hypothesis import given

from agent.facts import FACTS, Fact, State
from agent.policy import Policy, evaluate, recorded
from tests.policy.phones import NOW, phones


def told(facts: dict[str, Fact]) -> dict[str, dict[str, Any]]:
    """As a report holds them."""
    return {
        name: {
            "value": each.value,
            "state": each.state.value,
            "reason": each.reason and each.reason(),
            "reasons": {"en": each.reason("en"), "es": each.reason("es")} if each.reason else {},
            "evidence": [{"source": line.source, "line": line.line} for line in each.evidence],
        }
        for name, each in facts.items()
    }


@given(phones)
def test_a_report_is_judged_as_the_phone_was(policy: Policy, seen: dict[str, Fact]) -> None:
    first = evaluate(policy, seen, profile="in-use", scanned_at=NOW)
    again = evaluate(policy, recorded.facts(told(dict(first.facts))), profile="in-use", scanned_at=NOW)
    assert again.results == first.results
    assert [each.message for each in again.results] == [each.message for each in first.results]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("screen_lock.secure", "yes"),
        ("screen_lock.secure", 1),
        ("screen_lock.timeout_seconds", True),
        ("screen_lock.timeout_seconds", "30"),
        ("screen_lock.credential", "PIN"),
        ("whatsapp.backup.latest_at", "2026-03-01T02:00:00"),
        ("whatsapp.backup.latest_at", "yesterday"),
        ("apps.keyboards", "none"),
        ("apps.keyboards", [1]),
        ("whatsapp.linked_devices", ["Chrome"]),
        ("whatsapp.linked_devices", [{"name": "x", "platform": "web", "last_active_at": "now", "active_now": True}]),
        ("whatsapp.linked_devices", None),
    ],
)
def test_a_value_of_another_type_settles_nothing(name: str, value: Any) -> None:
    line = {"value": value, "state": "known", "evidence": [{"source": "s", "line": "l"}]}
    fact = recorded.facts({name: line, "no.such.fact": line})[name]
    assert (fact.state, fact.value) == (State.UNKNOWN, None)
    assert "no.such.fact" not in FACTS


def test_reasons_keep_their_languages_and_their_braces() -> None:
    line = {"value": None, "state": "unknown", "reason": "a {b}", "reasons": {"en": "a {b}", "es": "una {b}"}}
    reason = recorded.facts({"device.rooted": line})["device.rooted"].reason
    assert reason is not None
    assert (reason("en"), reason("es")) == ("a {b}", "una {b}")
