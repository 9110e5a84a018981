"""The networks over which WhatsApp moved data, as far back as the phone keeps it (90 days on API 26 to 36).

Reads `dumpsys netstats --full --uid`, which only needs DUMP, and adds up the rows of WhatsApp's uids in every user
(`netstats_rows`). A VPN's traffic is booked on the network beneath it. Before API 33 a row names a network without
its protection: that is taken from the saved network of this name, if there is one and it has one protection alone.
The bytes of a bucket moved at some time in it, so `first_at` is its beginning and `last_at` its end.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from agent.capture import Capture, Command, Unanswered
from agent.facts import Evidence, Fact, instant, known, not_applicable, unknown
from agent.messages import Message
from agent.probes import ProbeError, configured_networks, netstats_rows
from agent.probes.netstats_rows import Row
from agent.probes.proof import partly, proved
from agent.probes.wifi_security import Security

PACKAGES = ("com.whatsapp", "com.whatsapp.w4b")

# WhatsApp's app ids are looked up on the phone, so that no other app's traffic leaves it. The ids come last: they
# show that the answer is whole. A line broken by a network's name passes too, for the parser to refuse.
_APP_ID = (
    "$(dumpsys package {package} 2>/dev/null | sed -n -E"
    " -e '/Permission Denial|DUMP TIMEOUT/{{s/.*/unknown/p; q;}}'"
    " -e '/^ *Package \\[{package}\\] \\(/,/^ *(userId|appId)=/s/^ *(userId|appId)=([0-9]+).*/\\2/p'"
    " -e '$s/.*/absent/p' | head -n 1)"
)
_OWNER = r"uid=[0-9]*({ids}) set=[A-Z_0-9]+ tag=0x[0-9a-f]+ *$"
_ANY_OWNER = r", metered=[^\"]*[}}]\] uid=-?[0-9]+ set=[A-Z_0-9]+ tag=0x[0-9a-f]+ *$"
_SCRIPT = (
    "a={app}; b={business}; dumpsys netstats --full --uid | sed -n -E"
    " -e '1{{/^UID stats/!p;}}' -e '/^\\*\\*\\* SERVICE/p'"
    " -e '/^ *(UID stats|UID tag stats|Complete history|History since boot):/p'"
    ' -e "/^ *ident=/{{h; / {owner}/p; /{any_owner}/!p; d;}}"'
    ' -e "/^ *(NetworkStatsHistory:|st=|\\(omitting)/{{G; / {owner}/{{s/\\n.*//; p;}}; d;}}";'
    ' echo; echo "app id of com.whatsapp: ${{a:-unknown}}"; echo "app id of com.whatsapp.w4b: ${{b:-unknown}}"'
)

COMMAND: Command = Command(
    "dumpsys netstats",
    Message("over which networks WhatsApp moved data in the past weeks"),
    script=_SCRIPT.format(
        app=_APP_ID.format(package=PACKAGES[0]),
        business=_APP_ID.format(package=PACKAGES[1]),
        owner=_OWNER.format(ids="${a:-x}|${b:-x}"),
        any_owner=_ANY_OWNER.format(),
    ),
    timeout_s=20,
)
COMMANDS = (COMMAND, *configured_networks.COMMANDS)
FACTS = ("network.whatsapp_history",)
PROOF = {
    FACTS[0]: (
        partly("90 days; a network's protection only where it is still saved under this name", 8, 12),
        proved(13, limit="90 days"),
    )
}


def probe(capture: Capture) -> Iterator[Fact]:
    """Give the list of networks, oldest first; [] where the whole history holds no byte of WhatsApp's."""
    name = FACTS[0]
    text = capture.text(COMMAND)
    numbers, evidence = app_ids(capture, text)
    if not numbers:
        yield not_applicable(name, Message("WhatsApp is not installed"), *evidence)
        return
    moved = [row for row in netstats_rows.rows(text, numbers) if any(bucket.bytes for bucket in row.buckets)]
    booked = [row for row in moved if row.kind != "vpn"]
    if moved and not booked:
        why = Message(
            "WhatsApp's data went through a VPN, and the phone does not tell over which network; ask where it was used"
        )
        yield unknown(name, why, *(Evidence.of(COMMAND.key, row.line) for row in moved))
        return
    told = _protections(capture)
    groups: dict[tuple[str, Security | None], list[Row]] = {}
    for row in booked:
        groups.setdefault((_shown(row), row.security or told.get(row.name or "")), []).append(row)
    records = sorted(
        (_record(network, security, rows) for (network, security), rows in groups.items()),
        key=lambda record: (record["first_at"], record["network"]),
    )
    yield known(name, records, *(Evidence.of(COMMAND.key, rows[0].line) for rows in groups.values()), *evidence)


_RESERVED = {"cellular", "ethernet", "bluetooth", "<unknown ssid>"}


def _shown(row: Row) -> str:
    """Name a network so that no access point can pass for another kind: a name like ours keeps its quotes."""
    if row.kind != "wifi":
        return row.kind
    if row.name is None:
        return "<unknown ssid>"
    return f'"{row.name}"' if row.name in _RESERVED or row.name[:1] == row.name[-1:] == '"' else row.name


def _record(network: str, security: Security | None, rows: list[Row]) -> dict[str, Any]:
    buckets = [bucket for row in rows for bucket in row.buckets if bucket.bytes]
    return {
        "network": network,
        "security": security,
        "first_at": instant(_time(min(bucket.start for bucket in buckets))),
        "last_at": instant(_time(max(bucket.end for bucket in buckets))),
        "bytes": sum(bucket.bytes for bucket in buckets),
    }


def _time(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ProbeError(Message("`dumpsys netstats` holds a time that no calendar has; please report it")) from error


def _protections(capture: Capture) -> dict[str, Security]:
    """The protection of each saved name that has one alone, whatever the source."""
    found: dict[str, set[Security | None]] = {}
    for saved in configured_networks.read(capture)[0]:
        for network in saved.networks.values():
            if network.name is not None:
                found.setdefault(network.name, set()).update(network.security or {None})
    alone = {name: next(iter(words)) for name, words in found.items() if len(words) == 1}
    return {name: word for name, word in alone.items() if word is not None}


_LIVE = re.compile(r"^app id of (com\.whatsapp(?:\.w4b)?): (\d{1,6}|absent|unknown)$", re.MULTILINE)


def app_ids(capture: Capture, text: str) -> tuple[frozenset[int], list[Evidence]]:
    """WhatsApp's app ids, from the phone's own look-up or from a list of packages; empty when it is not installed.

    text: what `COMMAND` answered, if it did. Raises ProbeError where neither names any.
    """
    live = dict(_LIVE.findall(text))
    if live.keys() == set(PACKAGES) and "unknown" not in live.values():
        evidence = [Evidence.of(COMMAND.key, f"app id of {package}: {found}") for package, found in live.items()]
        return frozenset(int(found) % 100_000 for found in live.values() if found != "absent"), evidence
    found = {(key, number): line for key, number, line in _listed(capture)}
    if not found:
        raise ProbeError(Message("WhatsApp's number (uid) on this phone is not known; scan the phone itself"))
    return frozenset(number for _, number in found), [Evidence.of(key, line) for (key, _), line in found.items()]


_ROW = re.compile(r"^package:(?:\S*=)?com\.whatsapp(?:\.w4b)?(?: .*)? uid:(\d{5,9})\b.*$", re.MULTILINE)
_DUMPED = re.compile(
    r"^ *Package \[com\.whatsapp(?:\.w4b)?\] \([0-9a-f]+\):\n"
    r"(?: +(?!userId=|appId=|Package )\S.*\n){0,30} +(?:userId|appId)=(\d{5,6})",
    re.MULTILINE,
)


def _listed(capture: Capture) -> Iterator[tuple[str, int, str]]:
    """WhatsApp's numbers in what other checks asked: `pm list packages … -U`, `dumpsys package`."""
    for key in capture.answers:
        pattern = _ROW if key.startswith("pm list packages") else _DUMPED if key.startswith("dumpsys package") else None
        if pattern is None:
            continue
        try:
            text = capture.text(key)
        except Unanswered:
            continue
        for found in pattern.finditer(text):
            yield key, int(found[1]) % 100_000, found[0].split("\n")[-1]
