from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.capture import Answer, Capture
from agent.facts import Fact, State
from agent.probes import ProbeError, configured_networks, saved_networks
from tests.probes.network_forms import HOSTILE, ORDINARY, Saved, capture, list_networks, shown, text_of, wifi_dump
from tests.probes.phone import facts_of

CAPTURES = Path(__file__).parent.parent / "captures" / "saved_networks"


def fact(found: Capture) -> Fact:
    (only,) = facts_of(saved_networks, found).values()
    return only


def value(found: Capture) -> object:
    only = fact(found)
    return only.value if only.state is State.KNOWN else only.state


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("pixel8-a16-list.txt", [" Biblioteca Sur", "10 open", "Café 😀"]),
        ("moto-g7-a11-list.txt", ["Plaza"]),
        ("sm-a546b-a14-none-list.txt", []),
    ],
)
def test_reads_a_list(file: str, expected: list[str]) -> None:
    text = (CAPTURES / file).read_text()
    assert value(capture(cmd_wifi_list__networks=text)) == expected
    assert value(capture(cmd_wifi_list__networks=text.replace("\n", "\r\n"))) == expected


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("nokia5-a9-dump.txt", ["Hotel Lago", "Plaza"]),
        ("pixel6-a13-dump.txt", ["Plaza"]),
    ],
)
def test_reads_the_configured_networks(file: str, expected: list[str]) -> None:
    assert value(capture(dumpsys_wifi=(CAPTURES / file).read_text())) == expected


OPEN = Saved(7, b"Plaza", "NONE", types=(0, 6), words=("open", "owe^"))
PSK = Saved(8, b"Taller")


def test_a_network_that_is_not_joined_by_itself_is_left_out_where_the_phone_says_so() -> None:
    still = Saved(7, b"Plaza", "NONE", types=(0,), words=("open",), joins=False)
    listed = list_networks([still, PSK])
    assert value(capture(cmd_wifi_list__networks=listed)) == ["Plaza"]
    assert value(capture(cmd_wifi_list__networks=listed, dumpsys_wifi=wifi_dump(33, None, [still, PSK]))) == []
    assert value(capture(dumpsys_wifi=wifi_dump(29, None, [still, PSK]))) == ["Plaza"]


def test_the_quoted_name_is_better_than_the_column_s() -> None:
    spaced = Saved(7, b" Plaza ", "NONE", types=(0,), words=("open",))
    listed = list_networks([spaced])
    assert value(capture(cmd_wifi_list__networks=listed)) == [" Plaza"]
    assert value(capture(cmd_wifi_list__networks=listed, dumpsys_wifi=wifi_dump(33, None, [spaced]))) == [" Plaza "]


def test_sources_that_disagree_about_a_network_prove_nothing() -> None:
    closed = Saved(7, b"Plaza")
    found = capture(cmd_wifi_list__networks=list_networks([OPEN]), dumpsys_wifi=wifi_dump(33, None, [closed]))
    assert value(found) is State.UNKNOWN


def test_one_broken_source_leaves_the_other() -> None:
    found = capture(cmd_wifi_list__networks="Network Id  SSID  Security type\n7   Plaza\n", dumpsys_wifi="")
    assert value(found) is State.UNKNOWN
    found = capture(
        cmd_wifi_list__networks="Unknown command: list-networks\n", dumpsys_wifi=wifi_dump(29, None, [OPEN])
    )
    assert value(found) == ["Plaza"]


@pytest.mark.parametrize("word", ["wpa4", "open wpa2-psk", "", "open/", "owe^^", "offen"])
def test_a_word_that_android_does_not_have_proves_nothing(word: str) -> None:
    assert value(capture(cmd_wifi_list__networks=list_networks([Saved(7, b"Plaza", words=(word,))]))) is State.UNKNOWN


@pytest.mark.parametrize(
    ("key_management", "auth_algorithms", "expected"),
    [
        ("NONE", "OPEN", ["Plaza"]),
        ("NONE", "", ["Plaza"]),
        ("NONE", "OPEN SHARED", []),
        ("WPA_PSK", "OPEN", []),
        ("WPA_EAP IEEE8021X", "OPEN", []),
        ("OWE", "", []),
        ("SAE", "", []),
        ("WAPI_PSK", "", []),
        ("IEEE8021X", "OPEN SHARED", []),
    ],
)
def test_key_management_tells_open_from_wep(key_management: str, auth_algorithms: str, expected: list[str]) -> None:
    saved = [Saved(7, b"Plaza", key_management, auth_algorithms)]
    assert value(capture(dumpsys_wifi=wifi_dump(28, None, saved))) == expected


def test_a_network_without_its_protection_proves_nothing() -> None:
    dump = wifi_dump(28, None, [PSK]).replace(" KeyMgmt: WPA_PSK Protocols: WPA RSN\n", "")
    assert value(capture(dumpsys_wifi=dump)) is State.UNKNOWN


def test_a_list_that_was_cut_proves_nothing() -> None:
    whole = wifi_dump(28, None, [OPEN, PSK])
    end = whole.index("WifiConfigManager - Configured networks End")
    for length in range(0, end, 7):
        assert value(capture(dumpsys_wifi=whole[:length])) is State.UNKNOWN


def test_no_key_and_no_provider_is_shown() -> None:
    passpoint = wifi_dump(28, None, [OPEN]).replace("PROVIDER-NAME: null", "PROVIDER-NAME: Operadora")
    lines = " ".join(evidence.line for evidence in fact(capture(dumpsys_wifi=passpoint)).evidence)
    assert "Plaza" in lines
    assert "Operadora" not in lines


NETWORKS = st.lists(
    st.tuples(ORDINARY, st.sampled_from(["open", "psk"])), max_size=5, unique_by=lambda network: network[0]
)
API = st.integers(26, 36)


def saved_of(networks: list[tuple[bytes, str]]) -> list[Saved]:
    forms = {
        "open": {"key_management": "NONE", "types": (0, 6), "words": ("open", "owe^")},
        "psk": {"key_management": "WPA_PSK", "types": (2, 4), "words": ("wpa2-psk/wpa3-sae^",)},
    }
    return [Saved(number, name, **forms[kind]) for number, (name, kind) in enumerate(networks)]  # type: ignore[arg-type]


@given(API, NETWORKS)
def test_reads_back_every_ordinary_list(api: int, networks: list[tuple[bytes, str]]) -> None:
    saved = saved_of(networks)
    exact = sorted(name.decode() for name, kind in networks if kind == "open")
    assert value(capture(dumpsys_wifi=wifi_dump(api, None, saved))) == exact
    column = sorted({name.decode().rstrip(" ") for name, kind in networks if kind == "open"} - {""})
    listed = value(capture(cmd_wifi_list__networks=list_networks(saved)))
    assert listed == column or (listed is State.UNKNOWN and any(not name.strip(b" ") for name, _ in networks))


@given(API, HOSTILE, st.sampled_from(["open", "psk"]))
def test_no_name_changes_another_network(api: int, name: bytes, kind: str) -> None:
    saved = saved_of([(b"Plaza", "open"), (name, kind), (b"Taller", "psk")])
    for parse, text in (
        (configured_networks.parse_dump, wifi_dump(api, None, saved)),
        (configured_networks.parse_list, list_networks(saved)),
    ):
        try:
            found = parse(Answer(text.encode()).text).networks
        except ProbeError:
            continue
        assert sorted(found) == [0, 1, 2]
        assert [found[0].name, found[2].name] == ["Plaza", "Taller"]
        assert ["open" in found[number].security for number in range(3)] == [True, kind == "open", False]
        text_name = text_of(name)
        column = None if text_name is None else text_name.rstrip(" ")
        assert found[1].name in (None, shown(name), column)
