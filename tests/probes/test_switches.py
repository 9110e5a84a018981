from typing import Any

import pytest

from agent.probes import settings, switches
from tests.probes.phone import facts_of, phone, reason_of, saved, values_of

GETPROP = saved("getprop/pixel-a16-locked.txt")
ALL = tuple(switches.FACTS)


def given(table: str = "", secure: str = "", getprop: str = GETPROP) -> dict[str, str]:
    return {settings.GLOBAL.key: table + "120\n", settings.SECURE.key: secure + "98\n", "getprop": getprop}


def concluded(name: str, answers: dict[str, str]) -> Any:
    return values_of(switches, phone(answers))[name]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("package_verifier_user_consent=1\n", True),
        ("package_verifier_enable=1\npackage_verifier_user_consent=1\n", True),
        ("package_verifier_enable=0\npackage_verifier_user_consent=1\n", False),
        ("package_verifier_user_consent=-1\n", False),
        ("package_verifier_enable=1\n", "unknown"),
        ("package_verifier_user_consent=0\n", "unknown"),
        ("", "unknown"),
    ],
)
def test_play_protect(table: str, expected: Any) -> None:
    assert concluded("device.play_protect", given(table)) == expected


PORT = "[service.adb.tcp.port]: [5555]\n"


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (given("adb_wifi_enabled=0\n"), False),
        (given(), False),  # before Android 11 there is no such setting
        (given("adb_wifi_enabled=1\n"), True),
        (given(getprop=GETPROP + PORT), True),
        (given(getprop=GETPROP + PORT.replace("5555", "-1")), False),
        (given(getprop=GETPROP + PORT.replace("5555", "0")), False),
        (given(getprop=PORT), True),  # a piece of the list can prove, and cannot exclude
        (given(getprop="[ro.secure]: [1]\n"), "unknown"),
        # a value that holds the lines of a phone without a port
        (given(getprop=GETPROP + PORT + "[debug.x]: [x]\n" + PORT.replace("5555", "")), "unknown"),
        ({**given(), settings.GLOBAL.key: "Error: no\n"}, "unknown"),
        ({**given(getprop=PORT), settings.GLOBAL.key: "Error: no\n"}, True),
        (given("adb_wifi_enabled=1\n", getprop=""), True),
        (given("adb_wifi_enabled=0\n", getprop=""), "unknown"),
    ],
)
def test_debugging_over_the_network(answers: dict[str, str], expected: Any) -> None:
    assert concluded("device.adb_over_wifi", answers) == expected


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("development_settings_enabled=1\n", True),
        ("development_settings_enabled=0\nadb_enabled=1\n", False),
        ("adb_enabled=0\n", False),
        ("", False),
        ("adb_enabled=1\n", "unknown"),
        ("development_settings_enabled=yes\n", "unknown"),
    ],
)
def test_developer_options(table: str, expected: Any) -> None:
    assert concluded("device.developer_options", given(table)) == expected


@pytest.mark.parametrize(
    ("table", "secure", "expected"),
    [
        ("device_provisioned=1\n", "user_setup_complete=1\n", True),
        ("device_provisioned=0\n", "user_setup_complete=0\n", False),
        ("", "", False),
        ("device_provisioned=1\n", "", "unknown"),
        ("device_provisioned=0\n", "user_setup_complete=1\n", "unknown"),
    ],
)
def test_first_set_up(table: str, secure: str, expected: Any) -> None:
    assert concluded("handover.setup_complete", given(table, secure)) == expected


def test_a_refused_list_costs_only_what_stands_in_it() -> None:
    answers = {**given("device_provisioned=1\nadb_wifi_enabled=1\n"), settings.SECURE.key: "Error: no\n"}
    facts = facts_of(switches, phone(answers))
    assert [name for name in ALL if facts[name].value is not None] == [
        "device.adb_over_wifi",
        "device.developer_options",
    ]
    assert reason_of(facts["handover.setup_complete"]) == (
        "the phone refused `settings list secure`: Error: no. "
        "By hand: whether the phone shows its home screen or its welcome"
    )


def test_switches_that_contradict_each_other_are_both_shown() -> None:
    fact = facts_of(switches, phone(given("device_provisioned=0\n", "user_setup_complete=1\n")))[
        "handover.setup_complete"
    ]
    assert [e.line for e in fact.evidence] == ["user_setup_complete=1", "device_provisioned=0"]
