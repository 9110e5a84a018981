"""Mobile data: whether a SIM with data is ready, so that nobody needs a stranger's Wi-Fi.

Proof that it is: a connected cellular network that leads to the internet (`dumpsys connectivity`), or a data
connection in `dumpsys telephony.registry` (`mDataConnectionState=2`, TelephonyRegistry.java, API 26 to 36; of the
connection for the internet alone). Proof that it is not: no radio (`ro.radio.noril`), airplane mode, no slot of
`gsm.sim.state` with a ready SIM (TelephonyProperties: one word a slot), or the switch for data off.
A ready SIM and a switch that is on prove nothing: the SIM may have no data. `mobile_data=1` stands on tablets
without a radio too.
"""

import re
from collections.abc import Iterator

from agent.capture import Capture, Command, Unanswered
from agent.facts import Evidence, Fact, known, unknown
from agent.messages import Message
from agent.probes import networks, properties, settings
from agent.probes.proof import partly

REGISTRY: Command = Command(
    "dumpsys telephony.registry",
    Message("whether a SIM has a data connection"),
    # The rest names cells, operators and callers.
    script=(
        "dumpsys telephony.registry | sed -n -E -e '1p' -e '/^\\*\\*\\* SERVICE/p' -e '/^ *Phone Id=[0-9]+ *$/p'"
        " -e '/^ *mDataConnectionState=-?[0-9]+ *$/p'"
    ),
)
COMMANDS = (networks.COMMAND, REGISTRY, properties.COMMAND, settings.GLOBAL)
FACTS = ("device.mobile_data",)
PROOF = {FACTS[0]: (partly("a ready SIM and a switch that is on prove no data; a connection or their absence does"),)}

_NOT_READY = {
    "ABSENT",
    "NOT_READY",
    "PIN_REQUIRED",
    "PUK_REQUIRED",
    "PERM_DISABLED",
    "NETWORK_LOCKED",
    "PERSO_LOCKED",
    "CARD_IO_ERROR",
    "CARD_RESTRICTED",
}
_SIM, _NO_RADIO = "gsm.sim.state", "ro.radio.noril"
_SUBSCRIPTIONS = range(33)  # `mobile_dataN` is one subscription's switch; numbers count up from 1 since the reset


def probe(capture: Capture) -> Iterator[Fact]:
    """Give the fact: known by proof, unknown where the phone's own words are none or contradict each other."""
    name = FACTS[0]
    connected = [*_agents(capture), *_connections(capture)]
    read, refusal = _properties(capture)
    impossible = [*_no_radio(read), *_airplane(capture), *_no_sim(read), *_switched_off(capture)]
    if connected and impossible:
        why = Message("the phone has mobile data and also says that it cannot have any; scan again")
        yield unknown(name, why, connected[0], impossible[0])
    elif connected or impossible:
        yield known(name, bool(connected), *(connected or impossible))
    elif refusal is not None:
        yield unknown(name, refusal.message)
    elif _SIM not in read:
        yield unknown(name, Message("the phone does not tell the state of its SIM; look in its settings"))
    else:
        why = Message("a SIM may be ready, but nothing proves that it has data; turn Wi-Fi off and scan again")
        yield unknown(name, why, *properties.evidence(read, _SIM))


def _agents(capture: Capture) -> Iterator[Evidence]:
    try:
        found = networks.read(capture)
    except Unanswered:
        return
    for agent in found.agents:
        if agent.connected and agent.transports == {"CELLULAR"} and "INTERNET" in agent.capabilities:
            yield agent.evidence


_CONNECTION = re.compile(r"^ *mDataConnectionState=2 *$", re.MULTILINE)


def _connections(capture: Capture) -> Iterator[Evidence]:
    try:
        text = capture.text(REGISTRY)
    except Unanswered:
        return
    if found := _CONNECTION.search(text):
        yield Evidence.of(REGISTRY.key, found[0])


def _properties(capture: Capture) -> tuple[dict[str, str], Unanswered | None]:
    try:
        return properties.read(capture), None
    except Unanswered as error:
        return {}, error


def _no_radio(read: dict[str, str]) -> tuple[Evidence, ...]:
    return properties.evidence(read, _NO_RADIO) if read.get(_NO_RADIO) in ("true", "yes", "1") else ()


def _no_sim(read: dict[str, str]) -> tuple[Evidence, ...]:
    slots = {slot.strip() for slot in read.get(_SIM, "").split(",")}
    return properties.evidence(read, _SIM) if slots <= _NOT_READY else ()


def _airplane(capture: Capture) -> Iterator[Evidence]:
    try:
        mode = settings.value(capture, "global", "airplane_mode_on")
    except Unanswered:
        return
    if mode is not None and mode.value == "1":
        yield mode.evidence


def _switched_off(capture: Capture) -> list[Evidence]:
    """The switches, where each that the phone has is off."""
    names = ("mobile_data", *(f"mobile_data{number}" for number in _SUBSCRIPTIONS))
    try:
        found = [settings.value(capture, "global", name) for name in names]
    except Unanswered:
        return []
    switches = [switch for switch in found if switch is not None]
    return [switch.evidence for switch in switches] if all(switch.value == "0" for switch in switches) else []
