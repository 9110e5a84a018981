"""What kind of network the phone is in."""

from typing import Any

import pytest
from hypothesis import given

from agent.facts import Fact, State
from agent.policy.document import Network
from agent.policy.network_class import derive
from tests.policy.phones import phone, phones

OFFICE = Network(ssid="Example-Office", bssid=("00:00:5e:00:53:01", "00:00:5E:00:53:AA"))
AT_HOME = {"transport": "wifi", "ssid": "Casa", "bssid": "00:00:5e:00:53:10", "security": "psk", "portal": False}
AT_OFFICE = {**AT_HOME, "ssid": "Example-Office", "bssid": "00:00:5e:00:53:aa", "security": "open", "portal": True}
NAMES = {
    "transport": "network.transport", "ssid": "network.wifi.ssid", "bssid": "network.wifi.bssid",
    "security": "network.wifi.security", "portal": "network.captive_portal",
}  # fmt: skip


def seen(told: dict[str, Any], **changes: Any) -> dict[str, Fact]:
    return phone({NAMES[key]: value for key, value in {**told, **changes}.items()})


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (seen(AT_HOME), "private"),
        (seen(AT_HOME, security="eap"), "private"),
        (seen(AT_HOME, security="sae", ssid=None, bssid=None), "private"),
        (seen(AT_HOME, security="open"), "public"),
        (seen(AT_HOME, security="owe"), "public"),
        (seen(AT_HOME, security="wep"), "public"),
        (seen(AT_HOME, portal=True), "public"),
        (seen(AT_HOME, portal=True, security=None), "public"),
        (seen(AT_HOME, portal=None), None),
        (seen(AT_HOME, security=None), None),
        (seen(AT_HOME, security="open", ssid=None), None),
        (seen(AT_OFFICE), "organisation"),
        (seen(AT_OFFICE, security=None, portal=None), "organisation"),
        (seen(AT_OFFICE, bssid="00:00:5e:00:53:99"), "public"),
        (seen(AT_OFFICE, bssid=None), None),
        (seen(AT_OFFICE, bssid=None, security="psk", portal=False), "private"),
        (seen({"transport": "cellular"}), "cellular"),
        (seen({"transport": "none"}), "offline"),
        (seen({"transport": "ethernet"}), None),
        (seen({"transport": None}), None),
        ({}, None),
    ],
)
def test_classes(facts: dict[str, Fact], expected: str | None) -> None:
    fact = derive(facts, [OFFICE])
    assert (fact.name, fact.value) == ("network.class", expected)
    assert fact.state is (State.UNKNOWN if expected is None else State.KNOWN)
    assert bool(fact.evidence) or expected is None
    assert (fact.reason is None) is (expected is not None)


def test_the_evidence_is_carried_over() -> None:
    lines = [line.line for line in derive(seen(AT_OFFICE), [OFFICE]).evidence]
    assert lines == ["network.transport", "network.wifi.ssid", "network.wifi.bssid"]
    lines = [line.line for line in derive(seen(AT_HOME, security="open"), []).evidence]
    assert lines == ["network.transport", "network.wifi.security"]


@given(phones)
def test_any_phone_has_a_class_or_a_reason(facts: dict[str, Fact]) -> None:
    fact = derive(facts, [OFFICE])
    assert (fact.value is None) == bool(fact.reason)
