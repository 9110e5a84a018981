"""Learns a network from a phone on the bench: its name, its access point and how it is protected."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent import probes
from agent.capture import Capture, Command, quoted
from agent.facts import Fact, State
from agent.messages import Message
from agent.scan import Failed, capture_all
from agent.transport import Found

_WIFI = "network.wifi."


@dataclass(frozen=True, slots=True)
class Learned:
    """The network that one phone is on. `security` is None where the phone does not tell."""

    phone: str
    ssid: str
    bssid: str
    security: str | None

    @property
    def shown(self) -> str:
        """The network as it may be shown: a stranger wrote its name."""
        return " · ".join(part for part in (quoted(self.ssid, 80), self.bssid, self.security) if part)

    @property
    def anybodys(self) -> bool:
        """Whether anybody may join it, so that trusting it means little."""
        return self.security in (None, "open", "owe", "wep")


def networks(phones: Sequence[Found]) -> list[Learned | Message]:
    """Ask each phone which Wi-Fi it is on; a message says why one gave no answer."""
    return [_learn(phone, seen) for phone, seen in capture_all(phones, _commands(), lambda *_: None)]


def _commands() -> tuple[Command, ...]:
    listed: dict[str, Command] = {}
    for probe in probes.PROBES:
        if any(name.startswith(_WIFI) for name in probe.FACTS):
            listed.update({command.key: command for command in probe.COMMANDS})
    return tuple(listed.values())


def _learn(phone: Found, seen: Capture | Failed) -> Learned | Message:
    if isinstance(seen, Failed):
        return Message("{phone}: {why}", {"phone": phone.serial, "why": seen.reason})
    facts = probes.read_facts(seen)
    ssid, bssid = facts[f"{_WIFI}ssid"], facts[f"{_WIFI}bssid"]
    for fact in (ssid, bssid):
        if fact.state is not State.KNOWN:
            return Message("{phone}: {why}", {"phone": phone.serial, "why": fact.reason or ""})
    return Learned(phone.serial, str(ssid.value), str(bssid.value).lower(), _text(facts[f"{_WIFI}security"]))


def _text(fact: Fact) -> str | None:
    return str(fact.value) if fact.state is State.KNOWN else None
