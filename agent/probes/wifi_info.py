"""The link to a Wi-Fi network as Android's `WifiInfo` tells it: from `cmd wifi status` and `dumpsys wifi`.

`WifiInfo.toString` prints `SSID: N, BSSID: …, MAC: …, [IP: …, ][Security type: N, ]Supplicant state: …`
(WifiInfo.java, API 26 to 36; the type from API 31, the address from 33). The name is bare up to API 30, in
quotes or bare hexadecimal from 31 on. `cmd wifi status` answers shell from API 30 on (WifiShellCommand.java).

Whoever sets up an access point writes the name, up to 32 bytes of anything. What follows it is therefore
matched whole (`_AFTER_NAME`, over 40 bytes, so no name can hold it), and a name that could not be printed
exactly (with a line break, or bytes that are no UTF-8) is not given at all.
"""

import re
from dataclasses import dataclass, replace

from agent.capture import Command
from agent.facts import Evidence
from agent.messages import Message
from agent.probes import ProbeError

STATUS: Command = Command(
    "cmd wifi status", Message("whether the phone is on Wi-Fi, on which network, and how it is protected")
)
DUMP: Command = Command(
    "dumpsys wifi",
    Message("the Wi-Fi in use where `cmd wifi` cannot tell (before Android 11), and how saved networks are protected"),
    # The dump is large and holds neighbours' networks, places and identities: only these lines leave the phone.
    script=(
        "dumpsys wifi | sed -n -E -e '1p' -e '/^\\*\\*\\* SERVICE/p' -e '/^Wi-Fi is /p' -e '/^mWifiInfo/p'"
        " -e '/^WifiConfigManager - Configured networks Begin/,/^WifiConfigManager - Configured networks End/{"
        "/^WifiConfigManager - /p; /^(\\* |- DSBLE )*ID: /p; /^ KeyMgmt: /p; /^ AuthAlgorithms:/p;"
        " /^SecurityParams List:/p; /^ Type: /p; /^ [A-Za-z ]*$/p; s/^ .*(allowAutojoin=[a-z]*).*/ \\1/p;}'"
    ),
)

_MAC = r"(?:[0-9A-Fa-fxX*]{2}:){5}[0-9A-Fa-fxX*]{2}|<none>|null"
# Makers add fields. None may pass over the address, so what begins inside a name cannot end behind it.
_OTHER = r"(?:(?!BSSID|SSID|Security type|Supplicant state)[A-Z][A-Za-z -]{0,30}: [^,\"\s]{1,64}, ){0,4}"
_AFTER_NAME = re.compile(
    rf", BSSID: (?P<bssid>{_MAC}|any), MAC: (?:{_MAC}), {_OTHER}"
    rf"(?:(?P<security>Security type: (?P<type>-?\d{{1,3}})), )?{_OTHER}"
    r"(?P<state>Supplicant state: (?P<word>[A-Z_0-9]+)), "
)
_NET_ID = re.compile(r'[^"\n]{0,600}?\bNet ID: (?P<id>-?\d{1,9})\b')
_BSSID = re.compile(r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")
_HEXADECIMAL = re.compile(r"(?:[0-9A-Fa-f]{2}){1,32}")
_NOWHERE = {"00:00:00:00:00:00", "02:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"}  # the second is Android's redaction

_NOT_CONNECTED = {"DISCONNECTED", "INTERFACE_DISABLED", "INACTIVE", "SCANNING", "DORMANT", "UNINITIALIZED", "INVALID"}


@dataclass(frozen=True, slots=True)
class Link:
    """The phone is on a Wi-Fi network. Each part is None where the phone did not prove it.

    ssid: as in the air; a name that is no UTF-8 in hexadecimal, as Android writes it. bssid: lower case.
    net_id: the saved network's number. security_type: Android's number, API 31 and later.
    """

    ssid: str | None
    bssid: str | None
    net_id: int | None
    security_type: int | None
    ssid_evidence: Evidence
    bssid_evidence: Evidence
    security_evidence: Evidence


@dataclass(frozen=True, slots=True)
class NoLink:
    """The phone is on no Wi-Fi network, and the line that says so."""

    evidence: Evidence


_FORM = Message("`{command}` is in a form that the check does not know; please report it")
_UNAVAILABLE = Message("Wi-Fi was just being switched (`{answer}`); scan again in a minute")
_CONNECTING = Message("the phone was just connecting to Wi-Fi; scan again in a minute")
_DISAGREE = Message("`{command}` tells of two different Wi-Fi networks; scan again")


_CONNECTED = "Wifi is connected to "
_SAYS = re.compile(rf"^(?:Wifi is (?:disabled|not connected)$|Wifi is unavailable|{_CONNECTED})", re.MULTILINE)


def parse_status(text: str) -> Link | NoLink:
    """Read the answer of `cmd wifi status`; ProbeError where it does not say whether there is a link.

    All before the first of these lines is Android's own, so no name can put one there.
    """
    says = _SAYS.search(text)
    if says is None:
        raise ProbeError(replace(_FORM, values={"command": STATUS.key}))
    if says[0] == "Wifi is unavailable":
        raise ProbeError(replace(_UNAVAILABLE, values={"answer": says[0]}))
    if says[0] != _CONNECTED:
        return NoLink(Evidence.of(STATUS.key, says[0]))
    rest = text[says.end() :]
    after = _AFTER_NAME.search(rest)
    if after is None:
        raise ProbeError(replace(_FORM, values={"command": STATUS.key}))
    return _link(STATUS.key, _twice(rest[: after.start()]), after, rest[: after.start()].split("\n")[0])


_BETWEEN = ("\nWifiInfo: SSID: ", "\nConnection Details: SSID: ")


def _twice(text: str) -> str | None:
    """Find the name in `"name"⏎WifiInfo: SSID: "name"` (API 31) or `"name"⏎WifiInfo: SSID: name` (API 30).

    The same name stands before and after the mark, so its length follows from the length of the whole: a
    name that holds the mark itself cannot move it.
    """
    for between in _BETWEEN:
        for quotes in (0, 2):
            length, odd = divmod(len(text) - len(between) + quotes, 2)
            first, last = text[:length], text[length + len(between) :]
            if odd or length < 1 or text[length : length + len(between)] != between:
                continue
            if first == (last if not quotes else f'"{last}"'):
                return first
    return None


_LINE = re.compile(r"mWifiInfo:? \[?SSID: ")


def parse_dump(text: str) -> Link | NoLink:
    """Read every `mWifiInfo` line of `dumpsys wifi` (vivo prints one more, in brackets); they must agree.

    A line without what must follow the name was broken by the name itself: then none of them is believed.
    """
    lines = [line for line in text.split("\n") if line.startswith("mWifiInfo")]
    off = re.search(r"^Wi-Fi is disabled$", text, re.MULTILINE)
    links: list[Link] = []
    idle: list[NoLink] = []
    for line in lines:
        start, after = _LINE.match(line), _AFTER_NAME.search(line)
        if start is None or after is None:
            raise ProbeError(replace(_FORM, values={"command": DUMP.key}))
        if after["word"] in _NOT_CONNECTED:
            idle.append(NoLink(Evidence.of(DUMP.key, f"mWifiInfo {after['state']}")))
        elif after["word"] == "COMPLETED":
            name = line[start.end() : after.start()]
            quoted = f'"{name}"' if after["type"] is None and name != "<unknown ssid>" else name
            links.append(_link(DUMP.key, quoted, after, f"mWifiInfo SSID: {name}"))
        else:
            raise ProbeError(_CONNECTING)
    if len({(link.ssid, link.bssid, link.net_id, link.security_type) for link in links}) > 1 or (links and off):
        raise ProbeError(replace(_DISAGREE, values={"command": DUMP.key}))
    if links:
        return links[0]
    if off is not None:
        return NoLink(Evidence.of(DUMP.key, off[0]))
    if idle:
        return idle[0]
    raise ProbeError(replace(_FORM, values={"command": DUMP.key}))


def _link(source: str, printed: str | None, after: re.Match[str], first_line: str) -> Link:
    """Make a Link of the name as printed (in quotes where it is text) and what follows it."""
    line = first_line if first_line.startswith("mWifiInfo") else _CONNECTED + first_line
    bssid = after["bssid"].lower()
    net_id = _NET_ID.match(after.string, after.end())
    security = after["security"] or f"Net ID: {net_id['id'] if net_id else 'none'}"
    return Link(
        ssid=exact_name(printed) if printed is not None else None,
        bssid=bssid if _BSSID.fullmatch(bssid) and bssid not in _NOWHERE else None,
        net_id=int(net_id["id"]) if net_id and int(net_id["id"]) >= 0 else None,
        security_type=int(after["type"]) if after["type"] is not None else None,
        ssid_evidence=Evidence.of(source, line),
        bssid_evidence=Evidence.of(source, f"WifiInfo: BSSID: {after['bssid']}"),
        security_evidence=Evidence.of(source, f"WifiInfo: {security}, {after['state']}"),
    )


def exact_name(printed: str) -> str | None:
    """Return the network's name from `"text"` or bare hexadecimal; None where it is hidden or not exact."""
    if len(printed) >= 2 and printed[0] == printed[-1] == '"':
        return exact(printed[1:-1])
    if not _HEXADECIMAL.fullmatch(printed):
        return None
    try:
        text = bytes.fromhex(printed).decode()
    except UnicodeDecodeError:
        return printed.lower()
    return text if text.isprintable() else printed.lower()


def exact(name: str) -> str | None:
    """Return the name, or None where a line break or a replaced character shows that it was not printed whole."""
    whole = 1 <= len(name.encode()) <= 32 and "\n" not in name and "\N{REPLACEMENT CHARACTER}" not in name
    return name if whole else None
