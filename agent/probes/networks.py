"""The networks that the phone is connected to, as `dumpsys connectivity` tells them.

It prints `Active default network: N|none`, then under `Current Networks:` one
`NetworkAgentInfo{…}` a line (ConnectivityService.java, NetworkAgentInfo.java, NetworkCapabilities.java; API 26 to
36; real dumps of 8.1, 9 and 14). The order of its parts changed at API 31, the words for validation and sign-in
pages at 31 and 34; the list of capabilities holds VALIDATED, PARTIAL_CONNECTIVITY and CAPTIVE_PORTAL on all.

A stranger writes the names of networks and domains that stand in such a line. The parts are found by marks
longer than a network's name (32 bytes) that must stand there exactly once; a line where they do not is not read,
and then nothing is concluded from what is absent.
"""

import re
from dataclasses import dataclass

from agent.capture import Capture, Command
from agent.facts import Evidence
from agent.messages import Message
from agent.probes import ProbeError

COMMAND: Command = Command(
    "dumpsys connectivity",
    Message("the network in use, whether it reaches the internet, whether a sign-in page or a VPN is there"),
    # Never `--diag`, which probes the network. The requests and logs between these lines name apps: left out.
    script=(
        "dumpsys connectivity | sed -n -E -e '1p' -e '/^\\*\\*\\* SERVICE/p' -e '/^Active default network: /p'"
        " -e '/^Current Networks:/,/^[^ ]/{/^[^ ]/p;}' -e '/^ +NetworkAgentInfo ?[{]/p' -e '/ - Validation disabled/p'"
    ),
)


_FIRST_APP, _LAST_APP = 10_000, 19_999  # Process.FIRST_APPLICATION_UID and LAST_APPLICATION_UID


@dataclass(frozen=True, slots=True)
class Agent:
    """One network that the phone is connected to, or connecting.

    transports, capabilities: Android's words. underlying: numbers of the networks beneath a VPN (API 31 and later).
    uids: the ranges of uids that a VPN serves, None where the phone prints none: it serves all.
    portal: a sign-in page was met on it since it was joined. validated: its own word beside the capability.
    """

    number: int
    connected: bool
    transports: frozenset[str]
    capabilities: frozenset[str]
    underlying: tuple[int, ...]
    uids: tuple[tuple[int, int], ...] | None
    portal: bool
    validated: bool | None
    evidence: Evidence

    def serves(self, user: int) -> bool:
        """Whether a VPN takes any app of this user."""
        first, last = user * 100_000, user * 100_000 + 99_999
        return self.uids is None or any(low <= last and first <= high for low, high in self.uids)

    def takes(self, uid: int) -> bool:
        """Whether a VPN takes this app of this user."""
        return self.uids is None or any(low <= uid <= high for low, high in self.uids)

    @property
    def takes_all(self) -> bool:
        """Whether a VPN takes all of the owner's apps: each but its own, which Android leaves out."""
        reach = [min(high, _LAST_APP) - max(low, _FIRST_APP) + 1 for low, high in self.uids or ()]
        return self.uids is None or sum(each for each in reach if each > 0) >= _LAST_APP - _FIRST_APP


@dataclass(frozen=True, slots=True)
class Networks:
    """All networks. default: the number of the one in use, None for no network.

    whole: every line was read and the list came to its end, so that what is absent is absent.
    unvalidated: the line that says that Android does not test networks on this phone (API 28 and earlier).
    """

    default: int | None
    agents: tuple[Agent, ...]
    whole: bool
    default_evidence: Evidence
    unvalidated: Evidence | None

    def agent(self, number: int) -> Agent | None:
        """The network of this number, where its line could be read."""
        return next((agent for agent in self.agents if agent.number == number), None)


def read(capture: Capture) -> Networks:
    """Return the networks. Raises Unanswered where the phone refused, ProbeError where the form is unknown."""
    return parse(capture.text(COMMAND))


_DEFAULT = re.compile(r"^Active default network: (none|\d{1,9})$", re.MULTILINE)
_CURRENT = re.compile(r"^Current Networks:$", re.MULTILINE)
_END = re.compile(r"^[^\s]", re.MULTILINE)
_AGENT = re.compile(r"^ +NetworkAgentInfo ?\{")
_DISABLED = re.compile(r"^.* - Validation disabled\.?$", re.MULTILINE)


def parse(text: str) -> Networks:
    """Read `dumpsys connectivity`, whole or as cut on the phone; ProbeError without its two headings.

    The list ends at the next heading, but a name with a line break may look like one, so every network's line
    after it counts too.
    """
    default = _DEFAULT.search(text)
    current = _CURRENT.search(text, default.end()) if default else None
    if default is None or current is None:
        raise ProbeError(
            Message("`{command}` does not say which network is in use; please report it", {"command": COMMAND.key})
        )
    end = _END.search(text, current.end())
    agents = [_agent(line) for line in text[current.end() :].split("\n") if _AGENT.match(line)]
    disabled = _DISABLED.search(text)
    return Networks(
        default=None if default[1] == "none" else int(default[1]),
        agents=tuple(agent for agent in agents if agent is not None),
        whole=(end is not None or text.endswith("\n")) and None not in agents,
        default_evidence=Evidence.of(COMMAND.key, default[0]),
        unvalidated=Evidence.of(COMMAND.key, disabled[0]) if disabled else None,
    )


_CAPABILITIES = re.compile(
    r"  nc\{\[ Transports: (?P<transports>[A-Z_0-9|]+) Capabilities: (?P<words>[A-Z_0-9&]+)[ \]]"
)
_OLD_HEAD = re.compile(r"  network\{(?P<number>\d{1,9})\}  nethandle\{\d{1,20}\}  lp\{\{InterfaceName: ")
# NetworkInfo.toShortString: `MOBILE[LTE] CONNECTED ROAMING extra: …`, the last three parts where there are any.
_NEW_HEAD = re.compile(
    r"NetworkAgentInfo\{network\{(?P<number>\d{1,9})\}  handle\{\d{1,20}\}  "
    r"ni\{[A-Z][A-Za-z_ ]{0,30}(?:\[[^\]\"{}]{0,40}\])? (?P<state>[A-Z_]+)(?: ROAMING)?(?: extra: |\})"
)
_LINK = "  lp{{InterfaceName: "
_OLD_STATE = re.compile(r"NetworkAgentInfo ?\{ ni\{\[type: [^,\"]{0,60}, state: (?P<state>[A-Z]+)/")
_OLD_PORTAL = re.compile(r"everCaptivePortalDetected\{(true|false)\} lastCaptivePortalDetected\{(true|false)\}")
_OLD_VALIDATED = re.compile(r"\}  everValidated\{(?:true|false)\}  lastValidated\{(true|false)\}  created\{")
_UNDERLYING = re.compile(r"\bunderlying\{\[([\d, ]{0,200})\]\}|\bUnderlyingNetworks: \[([\d, ]{0,200})\]")
# NetworkCapabilities.toString: one uid alone has a word of its own; Android 11 and earlier have no braces.
_UIDS = re.compile(r" Uids: <\{?(?P<ranges>[^<>{}]{0,4000})\}?>| Uid: (?P<one>\d{1,10})\b")
_RANGES = re.compile(r"\d{1,10}-\d{1,10}(?:, ?\d{1,10}-\d{1,10})*")
_NUMBERS = re.compile(r"(?:\d{1,9}(?:, ?\d{1,9})*)?")


def _agent(line: str) -> Agent | None:
    """Read one line; None where a name or a domain may have broken it."""
    line = line.strip()
    capabilities = list(_CAPABILITIES.finditer(line))
    new = line.startswith("NetworkAgentInfo{network{")
    heads = list((_NEW_HEAD if new else _OLD_HEAD).finditer(line))
    if len(capabilities) != 1 or len(heads) != 1 or line.count(_LINK) != 1 or not line.endswith("}"):
        return None
    head, found = heads[0], capabilities[0]
    if found.start() < line.index(_LINK):
        return None
    tail = line[found.end() :]
    flags = _flags(line) if new else ""
    underlying, uids = _UNDERLYING.search(flags) or _UNDERLYING.search(tail), _UIDS.search(tail)
    if (not new and not _OLD_PORTAL.search(tail)) or not _are_numbers(underlying, uids):
        return None
    state = head["state"] if new else _first(_OLD_STATE, line)
    words = frozenset(found["words"].split("&"))
    return Agent(
        number=int(head["number"]),
        connected=state == "CONNECTED",
        transports=frozenset(found["transports"].split("|")),
        capabilities=words,
        underlying=_underlying(underlying),
        uids=_uids(uids),
        portal="CAPTIVE_PORTAL" in words or _portal(flags, tail),
        validated=_validated(flags) if new else _old_validated(line, found.start()),
        evidence=Evidence.of(COMMAND.key, found[0].strip()),
    )


def _first(pattern: re.Pattern[str], line: str) -> str:
    found = pattern.match(line)
    return found["state"] if found else ""


_SCORE = re.compile(r"\bScore(?:\{\d{1,4}\}|\([^()]{0,1000}\))")


def _flags(line: str) -> str:
    """The words between the score and the link's properties in the newer form, none of them a stranger's."""
    head = line[: line.index(_LINK)]
    scores = list(_SCORE.finditer(head))
    return head[scores[-1].end() :] if scores else ""


def _portal(flags: str, tail: str) -> bool:
    """Whether a sign-in page was met: flags on API 31 and later (34 forgets a page once passed), else two words."""
    if re.search(r"\b(?:isCaptivePortal|everCaptivePortal|currentCaptivePortalDetected)", flags):
        return True
    old = list(_OLD_PORTAL.finditer(tail))
    return bool(old) and "true" in old[-1].groups()


def _validated(flags: str) -> bool | None:
    """API 31 and later: whether `lastValidated` stands there; None where the flags are of another form."""
    return "lastValidated" in flags if "everValidated" in flags or "firstValidated" in flags else None


def _old_validated(line: str, start: int) -> bool | None:
    found = list(_OLD_VALIDATED.finditer(line, start))
    return found[-1][1] == "true" if found else None


def _are_numbers(underlying: re.Match[str] | None, uids: re.Match[str] | None) -> bool:
    beneath = underlying is None or _NUMBERS.fullmatch(underlying[1] or underlying[2] or "")
    return bool(beneath and (uids is None or uids["one"] or _RANGES.fullmatch(uids["ranges"])))


def _underlying(found: re.Match[str] | None) -> tuple[int, ...]:
    numbers = (found[1] or found[2] or "") if found else ""
    return tuple(int(number) for number in numbers.split(",") if number)


def _uids(found: re.Match[str] | None) -> tuple[tuple[int, int], ...] | None:
    if found is None:
        return None
    ranges = [found["one"]] * 2 if found["one"] else re.split("[-,]", found["ranges"])
    numbers = [int(number) for number in ranges]
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))
