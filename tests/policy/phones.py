"""Phones made of facts, for the policy's tests."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from agent.facts import FACTS, Evidence, Fact, Kind, Spec, instant, known, not_applicable, unknown
from agent.messages import Message

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
GENUINE = {
    "package": "com.whatsapp",
    "user": 0,
    "version": "2.26.1",
    "installer": "com.android.vending",
    "signature": "verified",
}
WELL_KEPT: Mapping[str, Any] = {
    "screen_lock.secure": True,
    "screen_lock.credential": "pin",
    "screen_lock.minimum_length": 4,
    "screen_lock.timeout_seconds": 35,
    "screen_lock.trust_agents": [],
    "screen_lock.notifications": "redacted",
    "network.transport": "wifi",
    "network.wifi.ssid": "Casa",
    "network.wifi.bssid": "00:00:5e:00:53:10",
    "network.wifi.security": "psk",
    "network.captive_portal": False,
    "network.vpn.active": False,
    "network.saved_open": [],
    "whatsapp.installed": [GENUINE],
    "whatsapp.backup.count": 7,
    "whatsapp.backup.latest_at": instant(NOW - timedelta(hours=9)),
    "device.encrypted": True,
    "device.verified_boot": "green",
    "device.bootloader_locked": True,
    "device.rooted": False,
    "device.security_patch_age_days": 30,
    "device.clock_skew_seconds": 1,
    "device.clock_at": instant(NOW),
    "device.adb_over_wifi": False,
    "device.mobile_data": True,
    "apps.device_admins": [],
    "apps.accessibility_services": [],
    "apps.notification_listeners": [],
    "apps.keyboards": ["com.google.android.inputmethod.latin/com.android.inputmethod.latin.LatinIME"],
    "apps.sideloaded": [],
}


def fact(name: str, value: Any) -> Fact:
    return known(name, value, Evidence("test", name))


def phone(values: Mapping[str, Any] = WELL_KEPT, **changes: Any) -> dict[str, Fact]:
    """A phone with these known facts; changes are named with two underscores for a dot, None makes unknown."""
    told = {**values, **{name.replace("__", "."): value for name, value in changes.items()}}
    return {
        name: unknown(name, Message("the phone refused `{command}`", {"command": name}))
        if value is None
        else fact(name, value)
        for name, value in told.items()
    }


_INSTANTS = st.integers(-40, 40).map(lambda days: instant(NOW + timedelta(days=days)))
_WORDS = st.sampled_from(["Casa", "Example-Office", "com.whatsapp", "com.example.app/.Service", "{found}", "android"])


def _value(spec: Spec, name: str = "") -> st.SearchStrategy[Any]:  # noqa: PLR0911 - a table
    field = name or spec.name
    if spec.kind is Kind.RECORDS and not name:
        record = st.fixed_dictionaries({each: _value(spec, each) for each in spec.fields})
        return st.lists(record, max_size=3)
    if name == "signature":
        return st.sampled_from(["verified", "matches", "unrecognised", "unread"])
    if name == "security":
        return st.none() | st.sampled_from(FACTS["network.wifi.security"].choices)
    if spec.kind is Kind.INSTANT or field.endswith("_at"):
        return (st.none() | _INSTANTS) if name else _INSTANTS
    if spec.kind is Kind.BOOL or name == "active_now":
        return st.booleans()
    if spec.kind is Kind.INT or name in ("user", "bytes"):
        return st.integers(-10, 1000)
    if spec.kind is Kind.LIST:
        return st.lists(st.sampled_from(spec.choices) if spec.choices else _WORDS, max_size=3)
    return st.sampled_from(spec.choices) if spec.choices else _WORDS


def known_facts(spec: Spec) -> st.SearchStrategy[Fact]:
    return _value(spec).map(lambda value: fact(spec.name, value))


def facts(spec: Spec) -> st.SearchStrategy[Fact]:
    """A fact in any state."""
    return st.one_of(
        known_facts(spec),
        st.just(unknown(spec.name, Message("not read"))),
        st.just(not_applicable(spec.name, Message("no such thing here"))),
    )


phones = st.fixed_dictionaries({name: facts(spec) for name, spec in FACTS.items()})
