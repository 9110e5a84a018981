"""Rows of `dumpsys netstats`: how many bytes one app moved over one network, in buckets of time.

Under `UID stats:` stands `Complete history:` (with `--full`) or `History since boot:` (without), then for each
`ident=[{…}] uid=N set=S tag=T` a line `NetworkStatsHistory: bucketDuration=SECONDS` and its buckets
`st=EPOCH rb=… rp=… tb=… tp=… op=…` (NetworkStatsService.dump, NetworkStatsCollection.dump, NetworkIdentity.toString,
NetworkStatsHistory.dump; API 26 to 36). A network is named `networkId="name"` to API 32, after that
`wifiNetworkKey="name"PROTECTION[-USER]` in AOSP's words or in those of `list-networks`; the type is a word to API
30, then a number.

A network's name is a stranger's: it stands in the middle of a line that is matched whole, from both ends. A line
that does not fit raises, since a row left out would be a network left out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from agent.capture import quoted
from agent.messages import Message
from agent.probes import ProbeError, wifi_info, wifi_security
from agent.probes.wifi_security import Security


@dataclass(frozen=True, slots=True)
class Bucket:
    """Bytes, both ways, that moved some time in these seconds since 1970."""

    start: int
    end: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Row:
    """One app's traffic over one network. kind: `wifi`, `cellular`, `vpn` or another word.

    name: a Wi-Fi network's name, None where the phone hides it. security: None where the row does not tell.
    """

    uid: int
    kind: str
    name: str | None
    security: Security | None
    buckets: tuple[Bucket, ...]
    line: str


_SECTION = re.compile(r"^UID stats:[ \t]*$", re.MULTILINE)
_NEXT = re.compile(r"^\S", re.MULTILINE)
_COMPLETE = re.compile(r"^ +Complete history:[ \t]*$", re.MULTILINE)
_SINCE_BOOT = re.compile(r"^ +History since boot:[ \t]*$", re.MULTILINE)


def rows(text: str, app_ids: frozenset[int]) -> Iterator[Row]:
    """Yield the rows of these apps in every user (uid = user times 100,000 + app id), tagged traffic left out.

    Errors: ProbeError where the history is not the complete one, was cut, or has a line in an unknown form.
    """
    section = _SECTION.search(text)
    if section is None:
        raise ProbeError(Message("`dumpsys netstats` does not tell what each app moved; scan the phone itself"))
    following = _NEXT.search(text, section.end())
    if following is None and not text.endswith("\n"):
        raise ProbeError(Message("`dumpsys netstats` breaks off, so networks may be missing; scan again"))
    body = text[section.end() : following.start() if following else len(text)]
    if _SINCE_BOOT.search(body) or not _COMPLETE.search(body):
        raise ProbeError(
            Message(
                "`dumpsys netstats` holds only what moved since the last start, not the month; scan the phone itself"
            )
        )
    head: re.Match[str] | None = None
    lines: list[str] = []
    for line in body.split("\n"):
        if line.lstrip().startswith("ident="):
            if head is not None:
                yield from _row(head, lines)
            head, lines = _head(line, app_ids), []
        elif line.strip():
            lines.append(line)
    if head is not None:
        yield from _row(head, lines)


_TAIL = r"(?:, (?:defaultNetwork|oemManaged|subId|transports)=(?:\{[\d, ]{0,40}\}|[\w|&-]{1,60})){0,6}"
_END = (
    rf", metered=(?:true|false){_TAIL}\}}\]"
    r" uid=(?P<uid>-?\d{1,10}) set=(?P<set>[A-Z_0-9]+) tag=(?P<tag>0x[0-9a-f]+) *$"
)
_OWNER = re.compile(_END)
_IDENT = re.compile(
    r" *ident=\[\{type=(?P<type>-?\w{1,30})(?:, (?:subType|ratType)=[^,\"]{1,40})?(?:, subscriberId=[^,\"]{0,40})?"
    rf"(?:, (?P<form>networkId|wifiNetworkKey)=(?P<key>.{{0,200}}))?(?:, ROAMING)?{_END}"
)


def _head(line: str, app_ids: frozenset[int]) -> re.Match[str] | None:
    """Match an `ident=` line of these apps, None for another's.

    Whose it is stands after the name, in more bytes than a name can have. Several networks under one key
    cannot be told from a name that looks like them.
    """
    owner = _OWNER.search(line)
    if owner is None:
        raise _unreadable(line)
    if int(owner["uid"]) < 0 or int(owner["uid"]) % 100_000 not in app_ids:
        return None
    found = _IDENT.fullmatch(line)
    if found is None or "}, {" in line:
        raise _unreadable(line)
    return found


def _unreadable(line: str) -> ProbeError:
    return ProbeError(
        Message(
            "`dumpsys netstats` has a line that the check cannot read, so a network may be missing; "
            "please report it: {line}",
            {"line": quoted(line, 80)},
        )
    )


_DURATION = re.compile(r" *NetworkStatsHistory: bucketDuration=(\d{1,9}) *")
_BUCKET = re.compile(r" *st=(?P<start>\d{1,12})(?P<counters>(?: [a-z]{2}=\d{1,19}){2,6}) *")


def _row(head: re.Match[str], lines: list[str]) -> Iterator[Row]:
    if head["set"] not in ("DEFAULT", "FOREGROUND") or int(head["tag"], 16):
        return
    duration = _DURATION.fullmatch(lines[0]) if lines else None
    if duration is None:
        raise _unreadable(lines[0] if lines else head[0])
    kind = _kind(head["type"])
    name, security = _network(head["form"], head["key"] or "") if kind == "wifi" else (None, None)
    buckets = tuple(_bucket(line, int(duration[1])) for line in lines[1:])
    yield Row(int(head["uid"]), kind, name, security, buckets, head[0].strip())


def _bucket(line: str, duration: int) -> Bucket:
    """One bucket; a line of another form, `(omitting 40 buckets)` too, means that bytes are missing."""
    found = _BUCKET.fullmatch(line)
    counters = dict(pair.split("=") for pair in found["counters"].split()) if found else {}
    if found is None or not {"rb", "tb"} <= counters.keys():
        raise _unreadable(line)
    start = int(found["start"])
    return Bucket(start, start + duration, int(counters["rb"]) + int(counters["tb"]))


_KINDS = {"0": "cellular", "1": "wifi", "7": "bluetooth", "9": "ethernet", "17": "vpn"}


def _kind(word: str) -> str:
    if word.startswith("MOBILE"):
        return "cellular"
    return _KINDS.get(word) or (word.lower() if word.isascii() and word.isalpha() else f"network of type {word}")


_KEYS = "|".join(re.escape(word) for word in sorted(wifi_security.BY_WORD, key=len, reverse=True))
_QUOTED_KEY = re.compile(rf"(?P<name>\".*\")(?P<word>{_KEYS})?(?:-\d{{1,9}})?")
_HEXADECIMAL_KEY = re.compile(rf"(?P<name>(?:[0-9a-f]{{2}}){{1,32}})(?P<word>{_KEYS})?(?:-\d{{1,9}})?")


def _network(form: str | None, key: str) -> tuple[str | None, Security | None]:
    """Split a network's key into its name and its protection; the protection follows the last quote."""
    if form is None or key in ("", "null", "<unknown ssid>"):
        return None, None
    if form == "networkId":
        name = wifi_info.exact_name(key)
        if name is None:
            raise _unreadable(key)
        return name, None
    found = _QUOTED_KEY.fullmatch(key) or _HEXADECIMAL_KEY.fullmatch(key)
    if found is None:
        # Passpoint's key is its own: no quotes, and no network's name.
        if re.fullmatch(r"[\w.:@-]{1,200}", key):
            return key, "passpoint"
        raise _unreadable(key)
    name = wifi_info.exact_name(found["name"])
    if name is None:
        raise _unreadable(key)
    return name, wifi_security.BY_WORD[found["word"]] if found["word"] else None
