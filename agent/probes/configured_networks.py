"""The Wi-Fi networks that the phone has saved, with their protection, by their number.

Two sources. `cmd wifi list-networks` (API 30 and later, WifiShellCommand.java) prints `%-12d %-32s %s`: number,
name without quotes, protection; API 36 prints one row for each protection. Java counts columns in UTF-16 units,
and a name has at most 32, so the columns stand fast whatever the name holds; spaces at its end cannot be told
from the column's. `dumpsys wifi` prints every configured network between two marks (WifiConfigManager.dump,
WifiConfiguration.toString; API 26 to 36): the name in quotes, the protection, and from API 30 whether the
phone joins it by itself. Keys are masked there and are cut away on the phone besides.

A name with a line break breaks its row in two. Then no row of that source is believed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from agent.capture import Capture, Command, Unanswered
from agent.facts import Evidence
from agent.messages import Message
from agent.probes import ProbeError, wifi_info, wifi_security
from agent.probes.wifi_security import Security

LIST = Command("cmd wifi list-networks", Message("which networks are saved, and which of them are open"))
COMMANDS = (LIST, wifi_info.DUMP)


@dataclass(frozen=True, slots=True)
class Network:
    """One saved network.

    name: None where it was not printed exactly. joins: whether the phone joins it by itself, None where it
    does not say. security: every protection it may be joined with, empty where the phone does not tell; None
    among them is one that the contract has no word for.
    """

    number: int
    name: str | None
    security: frozenset[Security | None]
    joins: bool | None
    evidence: Evidence

    @property
    def single_security(self) -> Security | None:
        """The only protection with which it is joined, if it has one alone and that has a word."""
        return next(iter(self.security)) if len(self.security) == 1 else None


@dataclass(frozen=True, slots=True)
class Saved:
    """The saved networks as one source tells them, by number, and the line that begins the list.

    whole: the list has its end, so what is not in it is not saved.
    """

    networks: Mapping[int, Network]
    whole: bool
    evidence: Evidence


_BROKEN = Message(
    "`{command}` has a line that the check cannot read, perhaps a network's own name; please look by hand"
)


def read(capture: Capture) -> tuple[tuple[Saved, ...], Unanswered | None]:
    """Return what each source tells (none, one or both), and why the first silent one gave nothing."""
    told: list[Saved] = []
    silent: Unanswered | None = None
    for command, parse in ((LIST, parse_list), (wifi_info.DUMP, parse_dump)):
        try:
            told.append(parse(capture.text(command)))
        except Unanswered as error:
            silent = silent or error
    return tuple(told), silent


_HEADER = re.compile(r"Network Id\s+SSID\s+Security type\s*")
_NUMBER = re.compile(r"(\d{1,9}) *")


def parse_list(text: str) -> Saved:
    """Read `cmd wifi list-networks`; ProbeError where a row is not in its columns."""
    lines = [line for line in text.split("\n") if line.strip()]
    if lines and lines[0].strip() == "No networks":
        return Saved({}, whole=True, evidence=Evidence.of(LIST.key, lines[0]))
    if not lines or not _HEADER.fullmatch(lines[0]):
        raise ProbeError(replace(_BROKEN, values={"command": LIST.key}))
    networks: dict[int, Network] = {}
    for line in lines[1:]:
        row = _row(line)
        if row is None:
            raise ProbeError(replace(_BROKEN, values={"command": LIST.key}))
        if (other := networks.get(row.number)) is not None:
            row = replace(other, security=other.security | row.security)
        networks[row.number] = row
    return Saved(networks, whole=True, evidence=Evidence.of(LIST.key, lines[0]))


def _row(line: str) -> Network | None:
    """Cut one row at its columns: 12 units, a space, 32 units, a space, the protection."""
    units = line.encode("utf-16-le")
    columns = [
        units[start:end].decode("utf-16-le", "replace") for start, end in ((0, 26), (26, 90), (90, 92), (92, None))
    ]
    number, security = _NUMBER.fullmatch(columns[0]), wifi_security.of_list(columns[3].rstrip())
    if number is None or columns[2] != " " or security is None:
        return None
    return Network(
        number=int(number[1]),
        name=wifi_info.exact(columns[1].rstrip(" ")),
        security=security,
        joins=None,
        evidence=Evidence.of(LIST.key, line),
    )


_BLOCK = re.compile(
    r"^WifiConfigManager - Configured networks Begin ----$(?P<body>.*?)"
    r"^WifiConfigManager - Configured networks End ----$",
    re.MULTILINE | re.DOTALL,
)
# API 25, below what is supported: it has no end mark, so it tells how a network is protected and not what is absent.
_OLD_BLOCK = re.compile(
    r"^Dump of WifiConfigManager\n(?:mLast\w+ .*\n)?Configured networks\n(?P<body>.*)", re.MULTILINE | re.DOTALL
)
_START = re.compile(r"^(?:\* |- DSBLE )*ID: (?P<number>-?\d{1,9}) SSID: ", re.MULTILINE)
_PROVIDER = " PROVIDER-NAME: "
_REST = re.compile(r".{0,400} BSSID: (?:[0-9A-Fa-fxX*:]{17}|null|any|) FQDN: (?P<fqdn>\S{1,253}) ")
_KEYS = re.compile(r"^ KeyMgmt:(?P<words>[A-Z0-9_ ]*?) Protocols:", re.MULTILINE)
_AUTH = re.compile(r"^ AuthAlgorithms:(?P<words>[A-Z0-9_ ]*)$", re.MULTILINE)
_PARAMS = re.compile(r"^SecurityParams List:\s*$", re.MULTILINE)
_TYPE = re.compile(r"^ Type: (\d{1,3})$", re.MULTILINE)
_JOINS = re.compile(r"\ballowAutojoin=(true|false)\b")
_EPHEMERAL = re.compile(r"^ (?:[A-Za-z]+ )*ephemeral(?: [A-Za-z]+)*\s*$", re.MULTILINE)


def parse_dump(text: str) -> Saved:
    """Read the configured networks of `dumpsys wifi`, whole or as cut on the phone; ProbeError where one is broken."""
    whole = _BLOCK.search(text)
    block = whole or _OLD_BLOCK.search(text)
    if block is None:
        raise ProbeError(
            Message(
                "`{command}` does not hold the whole list of saved networks; scan again",
                {"command": wifi_info.DUMP.key},
            )
        )
    networks = {network.number: network for network in _entries(block["body"])}
    return Saved(networks, whole=whole is not None, evidence=Evidence.of(wifi_info.DUMP.key, block[0].split("\n")[0]))


def _entries(body: str) -> Iterator[Network]:
    starts = list(_START.finditer(body))
    ends = [*(start.start() for start in starts), len(body)][1:]
    for start, end in zip(starts, ends, strict=True):
        entry = body[start.start() : end]
        header = entry.split("\n")[0]
        name, provider, rest = header[start.end() - start.start() :].partition(_PROVIDER)
        tail = _REST.match(rest)
        if not provider or tail is None:
            raise ProbeError(replace(_BROKEN, values={"command": wifi_info.DUMP.key}))
        if _EPHEMERAL.search(entry):
            continue
        joins = _JOINS.search(entry)
        yield Network(
            number=int(start["number"]),
            name=None if _PROVIDER in rest else wifi_info.exact_name(name),
            security=_security(entry, passpoint=tail["fqdn"] != "null"),
            joins=joins[1] == "true" if joins else None,
            evidence=Evidence.of(wifi_info.DUMP.key, _shown(header, entry)),
        )


def _security(entry: str, *, passpoint: bool) -> frozenset[Security | None]:
    if passpoint:
        return frozenset({"passpoint"})
    if (params := _PARAMS.search(entry)) and (types := _TYPE.findall(entry, params.end())):
        return frozenset(wifi_security.BY_NUMBER.get(int(number)) for number in types)
    keys, auth = _KEYS.search(entry), _AUTH.search(entry)
    if keys is None:
        return frozenset()
    return wifi_security.of_key_management(keys["words"].split(), auth["words"].split() if auth else ())


def _shown(header: str, entry: str) -> str:
    """The lines that decide, without what names the network's provider."""
    keys, auth = _KEYS.search(entry), _AUTH.search(entry)
    words = [header.partition(_PROVIDER)[0], keys[0].strip() if keys else "", auth[0].strip() if auth else ""]
    return ", ".join(word for word in words if word)
