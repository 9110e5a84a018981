"""The network in use: its kind, whether it reaches the internet, whether a sign-in page or a VPN is there.

The kind is that of the default network, beneath a VPN of the network that carries it. It reaches the internet when
Android's own test says VALIDATED and not PARTIAL_CONNECTIVITY; with `captive_portal_mode` 0 (or `Validation
disabled.` in the log, API 28 and earlier) Android calls every network good without a test, so nothing is known.
A sign-in page counts from when it was met until the network is left; API 34 and later forget it once it is passed.
"""

import re
from collections.abc import Iterator
from contextlib import suppress

from agent.capture import Capture, Unanswered
from agent.facts import Evidence, Fact, known, not_applicable, unknown
from agent.messages import Message
from agent.probes import netstats, networks, settings, whatsapp_package
from agent.probes.networks import Agent, Networks
from agent.probes.proof import partly, proved

COMMANDS = (networks.COMMAND, settings.GLOBAL, settings.SECURE, netstats.COMMAND, *whatsapp_package.COMMANDS)
FACTS = (
    "network.transport",
    "network.validated",
    "network.captive_portal",
    "network.vpn.active",
    "network.vpn.always_on",
)
PROOF = {
    "network.transport": (proved(),),
    "network.validated": (proved(limit="unknown where Android's own test is switched off"),),
    "network.captive_portal": (
        proved(8, 13),
        partly("Android forgets a sign-in page once it is passed", 14),
    ),
    "network.vpn.active": (proved(limit="unknown where the VPN takes some apps alone, unless WhatsApp is one"),),
    "network.vpn.always_on": (proved(),),
}

_TRANSPORTS = {"WIFI": "wifi", "CELLULAR": "cellular", "ETHERNET": "ethernet"}


def probe(capture: Capture) -> Iterator[Fact]:
    """Give the facts of the network in use, and of VPNs."""
    try:
        found = networks.read(capture)
    except Unanswered as error:
        yield from (unknown(name, error.message) for name in FACTS[:4])
    else:
        used = _beneath(found)
        yield _transport(found, used)
        yield from _reach(capture, found, used)
        yield _vpn(found, capture)
    yield _always_on(capture)


def _beneath(found: Networks) -> Agent | None:
    """The network in use; where that is a VPN, the network beneath it, if the phone names exactly one."""
    used = found.agent(found.default) if found.default is not None else None
    if used is None or "VPN" not in used.transports:
        return used
    beneath = [agent for agent in map(found.agent, used.underlying) if agent is not None]
    return beneath[0] if len(beneath) == 1 else used


_UNREADABLE = Message("the phone's line about the network in use could not be read; please report it")
_BENEATH = Message("the phone does not tell which network is beneath the VPN; turn the VPN off and scan again")
_NO_NETWORK = Message("the phone is on no network")


def _transport(found: Networks, used: Agent | None) -> Fact:
    name = FACTS[0]
    if found.default is None:
        return _without_network(name, found) or known(name, "none", found.default_evidence)
    if used is None:
        return unknown(name, _UNREADABLE, found.default_evidence)
    kinds = {_TRANSPORTS.get(word) for word in used.transports - {"VPN"}}
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind is None:
        words = "|".join(sorted(used.transports))
        why = Message(
            "the phone uses a network of another kind ({transports}); use Wi-Fi or mobile data and scan again",
            {"transports": words},
        )
        return unknown(name, why, found.default_evidence, used.evidence)
    return known(name, kind, found.default_evidence, used.evidence)


def _without_network(name: str, found: Networks) -> Fact | None:
    """Unknown where `none` stands in an answer that was cut or partly unreadable."""
    if found.whole:
        return None
    why = Message("`{command}` is cut, so `none` proves nothing; scan again", {"command": networks.COMMAND.key})
    return unknown(name, why, found.default_evidence)


def _reach(capture: Capture, found: Networks, used: Agent | None) -> Iterator[Fact]:
    """Whether the network reaches the internet, and whether a sign-in page is there: both by Android's own test."""
    untested = found.unvalidated or _untested(capture)
    for name in FACTS[1:3]:
        if found.default is None:
            yield _without_network(name, found) or not_applicable(name, _NO_NETWORK, found.default_evidence)
        elif used is None:
            yield unknown(name, _UNREADABLE, found.default_evidence)
        elif untested is not None:
            why = Message("Android's test of networks is off on this phone (captive_portal_mode); turn it on again")
            yield unknown(name, why, untested)
        elif "VPN" in used.transports:
            yield unknown(name, _BENEATH, found.default_evidence, used.evidence)
        elif name == "network.captive_portal":
            yield _portal(name, used)
        else:
            yield _validation(name, used)


def _untested(capture: Capture) -> Evidence | None:
    """The setting with which Android calls every network tested and good (NetworkMonitor.java, API 26 to 36)."""
    try:
        mode = settings.value(capture, "global", "captive_portal_mode")
    except Unanswered:
        return None
    return mode.evidence if mode is not None and mode.value.strip() == "0" else None


def _validation(name: str, used: Agent) -> Fact:
    validated = "VALIDATED" in used.capabilities
    if used.validated is not None and used.validated != validated:
        why = Message("the phone contradicts itself about whether the network reaches the internet; scan again")
        return unknown(name, why, used.evidence)
    return known(name, validated and "PARTIAL_CONNECTIVITY" not in used.capabilities, used.evidence)


def _portal(name: str, used: Agent) -> Fact:
    """A page that was met is there; that none is there takes a test that reached its end."""
    if not used.portal and not used.capabilities & {"VALIDATED", "PARTIAL_CONNECTIVITY"}:
        why = Message(
            "Android's test of the network has not reached the internet, so it saw no sign-in page; scan again"
        )
        return unknown(name, why, used.evidence)
    return known(name, used.portal, used.evidence)


def _vpn(found: Networks, capture: Capture) -> Fact:
    """Whether WhatsApp's traffic goes through a VPN: one for other apps or users protects nothing of it."""
    name = "network.vpn.active"
    vpns = [agent for agent in found.agents if "VPN" in agent.transports and agent.connected]
    if any(agent.serves(0) for agent in vpns):
        why = _leaves_out(vpns, capture)
        evidence = [agent.evidence for agent in vpns]
        return unknown(name, why, *evidence) if why else known(name, True, *evidence)  # noqa: FBT003
    if not found.whole:
        sentence = Message(
            "not every network in `{command}` could be read, so a VPN may be among them; scan again",
            {"command": networks.COMMAND.key},
        )
        return unknown(name, sentence, found.default_evidence)
    evidence = [agent.evidence for agent in found.agents] or [found.default_evidence]
    return known(name, False, *evidence)  # noqa: FBT003 - the fact's value


def _leaves_out(vpns: list[Agent], capture: Capture) -> Message | None:
    """Why WhatsApp may go around the VPNs, None where none does. Android gives each user and profile its own."""
    users = {0}
    with suppress(Unanswered):
        users = {user for _, user in whatsapp_package.official(capture)} or users
    answer = capture.answer(netstats.COMMAND)
    try:
        numbers, _ = netstats.app_ids(capture, answer.text if answer else "")
    except Unanswered:
        if users == {0} and any(agent.takes_all for agent in vpns):
            return None
        return Message(
            "a VPN is active, and the phone does not say whether it takes WhatsApp in every profile; look in its app"
        )
    uids = {user * 100_000 + number for user in users for number in numbers}
    if all(any(agent.takes(uid) for agent in vpns) for uid in uids):
        return None
    return Message(
        "the VPN that is active leaves a WhatsApp out, that of some profile perhaps; have its app take it too, and "
        "scan again"
    )


def _always_on(capture: Capture) -> Fact:
    name = "network.vpn.always_on"
    try:
        app = settings.value(capture, "secure", "always_on_vpn_app")
        if app is None:
            absent = settings.absence(capture, "secure", "always_on_vpn_app")
            return not_applicable(name, Message("no app is set as always-on VPN"), absent)
    except Unanswered as error:
        return unknown(name, error.message)
    if not re.fullmatch(r"[A-Za-z]\w*(?:\.\w+)*", app.value):
        return unknown(name, Message("the setting for the always-on VPN names no app; please report it"), app.evidence)
    return known(name, app.value, app.evidence)
