import pytest

from agent.capture import Capture
from agent.facts import State
from agent.probes import mobile_data
from tests.probes.network_forms import Agent, capture, connectivity
from tests.probes.phone import facts_of

PADDING = "".join(f"setting_{number}=1\n" for number in range(30))
MOBILE = connectivity(34, 100, [Agent(100), Agent(104, "CELLULAR")])
WIFI_ONLY = connectivity(34, 100, [Agent(100)])
REGISTRY = (
    "last known state:\n  Phone Id=0\n    mCallState=0\n    mDataConnectionState={0}\n"
    "  Phone Id=1\n    mDataConnectionState=0\n"
)


def phone(sim: str = "", switches: str = "", properties: str = "", **answers: str) -> Capture:
    slots = f"[gsm.sim.state]: [{sim}]\n" if sim else ""
    getprop = f"[ro.build.version.sdk]: [34]\n{slots}{properties}"
    return capture(getprop=getprop, settings_list_global=f"{switches}{PADDING}", **answers)


def value(found: Capture) -> object:
    (fact,) = facts_of(mobile_data, found).values()
    return fact.value if fact.state is State.KNOWN else fact.state


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # Proof that data is ready.
        (phone("LOADED", "mobile_data=1\n", dumpsys_connectivity=MOBILE), True),
        (phone("ABSENT,READY", "mobile_data=1\n", dumpsys_connectivity=MOBILE), True),
        (phone("LOADED,NOT_READY", "mobile_data=1\n", dumpsys_telephony_registry="x"), State.UNKNOWN),
        (phone("LOADED", dumpsys_connectivity=MOBILE.replace("INTERNET", "IMS")), State.UNKNOWN),
        # Proof that it is not.
        (phone("ABSENT", "mobile_data=1\n"), False),
        (phone("ABSENT,NOT_READY"), False),
        (phone("PIN_REQUIRED"), False),
        (phone("LOADED", "airplane_mode_on=1\n"), False),
        (phone("LOADED", "mobile_data=0\n"), False),
        (phone("LOADED", "mobile_data=0\nmobile_data1=0\n"), False),
        (phone("", "mobile_data=1\n", "[ro.radio.noril]: [true]\n"), False),
        # No proof: a ready SIM may have no data, one of two switches may be another SIM's.
        (phone("READY", "mobile_data=1\n", dumpsys_connectivity=WIFI_ONLY), State.UNKNOWN),
        (phone("LOADED,NOT_READY"), State.UNKNOWN),
        (phone("LOADED", "mobile_data=0\nmobile_data2=1\n"), State.UNKNOWN),
        (phone("", "mobile_data=1\n"), State.UNKNOWN),
        (phone("UNKNOWN"), State.UNKNOWN),
        (capture(), State.UNKNOWN),
        # Contradictions.
        (phone("ABSENT", dumpsys_connectivity=MOBILE), State.UNKNOWN),
        (phone("LOADED", "airplane_mode_on=1\n", dumpsys_connectivity=MOBILE), State.UNKNOWN),
    ],
)
def test_mobile_data_is_ready_by_proof_only(found: Capture, expected: object) -> None:
    assert value(found) == expected


@pytest.mark.parametrize(
    ("state", "expected"), [("2", True), ("0", State.UNKNOWN), ("-1", State.UNKNOWN), ("22", State.UNKNOWN)]
)
def test_a_data_connection_of_any_sim_is_proof(state: str, expected: object) -> None:
    answers = dict(phone("LOADED,ABSENT").answers)
    registry = capture(x=REGISTRY.format(state)).answers["x"]
    assert (
        value(Capture("live", capture().captured_at, {**answers, "dumpsys telephony.registry": registry})) == expected
    )
