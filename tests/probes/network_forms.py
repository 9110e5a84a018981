"""What Android prints about networks, written from AOSP's format strings by API level, for the parsers to read back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hypothesis import strategies as st

from agent.capture import Answer, Capture

AT = datetime(2026, 5, 4, 15, 30, tzinfo=UTC)


def capture(**answers: str | bytes) -> Capture:
    """Keys with `_` for a space and `__` for `-`: `cmd_wifi_list__networks`."""
    named = {
        key.replace("__", "-").replace("_", " "): Answer(text if isinstance(text, bytes) else text.encode())
        for key, text in answers.items()
    }
    return Capture("capture", AT, named)


# Names that look like what stands beside them, cut to the 32 bytes that an access point may announce.
_PIECES = [
    ", BSSID: ",
    "02:aa:bb:cc:dd:ee",
    "<none>",
    ", MAC: ",
    ", IP: /1",
    ", A: b",
    ", BSSID: null, MAC: null, ",
    ", Security type: 2",
    ", Supplicant state: COMPLETED, ",
    "\n",
    "\nWifiInfo: SSID: ",
    "\nmWifiInfo SSID: ",
    "WifiInfo: SSID: ",
    "\nWifi is not connected\n",
    "Wifi is connected to ",
    '"',
    '" PROVIDER-NAME: ',
    " BSSID: ",
    " FQDN: ",
    " BSSID: any FQDN: null ",
    "\nID: 8 SSID: ",
    "ID: 8 SSID: ",
    "\n KeyMgmt: WPA_PSK Protocols:",
    "\n8            Taller",
    "open",
    "  ",
    "}  network{9}  ",
    "  nc{[ Transports: VPN ",
    "  lp{{InterfaceName: ",
    "lastCaptivePortalDetected{false}",
    "\n  NetworkAgentInfo{ ni{",
    '", metered=false',
    '"}] uid=10140 set=A tag=0x0',
    "}, {type=0",
    " uid=10140 set=DEFAULT",
    '"wpa2-psk',
    "\r",
    "\0",
    "\u2028",
    "\x85",
    "é",
    "東京",
    "😀",
    "\N{REPLACEMENT CHARACTER}",
    "a",
]


def _cut(text: str) -> bytes:
    return text.encode()[:32].decode(errors="ignore").encode()


ORDINARY = (
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=32)
    .map(_cut)
    .filter(lambda name: bool(name) and b"\xef\xbf\xbd" not in name)
)
HOSTILE = st.one_of(
    st.lists(st.sampled_from(_PIECES), min_size=1, max_size=6).map(lambda pieces: _cut("".join(pieces))).filter(bool),
    st.text(min_size=1, max_size=32).map(lambda text: _cut(text.encode(errors="replace").decode())).filter(bool),
    st.binary(min_size=1, max_size=32),
)


def text_of(name: bytes) -> str | None:
    """The name as text, None where it is none."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        return None


def shown(name: bytes) -> str:
    """How a network's name is reported when it can be known: as text, else in hexadecimal."""
    text = text_of(name)
    return name.hex() if text is None else text


def quoted_or_hexadecimal(name: bytes) -> str:
    """WifiSsid.toString from API 31, and what a saved network's SSID field holds on all."""
    text = text_of(name)
    return name.hex() if text is None else f'"{text}"'


def wifi_ssid(api: int, name: bytes) -> str:
    """The name in WifiInfo.toString."""
    return quoted_or_hexadecimal(name) if api >= 31 else name.decode(errors="replace")


def get_ssid(api: int, name: bytes) -> str:
    """WifiInfo.getSSID, which `cmd wifi status` prints."""
    return quoted_or_hexadecimal(name) if api >= 31 else f'"{name.decode(errors="replace")}"'


@dataclass(frozen=True, slots=True)
class Joined:
    """A Wi-Fi network in use."""

    name: bytes
    bssid: str = "3c:84:6a:10:20:31"
    net_id: int = 3
    security: int = 0
    state: str = "COMPLETED"


def wifi_info(api: int, joined: Joined) -> str:
    """WifiInfo.toString."""
    head = f"SSID: {wifi_ssid(api, joined.name)}, BSSID: {joined.bssid}, MAC: 5e:11:90:aa:20:07, "
    if api >= 33:
        head += "IP: /10.20.4.37, "
    if api >= 31:
        head += f"Security type: {joined.security}, "
    head += f"Supplicant state: {joined.state}, "
    if api >= 30:
        head += f"Wi-Fi standard: {'11ax' if api >= 35 else 6}, "
    head += "RSSI: -52, Link speed: 573Mbps, "
    if api >= 29:
        head += "Tx Link speed: 573Mbps, Rx Link speed: 516Mbps, "
    head += f"Frequency: 5180MHz, Net ID: {joined.net_id}, Metered hint: false, score: 60"
    if api >= 33:
        key = f"{get_ssid(api, joined.name)}wpa2-psk"
        head += f", IsPrimary: 1, FQDN: <none>, Requesting package name: <none>{key}MLO Information: , AP MLD: <none>"
    return head


def wifi_status(api: int, joined: Joined | None) -> str:
    """`cmd wifi status`, API 30 and later."""
    lines = ["Wifi is enabled", "Wifi scanning is always available"]
    if api >= 31:
        lines.append("==== Primary ClientModeManager instance ====")
    if joined is None:
        lines.append("Wifi is not connected")
    else:
        lines += [f"Wifi is connected to {get_ssid(api, joined.name)}", f"WifiInfo: {wifi_info(api, joined)}"]
        lines += [
            "successfulTxPackets: 51822",
            "NetworkCapabilities: [ Transports: WIFI TransportInfo: <SSID: <unknown ssid>",
        ]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved network. key_management and auth_algorithms in the words of WifiConfiguration; types from API 31."""

    net_id: int
    name: bytes
    key_management: str = "WPA_PSK"
    auth_algorithms: str = "OPEN"
    types: tuple[int, ...] = (2,)
    words: tuple[str, ...] = ("wpa2-psk",)
    joins: bool = True
    current: bool = False


def wifi_dump(api: int, joined: Joined | None, saved: Sequence[Saved] = (), *, enabled: bool = True) -> str:
    """`dumpsys wifi`: the parts that matter, in their order."""
    lines = [f"Wi-Fi is {'enabled' if enabled else 'disabled'}", "Stay-awake conditions: 0", "mScreenOff false"]
    if joined is not None:
        lines.append(f"mWifiInfo {wifi_info(api, joined)}")
    elif api < 31:
        lines.append(
            "mWifiInfo SSID: <unknown ssid>, BSSID: <none>, MAC: 5e:11:90:aa:20:07, Supplicant state: DISCONNECTED, "
            "RSSI: -127, Link speed: -1Mbps, Frequency: -1MHz, Net ID: -1, Metered hint: false, score: 0"
        )
    lines.append("WifiConfigManager - Configured networks Begin ----")
    for network in saved:
        lines += [*_configured(api, network), ""]
    lines += [
        "WifiConfigManager - Configured networks End ----",
        "WifiConfigManager - Next network ID to be allocated 9",
    ]
    return "\n".join(lines) + "\n"


def _configured(api: int, network: Saved) -> list[str]:
    mark = "* " if network.current else ""
    home = "HOME-PROVIDER-NETWORK: false " if api >= 31 else ""
    lines = [
        f"{mark}ID: {network.net_id} SSID: {quoted_or_hexadecimal(network.name)} PROVIDER-NAME: null BSSID: null"
        f" FQDN: null {home}PRIO: 0 HIDDEN: false",
        " NetworkSelectionStatus NETWORK_SELECTION_ENABLED",
        " hasEverConnected: true",
    ]
    if api >= 31:
        lines += [
            "mCandidateSecurityParams: Security Parameters:",
            " Type: 2",
            " KeyMgmt: WPA_PSK",
            " Protocols: WPA RSN",
        ]
    lines += [
        " validatedInternetAccess",
        f" KeyMgmt: {network.key_management} Protocols: WPA RSN",
        f" AuthAlgorithms: {network.auth_algorithms}".rstrip(),
        " PairwiseCiphers: TKIP CCMP",
        " GroupCiphers: WEP40 WEP104 TKIP CCMP",
        " PSK/SAE: *" if api >= 31 else " PSK: *",
    ]
    if api >= 31:
        lines.append("SecurityParams List:")
        for number in network.types:
            lines += ["Security Parameters:", f" Type: {number}", " Enabled: true", " KeyMgmt: X"]
    joins = f" allowAutojoin={str(network.joins).lower()}" if api >= 30 else ""
    lines.append(
        f" cuid=1000 cname=android.uid.system:1000 luid=1000 lcuid=1000{joins} noInternetAccessExpected=false "
    )
    return lines


def list_networks(saved: Sequence[Saved]) -> str:
    """`cmd wifi list-networks`: Java pads to UTF-16 units."""
    if not saved:
        return "No networks\n"
    lines = ["Network Id      SSID                         Security type"]
    for network in saved:
        name = network.name.hex() if text_of(network.name) is None else network.name.decode()
        units = len(name.encode("utf-16-le", "surrogatepass")) // 2
        lines += [f"{network.net_id:<12} {name}{' ' * (32 - units)} {word}" for word in network.words]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Agent:
    """A network of `dumpsys connectivity`."""

    number: int
    transports: str = "WIFI"
    words: tuple[str, ...] = ("INTERNET", "NOT_VPN", "VALIDATED")
    name: bytes = b""
    domains: str = "null"
    portal: bool = False
    underlying: tuple[int, ...] = ()
    uids: str = ""
    state: str = "CONNECTED"


def agent_line(api: int, agent: Agent) -> str:
    """NetworkAgentInfo.toString."""
    validated = "VALIDATED" in agent.words
    interface = {"WIFI": "wlan0", "CELLULAR": "rmnet0"}.get(agent.transports, "tun0")
    link = (
        f"lp{{{{InterfaceName: {interface} LinkAddresses: [ 10.20.4.37/24 ] DnsAddresses: [ /10.20.4.1 ] "
        f"Domains: {agent.domains} MTU: 0 Routes: [ 0.0.0.0/0 -> 10.20.4.1 wlan0 mtu 0 ]}}}}"
    )
    information = ""
    if agent.name and api >= 29:
        info = wifi_info(api, Joined(agent.name, bssid="02:00:00:00:00:00"))
        information = f" TransportInfo: <{info}> SignalStrength: -52"
    name = f" SSID: {quoted_or_hexadecimal(agent.name)}" if agent.name and api >= 28 else ""
    beneath = (
        f" UnderlyingNetworks: [{', '.join(map(str, agent.underlying))}]" if agent.underlying and api >= 31 else ""
    )
    capabilities = (
        f"nc{{[ Transports: {agent.transports} Capabilities: {'&'.join(agent.words)} LinkUpBandwidth>=1Kbps"
        f"{information}{agent.uids}{name}{beneath}]}}"
    )
    if api >= 31:
        flags = _flags(api, agent, validated=validated)
        extra = f" extra: {get_ssid(api, agent.name) if api < 33 else ''}" if agent.name else ""
        kind = agent.transports.rpartition("|")[2].replace("CELLULAR", "MOBILE[LTE]")
        return (
            f"  NetworkAgentInfo{{network{{{agent.number}}}  handle{{{agent.number << 32}}}  "
            f"ni{{{kind} {agent.state}{extra}}} "
            f"{'created=2026-05-04T20:57:59.102Z ' if api >= 34 else ''}"
            f"Score(Policies : IS_UNMETERED ; KeepConnected : 0){flags}  {link}  {capabilities}"
            f"{'  factorySerialNumber=7' if api >= 33 else ''}}}"
        )
    extra = quoted_or_hexadecimal(agent.name) if agent.name else "(none)"
    return (
        f"  NetworkAgentInfo{{ ni{{[type: {agent.transports}[], state: {agent.state}/{agent.state}, "
        f"reason: (unspecified), extra: {extra}, failover: false, available: true, roaming: false]}}  "
        f"network{{{agent.number}}}  nethandle{{{agent.number << 32}}}  {link}  {capabilities}  Score{{60}}  "
        f"everValidated{{{str(validated).lower()}}}  lastValidated{{{str(validated).lower()}}}  created{{true}} "
        f"lingering{{false}} explicitlySelected{{false}} acceptUnvalidated{{false}} "
        f"everCaptivePortalDetected{{{str(agent.portal).lower()}}} "
        f"lastCaptivePortalDetected{{{str(agent.portal).lower()}}} clat{{null}} }}"
    )


def _flags(api: int, agent: Agent, *, validated: bool) -> str:
    beneath = f" underlying{{[{', '.join(map(str, agent.underlying))}]}}" if agent.underlying else ""
    if api >= 34:
        times = "  created 34031" + (" firstValidated 34551 lastValidated 34551" if validated else "")
        return times + (" currentCaptivePortalDetected 34400" if agent.portal else "") + beneath
    portal = " isCaptivePortal everCaptivePortal" if agent.portal else ""
    return ("  everValidated lastValidated" if validated else "  ") + " created" + portal + beneath


def connectivity(api: int, default: int | None, agents: Sequence[Agent], *, log: str = "") -> str:
    """`dumpsys connectivity`: the parts that matter, in their order."""
    lines = ["NetworkProviders for:", "  7: WifiNetworkFactory", ""]
    lines += [f"Active default network: {'none' if default is None else default}", "", "Current Networks:"]
    for agent in agents:
        lines += [agent_line(api, agent), "    Requests: REQUEST:1 LISTEN:3 BACKGROUND_REQUEST:0 total:4"]
    return "\n".join([*lines, "", "Network Requests:", "", "mValidationLogs (most recent first):", log]) + "\n"


@dataclass(frozen=True, slots=True)
class Traffic:
    """One row of netstats. ident: what stands between the braces after the type."""

    uid: int
    ident: str
    buckets: Mapping[int, int] = field(default_factory=lambda: {1772000000: 500})
    set: str = "DEFAULT"
    tag: str = "0x0"


def wifi_ident(api: int, name: bytes, word: str = "open") -> str:
    """NetworkIdentity.toString of a Wi-Fi network."""
    shown_name = quoted_or_hexadecimal(name)
    if api >= 33:
        return (
            f"type=1, ratType=COMBINED, wifiNetworkKey={shown_name}{word}, metered=false, defaultNetwork=true, subId=-1"
        )
    kind = "WIFI" if api <= 30 else "1"
    return f"type={kind}, subType=COMBINED, networkId={shown_name}, metered=false, defaultNetwork=true"


def netstats(rows: Sequence[Traffic], *, duration: int = 7200, history: str = "Complete history:") -> str:
    """`dumpsys netstats --full --uid`."""
    lines = ["Active interfaces:", "  iface=wlan0 ident=[]", "UID stats:", "  Pending bytes: 1204", f"  {history}"]
    for row in rows:
        lines.append(f"  ident=[{{{row.ident}}}] uid={row.uid} set={row.set} tag={row.tag}")
        lines.append(f"    NetworkStatsHistory: bucketDuration={duration}")
        lines += [f"      st={start} rb={count} rp=1 tb=0 tp=0 op=0" for start, count in row.buckets.items()]
    return "\n".join(lines) + "\n"
