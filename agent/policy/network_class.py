"""What kind of network the phone is in, from what it told of it and the networks an organisation trusts.

A trusted name together with a trusted access point (BSSID) is the organisation's. A sign-in page makes a network
public. Else protection decides: none of one's own (open, OWE, WEP) is public, a key or an account is private.
A name alone proves nothing, and a cable's other end cannot be seen.
"""

from collections.abc import Iterable, Mapping

from agent.facts import Evidence, Fact, State, known, unknown
from agent.messages import Message
from agent.policy.document import Network

NAME = "network.class"
_PUBLIC = frozenset({"open", "owe", "wep"})


def derive(facts: Mapping[str, Fact], trusted: Iterable[Network]) -> Fact:
    """Class the network in use: organisation, private, public, cellular, offline, or unknown with the reason."""
    transport = facts.get("network.transport")
    if transport is None or transport.state is not State.KNOWN:
        return unknown(NAME, _reason(transport, Message("the network in use was not read; scan again")))
    if transport.value == "none":
        return known(NAME, "offline", *transport.evidence)
    if transport.value == "cellular":
        return known(NAME, "cellular", *transport.evidence)
    if transport.value != "wifi":
        why = Message("the phone is on a cable, and whose network that is cannot be seen; unplug it and scan again")
        return unknown(NAME, why, *transport.evidence)
    return _wifi(facts, transport.evidence, tuple(trusted))


def _wifi(facts: Mapping[str, Fact], transport: tuple[Evidence, ...], trusted: tuple[Network, ...]) -> Fact:
    ssid, bssid = _value(facts, "network.wifi.ssid"), _value(facts, "network.wifi.bssid")
    security, portal = facts.get("network.wifi.security"), facts.get("network.captive_portal")
    if any(_same(network, ssid, bssid) for network in trusted):
        return known(NAME, "organisation", *transport, *_lines(facts, "network.wifi.ssid", "network.wifi.bssid"))
    # What looks public may still be a trusted network until its name, or behind such a name the access point, is read.
    may_be_ours = any(ssid is None or (network.ssid == ssid and bssid is None) for network in trusted)
    may_be_trusted = Message(
        "this public Wi-Fi may be a trusted one, but its name or access point was not read; "
        "turn location on and scan again"
    )
    if portal is not None and portal.value is True:
        return unknown(NAME, may_be_trusted) if may_be_ours else known(NAME, "public", *transport, *portal.evidence)
    if security is None or security.state is not State.KNOWN:
        return unknown(NAME, _reason(security, Message("the Wi-Fi's protection was not read; scan again")), *transport)
    if security.value in _PUBLIC:
        return unknown(NAME, may_be_trusted) if may_be_ours else known(NAME, "public", *transport, *security.evidence)
    if portal is None or portal.state is not State.KNOWN:
        return unknown(
            NAME, _reason(portal, Message("whether a sign-in page guards the Wi-Fi was not read; scan again"))
        )
    return known(NAME, "private", *transport, *security.evidence)


def _same(network: Network, ssid: str | None, bssid: str | None) -> bool:
    if ssid is None or bssid is None or network.ssid != ssid:
        return False
    return bssid.casefold() in {each.casefold() for each in network.bssid}


def _value(facts: Mapping[str, Fact], name: str) -> str | None:
    fact = facts.get(name)
    return fact.value if fact is not None and fact.state is State.KNOWN else None


def _lines(facts: Mapping[str, Fact], *names: str) -> tuple[Evidence, ...]:
    return tuple(line for name in names for line in facts[name].evidence)


def _reason(fact: Fact | None, otherwise: Message) -> Message:
    return (fact.reason if fact is not None else None) or otherwise
