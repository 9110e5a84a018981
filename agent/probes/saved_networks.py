"""Saved open networks that the phone joins by itself, as soon as anybody's access point bears such a name.

A network counts when one of its protections is open; an `owe^` beside it is Android's own addition. The list of
`cmd wifi list-networks` does not tell whether a network is joined by itself: then it counts, unless
`dumpsys wifi` prints `allowAutojoin=false` (API 30 and later) for the same number.
"""

from collections.abc import Iterator

from agent.capture import Capture
from agent.facts import Fact, known, unknown
from agent.messages import Message
from agent.probes import configured_networks
from agent.probes.configured_networks import Network, Saved
from agent.probes.proof import partly, proved

COMMANDS = configured_networks.COMMANDS
FACTS = ("network.saved_open",)
PROOF = {
    FACTS[0]: (
        partly("whether a network is joined by itself is not printed, so each open one counts", 8, 10),
        proved(11),
    )
}

_DISAGREE = Message("`cmd wifi list-networks` and `dumpsys wifi` differ about a saved network; scan again")
_UNCLEAR = Message("the phone does not tell how a saved network is protected; look in its Wi-Fi settings")
_CUT = Message("the list of saved networks has no end, so it proves nothing; look in the phone's Wi-Fi settings")
_NO_NAME = Message("a saved open network has a name that Android does not print exactly; look in its Wi-Fi settings")


def probe(capture: Capture) -> Iterator[Fact]:
    """Give the list of names, sorted; [] where the whole list was read and none is open."""
    told, silent = configured_networks.read(capture)
    if not told:
        assert silent is not None, "a source gives a list or a reason"  # noqa: S101 - what read() promises
        raise silent
    numbers = sorted({number for saved in told for number in saved.networks})
    rows = [[saved.networks[number] for saved in told if number in saved.networks] for number in numbers]
    yield _fact(told, [row for row in rows if all(network.joins is not False for network in row)])


def _fact(told: tuple[Saved, ...], rows: list[list[Network]]) -> Fact:
    """Judge the networks that join by themselves, each as every source tells it."""
    name = FACTS[0]
    suspects = [row for row in rows if any("open" in network.security for network in row)]
    for row in suspects:
        if not all("open" in network.security for network in row):
            return unknown(name, _DISAGREE, *(network.evidence for network in row))
    names = {_name(row) for row in suspects}
    if None in names:
        return unknown(name, _NO_NAME, *(network.evidence for row in suspects for network in row))
    unclear = [row for row in rows if not any(network.security for network in row)]
    if unclear:
        return unknown(name, _UNCLEAR, *(network.evidence for network in unclear[0]))
    if not suspects and not any(saved.whole for saved in told):
        return unknown(name, _CUT, told[0].evidence)
    evidence = [row[0].evidence for row in suspects] or [saved.evidence for saved in told]
    return known(name, sorted(found for found in names if found is not None), *evidence)


def _name(row: list[Network]) -> str | None:
    """The name: from quotes where there are any, since the list cannot show spaces at its end."""
    return next((network.name for network in reversed(row) if network.name is not None), None)
