from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.capture import Answer, Capture
from agent.facts import State
from agent.probes import ProbeError, connectivity, networks
from tests.probes.network_forms import HOSTILE, Agent, capture
from tests.probes.network_forms import connectivity as dump
from tests.probes.phone import facts_of, phone

CAPTURES = Path(__file__).parent.parent / "captures" / "connectivity"

SETTINGS = "".join(f"setting_{number}=1\n" for number in range(30))


def values(found: Capture) -> tuple[object, ...]:
    """Transport, validated, captive portal, VPN: the value of a known fact, the state of another."""
    facts = list(facts_of(connectivity, found).values())[:4]
    return tuple(fact.value if fact.state is State.KNOWN else fact.state for fact in facts)


def read(text: str, mode: str = "captive_portal_mode=1") -> tuple[object, ...]:
    return values(capture(dumpsys_connectivity=text, settings_list_global=f"{mode}\n{SETTINGS}"))


UNKNOWN = (State.UNKNOWN,) * 4
VPN_WORDS = ("INTERNET", "NOT_RESTRICTED", "VALIDATED")


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("nokia5-a9-wifi-and-mobile.txt", ("wifi", True, False, False)),
        ("moto-g7-a10-hotel.txt", ("wifi", False, True, False)),
        ("pixel6-a13-vpn.txt", ("wifi", True, False, True)),
        ("sm-a546b-a14-mobile.txt", ("cellular", True, False, False)),
        ("pixel8-a16-none.txt", ("none", State.NOT_APPLICABLE, State.NOT_APPLICABLE, False)),
    ],
)
def test_reads_a_capture(file: str, expected: tuple[object, ...]) -> None:
    text = (CAPTURES / file).read_text()
    assert read(text) == expected
    assert read(text.replace("\n", "\r\n")) == expected


@pytest.mark.parametrize("api", range(26, 37))
@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (Agent(100), ("wifi", True, False, False)),
        (Agent(100, words=("INTERNET", "NOT_VPN")), ("wifi", False, State.UNKNOWN, False)),
        (Agent(100, words=("INTERNET", "NOT_VPN", "PARTIAL_CONNECTIVITY")), ("wifi", False, False, False)),
        (Agent(100, words=("INTERNET", "NOT_VPN", "CAPTIVE_PORTAL")), ("wifi", False, True, False)),
        (Agent(100, words=("INTERNET", "NOT_VPN"), portal=True), ("wifi", False, True, False)),
        (Agent(100, "CELLULAR"), ("cellular", True, False, False)),
        (Agent(100, "ETHERNET"), ("ethernet", True, False, False)),
        (Agent(100, "BLUETOOTH"), (State.UNKNOWN, True, False, False)),
    ],
)
def test_every_version_says_it_in_its_own_words(api: int, agent: Agent, expected: tuple[object, ...]) -> None:
    mobile = Agent(104, "CELLULAR", words=("MMS", "NOT_VPN"))
    assert read(dump(api, 100, [agent, mobile])) == expected


@pytest.mark.parametrize("api", range(26, 37))
def test_a_vpn_is_seen_and_the_network_beneath_it_is_the_one_in_use(api: int) -> None:
    wifi = Agent(100, words=("INTERNET", "NOT_VPN"))
    vpn = Agent(101, "WIFI|VPN", VPN_WORDS, underlying=(100,))
    assert read(dump(api, 100, [wifi, vpn])) == ("wifi", False, State.UNKNOWN, True)
    reach = (
        (False, State.UNKNOWN) if api >= 31 else (State.UNKNOWN, State.UNKNOWN)
    )  # API 30 does not name what is beneath
    assert read(dump(api, 101, [wifi, vpn])) == ("wifi", *reach, True)
    assert read(dump(api, 100, [wifi, replace(vpn, state="DISCONNECTED")]))[3] is False


@pytest.mark.parametrize(
    ("uids", "expected"),
    [
        ("", True),
        (" Uids: <{0-99999}>", True),
        (" Uids: <0-99999>", True),
        (" Uids: <{0-10306, 10308-20306}>", True),
        (" Uids: <{1000000-1099999}>", False),
        (" Uids: <{10100-10100}>", State.UNKNOWN),
        (" Uid: 10100", State.UNKNOWN),
        (" Uids: <{0-10306, 10310-20306}>", State.UNKNOWN),
        (" Uids: <{103 6-20306}>", State.UNKNOWN),
        (" Uids: <{}>", State.UNKNOWN),
    ],
)
def test_a_vpn_of_another_user_or_app_is_not_the_owner_s(uids: str, expected: object) -> None:
    vpn = Agent(101, "WIFI|VPN", VPN_WORDS, underlying=(100,), uids=uids)
    assert read(dump(34, 100, [Agent(100), vpn]))[3] is expected


@pytest.mark.parametrize(
    ("uids", "expected"),
    [
        (" Uids: <{0-10306, 10310-20306}>", True),
        (" Uids: <{10210-10210, 10308-10308}>", State.UNKNOWN),
        (" Uids: <{10210-10210, 10211-10300}>", True),
        (" Uid: 10210", State.UNKNOWN),  # WhatsApp Business goes around it
    ],
)
def test_a_vpn_protects_whatsapp_where_it_takes_it(uids: str, expected: object) -> None:
    vpn = Agent(101, "WIFI|VPN", VPN_WORDS, underlying=(100,), uids=uids)
    assert with_whatsapp(vpn) is expected


def test_a_vpn_of_the_owner_is_not_the_profile_s() -> None:
    vpn = Agent(101, "WIFI|VPN", VPN_WORDS, underlying=(100,), uids=" Uids: <{0-99999}>")
    theirs = replace(vpn, number=102, uids=" Uids: <{1000000-1099999}>")
    assert with_whatsapp(vpn, profile=True) is State.UNKNOWN
    assert with_whatsapp(vpn, theirs, profile=True) is True
    assert with_whatsapp(theirs, profile=True) is False


def with_whatsapp(*vpns: Agent, profile: bool = False) -> object:
    rows = "package:com.whatsapp  installer=x uid:10210\npackage:com.whatsapp.w4b  installer=x uid:10211\n90\n"
    users = "Users:\n\tUserInfo{0:Ana:c13} running\n"
    listed = f"user 0\n{rows}"
    if profile:
        users += "\tUserInfo{10:Trabajo:1030} running\n"
        listed += f"user 10\n{rows}"
    answers = {
        "dumpsys connectivity": dump(34, 100, [Agent(100), *vpns]),
        "pm list packages -i -U whatsapp": listed,
        "pm list users": users,
    }
    return values(phone(answers))[3]


def test_where_networks_are_not_tested_nothing_is_known_of_the_internet() -> None:
    off = ("wifi", State.UNKNOWN, State.UNKNOWN, False)
    assert read(dump(34, 100, [Agent(100)]), "captive_portal_mode=0") == off
    assert read(dump(28, 100, [Agent(100)], log="  2026-05-04T07:55:37.897 - Validation disabled.")) == off
    assert values(capture(dumpsys_connectivity=dump(34, 100, [Agent(100)]))) == ("wifi", True, False, False)


def test_no_network_needs_a_whole_answer() -> None:
    whole = dump(34, None, [])
    assert read(whole) == ("none", State.NOT_APPLICABLE, State.NOT_APPLICABLE, False)
    cut = whole[: whole.index("Current Networks:") + len("Current Networks:")]
    assert read(cut) == UNKNOWN
    for length in range(len(cut)):
        assert read(whole[:length]) == UNKNOWN


def test_a_cut_answer_never_denies_a_vpn() -> None:
    vpn = Agent(101, "WIFI|VPN", VPN_WORDS, underlying=(100,))
    whole = dump(34, 100, [Agent(100), vpn]).removesuffix("\n")
    for length in range(0, whole.index("Network Requests:") - 2, 11):
        assert whole[:length].endswith("\n") or read(whole[:length])[3] in (State.UNKNOWN, True)


def test_a_default_network_without_its_line_is_unknown() -> None:
    assert read(dump(34, 100, [Agent(102)])) == (State.UNKNOWN, State.UNKNOWN, State.UNKNOWN, False)


def test_a_contradiction_about_validation_is_unknown() -> None:
    text = dump(34, 100, [Agent(100)]).replace("&VALIDATED", "")
    assert read(text)[1] is State.UNKNOWN
    assert read(dump(28, 100, [Agent(100)]).replace("lastValidated{true}", "lastValidated{false}"))[1] is State.UNKNOWN


@pytest.mark.parametrize("kind", ["MOBILE[LTE] CONNECTED ROAMING extra: internet.example", "MOBILE[NR] CONNECTED"])
@pytest.mark.parametrize("score", ["Score(Policies : IS_UNMETERED ; KeepConnected : 0)", "  Score{60} "])
def test_the_short_form_has_optional_parts(kind: str, score: str) -> None:
    text = dump(33, 100, [Agent(100, "CELLULAR", words=("INTERNET", "NOT_VPN"), portal=True)])
    text = text.replace("MOBILE[LTE] CONNECTED", kind).replace(
        "Score(Policies : IS_UNMETERED ; KeepConnected : 0)", score
    )
    assert read(text) == ("cellular", False, True, False)


def test_a_page_once_met_still_makes_a_public_network() -> None:
    old = dump(28, 100, [Agent(100)]).replace("everCaptivePortalDetected{false}", "everCaptivePortalDetected{true}")
    assert read(old) == ("wifi", True, True, False)


@pytest.mark.parametrize(
    "domains",
    [
        "x MTU: 0 ]}}  nc{[ Transports: CELLULAR Capabilities: INTERNET&VALIDATED LinkUp",
        "  lp{{InterfaceName: tun0 ",
        "]}  network{104}  nethandle{1}  lp{{InterfaceName: ",
    ],
)
@pytest.mark.parametrize("api", [28, 30, 33, 36])
def test_a_domain_that_looks_like_a_network_is_not_believed(api: int, domains: str) -> None:
    text = dump(api, 100, [Agent(100, words=("INTERNET", "NOT_VPN"), domains=domains)])
    assert read(text) == UNKNOWN


@given(st.integers(26, 36), HOSTILE, st.tuples(st.booleans(), st.booleans()))
@example(28, b'"]}  network{9}  nethandle{1}  lp', (False, False))
@example(30, b"  nc{[ Transports: CELLULAR ]}", (False, True))
@example(30, b"lastCaptivePortalDetected{false}", (True, False))
@example(28, b"\n  NetworkAgentInfo{ ni{", (True, True))
@example(33, b"}\nNetwork Requests:", (False, True))
@example(29, b"]}\n", (True, False))
def test_no_network_s_name_changes_what_is_known(api: int, name: bytes, situation: tuple[bool, bool]) -> None:
    portal, vpn = situation
    words = ("INTERNET", "NOT_VPN") if portal else ("INTERNET", "NOT_VPN", "VALIDATED")
    agents = [Agent(100, words=words, name=name, portal=portal)]
    if vpn:
        agents.append(Agent(101, "WIFI|VPN", VPN_WORDS, name=name, underlying=(100,)))
    found = read(Answer(dump(api, 100, agents).encode()).text)
    truth = ("wifi", not portal, portal, vpn)
    assert [(one, true) for one, true in zip(found, truth, strict=True) if one not in (true, State.UNKNOWN)] == []


@pytest.mark.parametrize("text", ["", "Active default network: 100\n", "Current Networks:\n", "x\n" * 50])
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(ProbeError):
        networks.parse(text)


def always_on(secure: str) -> object:
    found = capture(settings_list_secure=secure)
    fact = next(fact for fact in facts_of(connectivity, found).values() if fact.name == "network.vpn.always_on")
    return fact.value if fact.state is State.KNOWN else fact.state


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("always_on_vpn_app=org.taller.vpn", "org.taller.vpn"),
        ("always_on_vpn_app=null", State.NOT_APPLICABLE),
        ("", State.NOT_APPLICABLE),
        ("always_on_vpn_app=a b; c", State.UNKNOWN),
    ],
)
def test_the_always_on_vpn_is_an_app_or_none(line: str, expected: object) -> None:
    assert always_on(f"{line}\n{SETTINGS}") == expected
    assert always_on("Permission Denial: reading settings\n") is State.UNKNOWN
