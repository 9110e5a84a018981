from datetime import UTC, datetime
from typing import Any

import pytest

from agent.capture.model import Source
from agent.probes import identity
from tests.probes.phone import facts_of, phone, reason_of, saved, values_of

GETPROP = saved("getprop/pixel-a16-locked.txt")


def test_names_the_phone() -> None:
    assert values_of(identity, phone({"getprop": GETPROP}, serial="192.0.2.7:5555")) == {
        "device.manufacturer": "Google",
        "device.model": "Pixel 9",
        "device.android_version": "16",
        "device.security_patch": "2026-03-05",
        "device.fingerprint": "google/tokay/tokay:16/BP3A.260305.011/14700001:user/release-keys",
        "device.serial": "4A111JEKB00001",
        "device.api_level": 36,
        "device.security_patch_age_days": 60,
    }


def test_a_refusal_leaves_the_cable_s_name() -> None:
    values = values_of(identity, phone({"getprop": "Permission denied\n"}, serial="4A111JEKB00001"))
    assert values.pop("device.serial") == "4A111JEKB00001"
    assert set(values.values()) == {"unknown"}


@pytest.mark.parametrize(
    ("line", "name", "expected"),
    [
        ("[ro.product.manufacturer]: [unknown]", "device.manufacturer", "unknown"),
        ("[ro.product.vendor.manufacturer]: [Acme]", "device.manufacturer", "Acme"),
        ("[ro.product.model]: []", "device.model", "unknown"),
        ("[ro.build.version.sdk]: [thirty]", "device.api_level", "unknown"),
        ("[ro.boot.serialno]: [B7]", "device.serial", "B7"),
        ("[x]: [y]", "device.serial", "unknown"),
    ],
)
def test_what_says_nothing_is_unknown(line: str, name: str, expected: Any) -> None:
    fact = facts_of(identity, phone({"getprop": line}))[name]
    assert (fact.value or fact.state.value) == expected


@pytest.mark.parametrize(
    ("patch", "at", "expected"),
    [
        ("2026-03-05", datetime(2026, 3, 5, 23, 59, tzinfo=UTC), 0),
        ("2026-03-05", datetime(2027, 3, 5, tzinfo=UTC), 365),
        ("2026-03-05", datetime(2026, 2, 20, tzinfo=UTC), 0),  # published ahead of its date
        ("2026-03-05", datetime(2025, 12, 31, tzinfo=UTC), "unknown"),
        ("2026-03", datetime(2026, 5, 4, tzinfo=UTC), "unknown"),
        ("", datetime(2026, 5, 4, tzinfo=UTC), "unknown"),
    ],
)
def test_counts_the_patch_s_age_by_the_workstation_s_clock(patch: str, at: datetime, expected: Any) -> None:
    answers = {"getprop": f"[ro.build.version.security_patch]: [{patch}]\n", "date +%s": "946684800\n"}
    assert values_of(identity, phone(answers, at=at))["device.security_patch_age_days"] == expected


@pytest.mark.parametrize(
    ("source", "words"), [("live", "set the clock of this computer right"), ("bugreport", "scan the phone")]
)
def test_a_patch_from_the_future_says_which_clock_is_wrong(source: Source, words: str) -> None:
    answers = {"getprop": "[ro.build.version.security_patch]: [2031-01-01]\n"}
    fact = facts_of(identity, phone(answers, source=source))["device.security_patch_age_days"]
    assert words in reason_of(fact)
