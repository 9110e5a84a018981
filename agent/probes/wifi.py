"""The Wi-Fi network in use: its name, its access point, how it is protected.

Sources, best first: `cmd wifi status` (API 30 and later), `dumpsys wifi`; where both answer they must agree.
The protection is WifiInfo's own `Security type:` (API 31 and later); before, it is that of the saved network with
the same number (`configured_networks`), never of one with the same name: two networks may have one name.
"""

from collections.abc import Callable, Iterator
from typing import Any

from agent.capture import Capture, Unanswered
from agent.facts import Evidence, Fact, known, not_applicable, unknown
from agent.messages import Message
from agent.probes import configured_networks, wifi_info, wifi_security
from agent.probes.proof import partly, proved
from agent.probes.wifi_info import Link, NoLink

COMMANDS = (wifi_info.STATUS, *configured_networks.COMMANDS)
FACTS = ("network.wifi.ssid", "network.wifi.bssid", "network.wifi.security")
PROOF = {
    "network.wifi.ssid": (proved(limit="a name that cannot be printed exactly is unknown"),),
    "network.wifi.bssid": (proved(limit="unknown where the phone hides it"),),
    "network.wifi.security": (
        partly("by the saved network of the same number, where the phone prints one", 8, 11),
        proved(12),
    ),
}

_DISAGREE = Message("`cmd wifi status` and `dumpsys wifi` tell different things; scan again while Wi-Fi is steady")
_NO_NAME = Message("Android did not print the network's name exactly; look at it in the phone's Wi-Fi settings")
_NO_BSSID = Message("Android hides the access point's address; turn location on, then scan again")


def probe(capture: Capture) -> Iterator[Fact]:
    """Give the three facts; Unanswered where no source tells whether there is a link at all."""
    links = _links(capture)
    idle = [link for link in links if isinstance(link, NoLink)]
    joined = [link for link in links if isinstance(link, Link)]
    if idle and joined:
        evidence = (idle[0].evidence, joined[0].ssid_evidence)
        yield from (unknown(name, _DISAGREE, *evidence) for name in FACTS)
    elif idle:
        why = Message("the phone is on no Wi-Fi network")
        yield from (not_applicable(name, why, *(link.evidence for link in idle)) for name in FACTS)
    else:
        yield _agreed(FACTS[0], joined, lambda link: (link.ssid, link.ssid_evidence), _NO_NAME)
        yield _agreed(FACTS[1], joined, lambda link: (link.bssid, link.bssid_evidence), _NO_BSSID)
        yield _security(capture, joined)


def _links(capture: Capture) -> list[Link | NoLink]:
    """What each source tells, best first; raise the reason of one that was asked where none tells anything."""
    told: list[Link | NoLink] = []
    silent: list[tuple[bool, Unanswered]] = []
    for command, parse in ((wifi_info.STATUS, wifi_info.parse_status), (wifi_info.DUMP, wifi_info.parse_dump)):
        try:
            told.append(parse(capture.text(command)))
        except Unanswered as error:
            silent.append((capture.answer(command) is None, error))
    if not told:
        raise min(silent, key=lambda each: each[0])[1]
    return told


def _agreed(name: str, links: list[Link], part: Callable[[Link], tuple[Any, Evidence]], hidden: Message) -> Fact:
    """Make a fact of the part that the sources tell alike."""
    parts = [part(link) for link in links]
    told = [(value, evidence) for value, evidence in parts if value is not None]
    if len({value for value, _ in told}) > 1:
        return unknown(name, _DISAGREE, *(evidence for _, evidence in told))
    if not told:
        return unknown(name, hidden, *(evidence for _, evidence in parts))
    return known(name, told[0][0], *(evidence for _, evidence in told))


def _security(capture: Capture, links: list[Link]) -> Fact:
    name = FACTS[2]
    typed = [link for link in links if link.security_type is not None]
    if typed:
        words = {wifi_security.BY_NUMBER.get(link.security_type) for link in typed if link.security_type is not None}
        evidence = tuple(link.security_evidence for link in typed)
        word = words.pop() if len(words) == 1 else None
        if word is not None:
            return known(name, word, *evidence)
        why = Message(
            "the link's protection is of a kind that the check has no word for, or was told in two ways; "
            "look in the phone's Wi-Fi settings"
        )
        return unknown(name, why, *evidence)
    return _saved_security(capture, links[0])


def _saved_security(capture: Capture, link: Link) -> Fact:
    """The protection of the saved network with the link's number, as every source that has it tells it."""
    name = FACTS[2]
    if link.net_id is None:
        return unknown(
            name,
            Message("Android prints neither the protection nor the saved network; look in the phone's Wi-Fi settings"),
            link.security_evidence,
        )
    told, silent = configured_networks.read(capture)
    found = [saved.networks[link.net_id] for saved in told if link.net_id in saved.networks]
    words = {network.single_security for network in found} - {None}
    evidence = (link.security_evidence, *(network.evidence for network in found))
    if len(words) == 1:
        return known(name, words.pop(), *evidence)
    if len(words) > 1:
        return unknown(name, Message("the sources name different protections for this network; scan again"), *evidence)
    if not found and silent is not None:
        return unknown(name, silent.message, *evidence)
    return unknown(
        name, Message("the phone does not tell how the network is protected; look in its settings"), *evidence
    )
