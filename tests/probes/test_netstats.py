from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.capture import Answer, Capture
from agent.facts import State
from agent.probes import ProbeError, netstats, netstats_rows
from agent.probes.netstats_rows import Bucket, Row
from tests.probes.network_forms import (
    HOSTILE,
    ORDINARY,
    Saved,
    Traffic,
    capture,
    list_networks,
    quoted_or_hexadecimal,
    shown,
    wifi_dump,
    wifi_ident,
)
from tests.probes.network_forms import netstats as dump
from tests.probes.phone import facts_of

CAPTURES = Path(__file__).parent.parent / "captures" / "netstats"

IDS = "app id of com.whatsapp: 10147\napp id of com.whatsapp.w4b: absent\n"


def history(text: str, **answers: str) -> object:
    (fact,) = facts_of(netstats, capture(dumpsys_netstats=text, **answers)).values()
    return fact.value if fact.state is State.KNOWN else fact.state


def record(network: str, security: str | None, first: str, last: str, count: int) -> dict[str, object]:
    return {"network": network, "security": security, "first_at": first, "last_at": last, "bytes": count}


def test_reads_the_month_of_a_phone_that_names_the_protection() -> None:
    assert history((CAPTURES / "pixel8-a15-month.txt").read_text()) == [
        record("Taller", "sae", "2026-04-01T06:00:00Z", "2026-05-04T16:00:00Z", 6_320),
        record("cellular", None, "2026-04-02T10:00:00Z", "2026-04-02T12:00:00Z", 55),
        record("Plaza", "open", "2026-04-18T18:00:00Z", "2026-04-18T20:00:00Z", 1_100),
        record('"cellular"', "open", "2026-04-19T18:00:00Z", "2026-04-19T20:00:00Z", 7),
    ]


def test_joins_the_names_of_an_older_phone_with_its_saved_networks() -> None:
    text = (CAPTURES / "nokia5-a9-month.txt").read_text()
    plaza = ("2026-03-10T08:00:00Z", "2026-03-10T09:00:00Z", 40)
    assert history(text, pm_list_packages__i__U="package:com.whatsapp  installer=null uid:10147\n") == [
        record("Plaza", None, *plaza),
        record("Casa Rueda", None, "2026-04-01T06:00:00Z", "2026-04-01T07:00:00Z", 30),
    ]
    saved = [Saved(7, b"Casa Rueda"), Saved(8, b"Casa Rueda", "NONE"), Saved(9, b"Plaza", "NONE")]
    assert history(text + IDS, dumpsys_wifi=wifi_dump(28, None, saved)) == [
        record("Plaza", "open", *plaza),
        record("Casa Rueda", None, "2026-04-01T06:00:00Z", "2026-04-01T07:00:00Z", 30),
    ]


WIFI = wifi_ident(34, b"Taller", "wpa2-psk")


@pytest.mark.parametrize(
    "word_and_security",
    [
        *(("open", "open"), ("NONE", "open"), ("owe", "owe"), ("OWE", "owe"), ("wep", "wep"), ("WEP", "wep")),
        *(("wpa2-psk", "psk"), ("WPA_PSK", "psk"), ("wpa3-sae", "sae"), ("SAE", "sae"), ("WPA_EAP", "eap")),
        *(("wpa2-enterprise", "eap"), ("wpa3 enterprise 192-bit", "eap"), ("SUITE_B_192", "eap")),
        *(("WAPI_PSK", None), ("dpp", None), ("", None), ("wpa2-psk-0", "psk"), ("WPA_PSK-10", "psk")),
    ],
)
@pytest.mark.parametrize("name", [b"Taller", b"\xff\xfe", b'"wpa2-psk'])
def test_the_word_behind_the_name_tells_the_protection(name: bytes, word_and_security: tuple[str, str | None]) -> None:
    word, security = word_and_security
    text = dump([Traffic(10147, wifi_ident(34, name, word))]) + IDS
    assert history(text) == [record(shown(name), security, "2026-02-25T06:13:20Z", "2026-02-25T08:13:20Z", 500)]


def test_a_word_that_nobody_knows_proves_nothing() -> None:
    assert history(dump([Traffic(10147, wifi_ident(34, b"Taller", "wpa4"))]) + IDS) is State.UNKNOWN


def test_only_whatsapp_s_untagged_bytes_count_in_every_user() -> None:
    rows = [
        Traffic(10147, WIFI, {1772000000: 1}),
        Traffic(10147, WIFI, {1772000000: 20}, set="FOREGROUND"),
        Traffic(1010147, WIFI, {1772000000: 300}),
        Traffic(10147, WIFI, {1772000000: 1}, tag="0xfffffff1"),
        Traffic(10147, WIFI, {1772000000: 1}, set="DBG_VPN_IN"),
        Traffic(10148, WIFI, {1772000000: 4000}),
        Traffic(101470, WIFI, {1772000000: 4000}),
        Traffic(-4, WIFI, {1772000000: 4000}),
        Traffic(10147, wifi_ident(34, b"Silencio"), {1772000000: 0}),
    ]
    expected = [record("Taller", "psk", "2026-02-25T06:13:20Z", "2026-02-25T07:13:20Z", 321)]
    assert history(dump(rows, duration=3600) + IDS) == expected


def test_nothing_moved_is_a_known_empty_list_and_no_whatsapp_is_not_applicable() -> None:
    text = dump([Traffic(10148, WIFI)])
    assert history(text + IDS) == []
    assert history(text + IDS.replace("10147", "absent")) is State.NOT_APPLICABLE
    assert history(text + IDS.replace("10147", "unknown")) is State.UNKNOWN
    assert history(text) is State.UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        dump([Traffic(10147, WIFI)], history="History since boot:"),
        dump([Traffic(10147, WIFI)]).replace("  Complete history:\n", ""),
        dump([Traffic(10147, WIFI)]).replace("UID stats:", "Xt stats:"),
        dump([Traffic(10147, WIFI)]).replace("      st=", "      (omitting 40 buckets)\n      st="),
        dump([Traffic(10147, WIFI)]).replace(" tb=0 tp=0 op=0", " tb="),
        dump([Traffic(10147, WIFI)]).replace("    NetworkStatsHistory: bucketDuration=7200\n", ""),
        dump([Traffic(10147, WIFI.replace("type=1", "type=1}, {type=0"))]),
        dump([Traffic(10147, WIFI)]).removesuffix("=0\n"),
        dump([Traffic(10147, WIFI, {10**12 - 1: 5})]),
        dump([Traffic(10147, "type=17, ratType=COMBINED, metered=false, subId=-1, transports={1, 4}")]),
    ],
)
def test_what_is_not_the_whole_history_proves_nothing(text: str) -> None:
    assert history(text + IDS) is State.UNKNOWN


def test_a_history_that_was_cut_proves_nothing() -> None:
    package = "package:com.whatsapp  installer=null uid:10147\n"
    whole = dump([Traffic(10140, WIFI), Traffic(10147, WIFI), Traffic(10147, wifi_ident(34, b"Plaza"))])
    assert len(history(whole, pm_list_packages__i__U=package)) == 2  # type: ignore[arg-type]
    for length in range(len(whole)):
        if not whole[:length].endswith("\n"):
            assert history(whole[:length], pm_list_packages__i__U=package) is State.UNKNOWN


def test_a_vpn_s_row_does_not_count_twice() -> None:
    vpn = Traffic(10147, "type=17, ratType=COMBINED, metered=false, subId=-1, transports={1, 4}")
    expected = [record("Taller", "psk", "2026-02-25T06:13:20Z", "2026-02-25T08:13:20Z", 500)]
    assert history(dump([vpn, Traffic(10147, WIFI)]) + IDS) == expected


@pytest.mark.parametrize(
    ("ident", "network"),
    [
        ("type=0, ratType=13, subscriberId=310260..., metered=true, defaultNetwork=true, subId=1", "cellular"),
        ("type=MOBILE, subType=COMBINED, subscriberId=310260..., metered=true", "cellular"),
        ("type=MOBILE, subType=COMBINED, ROAMING, metered=true, defaultNetwork=true", "cellular"),
        ("type=9, ratType=COMBINED, metered=false, defaultNetwork=true, oemManaged=OEM_NONE, subId=-1", "ethernet"),
        ("type=WIFI, subType=COMBINED, metered=false", "<unknown ssid>"),
        ("type=1, subType=COMBINED, networkId=<unknown ssid>, metered=false, defaultNetwork=true", "<unknown ssid>"),
        (
            "type=1, ratType=COMBINED, wifiNetworkKey=taller.example_1a2b, metered=false, subId=-1",
            "taller.example_1a2b",
        ),
    ],
)
def test_every_kind_of_network_has_its_name(ident: str, network: str) -> None:
    (found,) = history(dump([Traffic(10147, ident)]) + IDS)  # type: ignore[misc, attr-defined]
    assert found["network"] == network


def test_the_list_of_saved_networks_tells_the_protection_too() -> None:
    listed = list_networks([Saved(3, b"Taller")])
    text = dump([Traffic(10147, wifi_ident(31, b"Taller"))]) + IDS
    expected = [record("Taller", "psk", "2026-02-25T06:13:20Z", "2026-02-25T08:13:20Z", 500)]
    assert history(text, cmd_wifi_list__networks=listed) == expected


def rows_of(text: str) -> list[Row] | None:
    try:
        return list(netstats_rows.rows(Answer(text.encode()).text, frozenset({10147})))
    except ProbeError:
        return None


API = st.integers(26, 36)
BUCKETS = st.dictionaries(st.integers(1, 2 * 10**9), st.integers(0, 10**15), max_size=4)


@given(API, ORDINARY, BUCKETS)
def test_reads_back_every_row(api: int, name: bytes, buckets: dict[int, int]) -> None:
    (row,) = rows_of(dump([Traffic(10147, wifi_ident(api, name, "open"), buckets)])) or []
    assert (row.kind, row.name, row.security) == ("wifi", name.decode(), "open" if api >= 33 else None)
    assert row.buckets == tuple(Bucket(start, start + 7200, count) for start, count in buckets.items())


@given(API, HOSTILE, st.sampled_from([10147, 10140]))
@example(34, b'"}] uid=10140 set=A tag=0x0\n', 10147)
@example(34, b'"wpa2-psk, metered=false', 10147)
@example(28, b'", metered=false}] uid=10140 ', 10147)
def test_no_name_hides_or_renames_a_network(api: int, name: bytes, uid: int) -> None:
    text = dump([Traffic(uid, wifi_ident(api, name, "open")), Traffic(10147, wifi_ident(api, b"Taller", "wpa2-psk"))])
    rows = rows_of(text)
    if rows is None:
        return
    expected = [("Taller", "psk" if api >= 33 else None)]
    if uid == 10147:
        expected.insert(0, (shown(name), "open" if api >= 33 else None))
    assert [(row.name, row.security) for row in rows] == expected
    assert quoted_or_hexadecimal(name) in text


def test_a_bugreport_s_packages_name_the_app() -> None:
    text = dump([Traffic(10147, WIFI)])
    package = "Packages:\n  Package [com.whatsapp] (a1b2c3):\n    userId=10147\n    pkg=Package{d4 com.whatsapp}\n"
    expected = [record("Taller", "psk", "2026-02-25T06:13:20Z", "2026-02-25T08:13:20Z", 500)]
    assert history(text, dumpsys_package=package) == expected
    found = Capture(
        "capture",
        capture().captured_at,
        {
            "dumpsys netstats": Answer(text.encode()),
            "dumpsys package com.whatsapp": Answer(package.replace("userId", "appId").encode()),
        },
    )
    assert [fact.value for fact in netstats.probe(found)] == [expected]
