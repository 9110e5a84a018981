from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.capture import Answer, Capture, Outcome, Unanswered
from agent.facts import State
from agent.probes import ProbeError, wifi, wifi_info
from agent.probes.wifi_info import Link, NoLink
from tests.probes.network_forms import (
    AT,
    HOSTILE,
    ORDINARY,
    Joined,
    Saved,
    capture,
    list_networks,
    shown,
    text_of,
    wifi_dump,
    wifi_status,
)
from tests.probes.phone import facts_of

CAPTURES = Path(__file__).parent.parent / "captures" / "wifi"
SOURCES = {"status": "cmd wifi status", "list": "cmd wifi list-networks", "dump": "dumpsys wifi"}


def values(found: Capture) -> dict[str, object]:
    """Value of a known fact, the state of another."""
    return {
        fact.name.removeprefix("network.wifi."): fact.value if fact.state is State.KNOWN else fact.state
        for fact in facts_of(wifi, found).values()
    }


def facts(ssid: object, bssid: object, security: object) -> dict[str, object]:
    return {"ssid": ssid, "bssid": bssid, "security": security}


NONE = facts(State.NOT_APPLICABLE, State.NOT_APPLICABLE, State.NOT_APPLICABLE)
UNKNOWN = facts(State.UNKNOWN, State.UNKNOWN, State.UNKNOWN)


def read(name: str) -> Capture:
    """Every file that begins with `name`: `NAME.status.txt`, `NAME.list.txt`, `NAME.dump.txt`."""
    found = {key: CAPTURES / f"{name}.{suffix}.txt" for suffix, key in SOURCES.items()}
    return Capture("capture", AT, {key: Answer(path.read_bytes()) for key, path in found.items() if path.exists()})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pixel8-a15-sae", facts("Taller 5G", "3c:84:6a:10:20:31", "sae")),
        ("sm-a546b-a14-off", NONE),
        ("pixel4a-a12-idle", NONE),
        ("moto-g7-a10-wep", facts("Almacén", "3c:84:6a:00:11:22", "wep")),
        ("nokia5-a9-two-of-one-name", facts("Casa Rueda", "a0:63:91:5b:11:02", "psk")),
        ("redmi9-a11-open", facts("Plaza, BSSID: libre", "a0:63:91:5b:11:02", "open")),
        ("vivo-y20-a8-brackets", facts("Bodega", "a0:63:91:5b:11:02", "psk")),
        ("nokia5-a9-redacted", facts(State.UNKNOWN, State.UNKNOWN, "psk")),
    ],
)
def test_reads_a_capture(name: str, expected: dict[str, object]) -> None:
    assert values(read(name)) == expected
    crlf = {key: Answer(answer.data.replace(b"\n", b"\r\n")) for key, answer in read(name).answers.items()}
    assert values(Capture("capture", AT, crlf)) == expected


@pytest.mark.parametrize(
    ("number", "word"),
    [
        *((0, "open"), (1, "wep"), (2, "psk"), (3, "eap"), (4, "sae"), (5, "eap"), (6, "owe"), (9, "eap")),
        *((11, "passpoint"), (12, "passpoint")),
        *((7, State.UNKNOWN), (8, State.UNKNOWN), (10, State.UNKNOWN), (13, State.UNKNOWN), (-1, State.UNKNOWN)),
    ],
)
def test_android_s_number_names_the_protection(number: int, word: object) -> None:
    found = values(capture(cmd_wifi_status=wifi_status(34, Joined(b"Taller", security=number))))
    assert found == facts("Taller", "3c:84:6a:10:20:31", word)


def test_wifi_that_is_just_being_switched_or_joined_proves_nothing() -> None:
    assert values(capture(cmd_wifi_status="Wifi is enabled\nWifi is unavailable\n")) == UNKNOWN
    joining = Joined(b"Taller", state="FOUR_WAY_HANDSHAKE")
    assert values(capture(dumpsys_wifi=wifi_dump(28, joining))) == UNKNOWN


def test_a_maker_s_own_fields_are_passed_over() -> None:
    status = wifi_status(34, Joined(b"Taller", security=2)).replace(", Security type", ", Link type: 2G, Security type")
    assert values(capture(cmd_wifi_status=status)) == facts("Taller", "3c:84:6a:10:20:31", "psk")
    status = status.replace(", Supplicant state", ", Vendor mode: 1, Supplicant state")
    assert values(capture(cmd_wifi_status=status)) == facts("Taller", "3c:84:6a:10:20:31", "psk")


def test_sources_that_disagree_prove_nothing() -> None:
    here, there = Joined(b"Taller", security=2), Joined(b"Plaza", security=0)
    both = capture(cmd_wifi_status=wifi_status(34, here), dumpsys_wifi=wifi_dump(34, there))
    assert values(both) == facts(State.UNKNOWN, "3c:84:6a:10:20:31", State.UNKNOWN)
    idle = capture(cmd_wifi_status=wifi_status(34, here), dumpsys_wifi=wifi_dump(34, None, enabled=False))
    assert values(idle) == UNKNOWN
    two = wifi_dump(34, here) + wifi_dump(34, there)
    assert values(capture(dumpsys_wifi=two)) == UNKNOWN


def test_one_silent_source_leaves_the_other() -> None:
    status = wifi_status(34, Joined(b"Taller", security=2))
    found = capture(cmd_wifi_status=status, dumpsys_wifi="Permission Denial: can't dump WifiService\n")
    assert values(found) == facts("Taller", "3c:84:6a:10:20:31", "psk")


def test_the_protection_is_joined_by_number_and_a_contradiction_is_said() -> None:
    saved = [Saved(7, b"Taller", words=("open", "owe^")), Saved(3, b"Taller", words=("wpa2-psk",))]
    joined = Joined(b"Taller", net_id=3)
    status = {"cmd_wifi_status": wifi_status(30, joined), "cmd_wifi_list__networks": list_networks(saved)}
    assert values(capture(**status))["security"] == "psk"
    open_there = wifi_dump(30, joined, [Saved(3, b"Taller", key_management="NONE")])
    assert values(capture(**status, dumpsys_wifi=open_there))["security"] is State.UNKNOWN
    forgotten = capture(cmd_wifi_status=wifi_status(30, Joined(b"Taller", net_id=9)), dumpsys_wifi=open_there)
    assert values(forgotten)["security"] is State.UNKNOWN


def test_api_30_has_no_word_for_wep_but_the_saved_network_tells() -> None:
    joined, saved = Joined(b"Taller", net_id=3), Saved(3, b"Taller", "NONE", "OPEN SHARED", words=("null",))
    status, listed = wifi_status(30, joined), list_networks([saved])
    assert values(capture(cmd_wifi_status=status, cmd_wifi_list__networks=listed))["security"] is State.UNKNOWN
    dump = wifi_dump(30, joined, [saved])
    found = capture(cmd_wifi_status=status, cmd_wifi_list__networks=listed, dumpsys_wifi=dump)
    assert values(found)["security"] == "wep"


def test_an_answer_cut_short_gives_no_fact() -> None:
    status = wifi_status(34, Joined(b"Taller")).encode()
    for outcome in (Outcome.CUT, Outcome.TRUNCATED, Outcome.TIMED_OUT):
        assert values(Capture("live", AT, {"cmd wifi status": Answer(status, outcome)})) == UNKNOWN
    for length in range(len(status)):
        found = values(Capture("live", AT, {"cmd wifi status": Answer(status[:length])}))
        assert found in (UNKNOWN, facts("Taller", "3c:84:6a:10:20:31", "open"))


def link(text: str, parse: object) -> Link | NoLink | None:
    """What a parser reads from the text as it comes off a phone; None where it refuses."""
    decoded = Answer(text.encode()).text
    try:
        return wifi_info.parse_status(decoded) if parse == "status" else wifi_info.parse_dump(decoded)
    except ProbeError:
        return None


APIS = st.integers(26, 36)


@given(APIS, ORDINARY, st.integers(-1, 13))
def test_reads_back_every_ordinary_name(api: int, name: bytes, security: int) -> None:
    joined = Joined(name, security=security)
    for text, parse in ((wifi_status(api, joined), "status"), (wifi_dump(api, joined), "dump")):
        found = link(text, parse)
        assert isinstance(found, Link)
        assert (found.ssid, found.bssid, found.net_id) == (text_of(name), joined.bssid, joined.net_id)
        assert found.security_type == (security if api >= 31 else None)


@given(APIS, HOSTILE, st.sampled_from(["status", "dump"]))
@example(28, b'x\nmWifiInfo SSID: "Taller', "dump")
@example(34, b'x\nmWifiInfo SSID: "Taller', "dump")
@example(30, b"\nWifiInfo: SSID: Taller", "status")
@example(26, b", BSSID: <none>, MAC: <none>, ", "dump")
@example(36, b", Security type: 2", "status")
@example(30, b", BSSID: null, MAC: null, A: b", "status")
@example(30, b", BSSID: null, MAC: null, A:", "dump")
@example(36, b"\nWifi is not connected\n", "status")
def test_no_name_forges_another(api: int, name: bytes, parse: str) -> None:
    joined = Joined(name, security=0)
    found = link(wifi_status(api, joined) if parse == "status" else wifi_dump(api, joined), parse)
    if found is None:
        return
    assert isinstance(found, Link), "connected is connected"
    assert found.ssid in (None, shown(name))
    assert (found.bssid, found.net_id) == (joined.bssid, joined.net_id)
    assert found.security_type == (0 if api >= 31 else None)


def test_a_name_that_is_no_text_is_given_in_hexadecimal_and_one_that_was_written_so_is_read() -> None:
    status = wifi_status(34, Joined(b"\xff\xfe\x00", security=0))
    assert values(capture(cmd_wifi_status=status))["ssid"] == "fffe00"
    spelled = status.replace("fffe00", b"Taller".hex())
    assert values(capture(cmd_wifi_status=spelled))["ssid"] == "Taller"


@pytest.mark.parametrize("bssid", ["02:00:00:00:00:00", "00:00:00:00:00:00", "<none>"])
def test_a_redacted_address_is_unknown(bssid: str) -> None:
    found = capture(cmd_wifi_status=wifi_status(34, Joined(b"Taller", bssid=bssid)))
    assert values(found) == facts("Taller", State.UNKNOWN, "open")


def test_evidence_names_neither_the_phone_s_own_address_nor_its_ip() -> None:
    found = capture(cmd_wifi_status=wifi_status(34, Joined(b"Taller")), dumpsys_wifi=wifi_dump(34, Joined(b"Taller")))
    lines = [evidence.line for fact in wifi.probe(found) for evidence in fact.evidence]
    assert lines
    assert not [line for line in lines if "5e:11:90" in line or "10.20.4" in line]


def test_a_missing_source_is_not_the_reason_when_another_refused() -> None:
    with pytest.raises(Unanswered, match="refused"):
        list(wifi.probe(capture(dumpsys_wifi="Permission Denial: can't dump WifiService\n")))


def test_the_number_of_no_saved_network_is_none() -> None:
    found = wifi_info.parse_dump(wifi_dump(28, replace(Joined(b"Taller"), net_id=-1)))
    assert isinstance(found, Link)
    assert found.net_id is None
