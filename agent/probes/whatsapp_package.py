"""Which WhatsApp is installed, for which user, from where, and whether it is the real one.

`pm list packages -i -U --user N` for every user (API 26 to 36; without `--user` Android 13 and later mixes them)
says who has it. `dumpsys package` says version, signature, and the state for every user, also for those whom
Android closes to a computer (Secure Folder, work profiles with debugging forbidden). From a bugreport comes the
whole `dumpsys package`, from androidqf its own list. The dump of one app proves nothing about others.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from agent.capture import Capture, Command, Unanswered
from agent.facts import Evidence, Fact, known
from agent.messages import Message
from agent.probes import ProbeError, package_dump
from agent.probes.package_dump import PackageDump
from agent.probes.whatsapp_signature import OFFICIAL, Signature, is_whatsapp, judge

_USERS = r"i=$(pm list users 2>/dev/null | sed -n 's/^[^{]*UserInfo{\([0-9]*\):.*/\1/p')"
# What leaves the phone: names with WhatsApp's in them, and the number of all as proof that the list was given.
_CUT = (
    "sed -n -e '/^package:/!p' -e '/^package:[^ ]*[Ww][Hh][Aa][Tt][Ss]/p' "
    "-e '/^package:com.universe.messenger/p' -e '$='"
)
LIST = Command(
    "pm list packages -i -U whatsapp",
    Message("which user has WhatsApp, or an unofficial build of it, and from which store"),
    script=f'{_USERS}; [ -n "$i" ] || echo users unlisted; for u in ${{i:-0}}; do echo user $u; '
    f"pm list packages -i -U --user $u 2>&1 </dev/null | {_CUT}; done",
)
# `-u` names also what only another user has.
_NAMES = (
    r"for p in com.whatsapp com.whatsapp.w4b $(pm list packages -u 2>/dev/null | sed -n "
    r"-e 's/^package:\([A-Za-z0-9._]*[Ww][Hh][Aa][Tt][Ss][A-Za-z0-9._]*\)$/\1/p' "
    r"-e 's/^package:\(com.universe.messenger\)$/\1/p' | grep -vx -e com.whatsapp -e com.whatsapp.w4b | head -n 20)"
)
DUMP = Command(
    "dumpsys package com.whatsapp",
    Message("WhatsApp's version, its signature, and for which users it is installed"),
    script=_NAMES + "; do dumpsys package $p 2>&1 </dev/null | sed -n -E -e '/^[A-Z][A-Za-z ]*:/p' -e '/^Unable to/p' "
    r"-e '/^  Package \[/p' -e '/^    (userId|appId|versionName|installerPackageName|signatures|User [0-9]+:)/p' "
    "-e '1{/^[A-Z].*:$/!p;}'; done",
)
APP_LINKS = Command(
    "pm get-app-links com.whatsapp",
    Message("the full digest of the certificate that signs WhatsApp (Android 12 and later)"),
    script="for p in com.whatsapp com.whatsapp.w4b; do pm get-app-links $p 2>&1 </dev/null "
    "| grep -E -e '^  [a-z0-9.]+:$' -e '^    Signatures: ' -e '^(Error|Unknown|Security|java|usage)'; done",
)
WHOLE_DUMP = "dumpsys package"  # a bugreport's, or one that somebody saved
ANDROIDQF = "androidqf packages.json"
# Lists that somebody saved by hand: they prove presence only, and for no user in particular.
_SAVED = (
    "pm list packages -i -U",
    "pm list packages -i",
    "pm list packages -f",
    "pm list packages -3",
    "pm list packages",
)

COMMANDS = (LIST, DUMP, APP_LINKS)
FACTS = ("whatsapp.installed",)

NOT_LISTED = Message("this capture lists a few apps only; scan the phone itself to know which it has")
DENIED = Message("the phone did not list the apps of user {user}; open that user's settings and look for WhatsApp")
NO_USERS = Message("the phone did not list its users, so another one may have WhatsApp; scan again")
WHOSE = Message("a saved list of apps does not tell for which user WhatsApp is installed; scan the phone itself")
TWO_BLOCKS = Message("`{command}` describes {package} twice and differently, so one of them is false")


@dataclass(frozen=True, slots=True)
class Installation:
    """One WhatsApp of one user (None: the source does not tell whose). `uid` is the app's number for that user."""

    package: str
    user: int | None
    version: str | None
    installer: str | None
    signature: Signature
    uid: int | None
    evidence: tuple[Evidence, ...]


def probe(capture: Capture) -> Iterator[Fact]:
    """List every installed WhatsApp; an empty list is a known absence."""
    found = installations(capture)
    values = [
        {
            "package": each.package,
            "user": each.user,
            "version": each.version,
            "installer": each.installer,
            "signature": each.signature,
        }
        for each in found
    ]
    evidence = tuple(line for each in found for line in each.evidence) or absence(capture)
    yield known(FACTS[0], values, *dict.fromkeys(evidence))


def installations(capture: Capture) -> tuple[Installation, ...]:
    """Return every WhatsApp of every user; raise Unanswered unless it is known that there is no other."""
    found = _once(_Same(capture))
    if isinstance(found, Unanswered):
        raise Unanswered(found.message)
    return found


class _Same:
    """A capture as a key: a bugreport's list of apps has megabytes, and half a dozen probes ask for it."""

    def __init__(self, capture: Capture) -> None:
        self.capture = capture

    def __hash__(self) -> int:
        return id(self.capture)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.capture is other.capture


@lru_cache(maxsize=2)
def _once(key: _Same) -> tuple[Installation, ...] | Unanswered:
    try:
        for source in (_listed, _whole, _androidqf, _single, _saved):
            found = source(key.capture)
            if found is not None:
                return tuple(found)
        key.capture.text(LIST)  # says why there is none
    except Unanswered as error:
        return Unanswered(error.message)
    return Unanswered(NOT_LISTED)


def official(capture: Capture) -> frozenset[tuple[str, int]]:
    """Return (package, user) of WhatsApp and WhatsApp Business, without unofficial builds; empty: nobody has them.

    Raises Unanswered unless it is known that there is no other, and for which users these are.
    """
    found = [each for each in installations(capture) if each.package in OFFICIAL]
    if any(each.user is None for each in found):
        raise Unanswered(WHOSE)
    return frozenset((each.package, each.user) for each in found if each.user is not None)


def absence(capture: Capture) -> tuple[Evidence, ...]:
    """Evidence for an empty list, once `installations` gave one."""
    try:
        counts = [(user, rows[-1]) for user, rows in _users(capture.text(LIST)).items() if rows]
        return tuple(
            Evidence.of(LIST.key, f"user {user}: {count} apps, none of them WhatsApp") for user, count in counts
        )
    except Unanswered:
        source = WHOLE_DUMP if capture.answer(WHOLE_DUMP) else ANDROIDQF
        return (Evidence.of(source, "Packages: a whole list without com.whatsapp"),)


def _users(text: str) -> dict[int, list[str]]:
    rows: dict[int, list[str]] = {}
    current: list[str] | None = None
    for line in text.splitlines():
        if found := re.fullmatch(r"user (\d{1,5})", line):
            current = rows.setdefault(int(found[1]), [])
        elif current is not None:
            current.append(line)
    return rows


_PACKAGE = re.compile(
    r"package:(?P<name>[A-Za-z0-9._-]{1,255})(?: versionCode:\d+)?(?: stopped=\w+)?"
    r"(?:  installer=(?P<installer>\S+))?(?: uid:(?P<uid>\d{1,9})[\d,]*)?"
)


def _listed(capture: Capture) -> list[Installation] | None:
    """The live list, user by user; a user whose list was denied is looked up in the apps' own dumps."""
    if capture.answer(LIST) is None:
        return None
    text = capture.text(LIST)
    if not _users(text):
        raise ProbeError(Message("`{command}` is in a form that the check does not know", {"command": LIST.key}))
    if "users unlisted" in text.splitlines():
        raise Unanswered(NO_USERS)
    dumps, digests = _dumps(capture), _digests(capture)
    found: list[Installation] = []
    for user, rows in _users(text).items():
        if rows and re.fullmatch(r"\d{1,6}", rows[-1]) and all(_PACKAGE.fullmatch(row) for row in rows[:-1]):
            found += _rows(user, rows[:-1], dumps, digests)
        elif dumps and set(OFFICIAL) <= dumps.keys():
            found += [each for each in _states(dumps, digests) if each.user == user]
        else:
            raise Unanswered(Message(DENIED.sentence, {"user": user}))
    return found


def _rows(
    user: int, rows: list[str], dumps: Mapping[str, PackageDump | None], digests: Mapping[str, frozenset[str]]
) -> Iterator[Installation]:
    for row in rows:
        match = _PACKAGE.fullmatch(row)
        if match is None or not is_whatsapp(match["name"]):
            continue
        installer = None if match["installer"] in (None, "null") else match["installer"]
        uid = int(match["uid"]) if match["uid"] else None
        evidence = Evidence.of(LIST.key, f"user {user}: {row}")
        bare = Installation(match["name"], user, None, installer, "unread", uid, (evidence,))
        yield _described(bare, dumps.get(match["name"]), digests)


def _described(
    bare: Installation, dump: PackageDump | None, digests: Mapping[str, frozenset[str]], source: str = DUMP.key
) -> Installation:
    """Add what the app's own dump and its certificates' digests say."""
    name, full = bare.package, digests.get(bare.package, frozenset())
    lines = [f"{name}: {dump.lines[key]}" for key in _TOLD if key in dump.lines] if dump else []
    links = [Evidence.of(APP_LINKS.key, f"{name}: Signatures: {digest}") for digest in sorted(full)]
    return replace(
        bare,
        version=dump.version if dump else None,
        signature=judge(name, full, dump.hashes if dump else ()),
        evidence=(*bare.evidence, *(Evidence.of(source, line) for line in lines), *links),
    )


_TOLD = ("version", "installer", "signatures")


def _dumps(capture: Capture) -> dict[str, PackageDump | None]:
    """The apps' own dumps by name; None: the phone says that nobody has it. Empty when it did not answer."""
    try:
        text = capture.text(DUMP, partial=True)
    except Unanswered:
        return {}
    listed = package_dump.parse(text)
    _refuse_doubtful(listed, DUMP.key)
    missing = re.findall(r"^Unable to find package: ([A-Za-z0-9._]{1,255})$", text, re.MULTILINE)
    return dict.fromkeys(missing) | dict(listed.packages)


def _refuse_doubtful(listed: package_dump.PackageList, source: str) -> None:
    for name in sorted(listed.doubtful):
        if is_whatsapp(name):
            raise ProbeError(Message(TWO_BLOCKS.sentence, {"command": source, "package": name}))


def _states(
    dumps: Mapping[str, PackageDump | None], digests: Mapping[str, frozenset[str]], source: str = DUMP.key
) -> Iterator[Installation]:
    """Installations by the line `User N: … installed=true` of each app's dump."""
    for name, dump in dumps.items():
        if dump is None or not is_whatsapp(name):
            continue
        for user in sorted(user for user, installed in dump.users.items() if installed):
            uid = user * 100_000 + dump.uid % 100_000 if dump.uid is not None else None
            evidence = Evidence.of(source, f"{name}: {dump.lines[f'user {user}']}")
            bare = Installation(name, user, None, dump.installer, "unread", uid, (evidence,))
            yield _described(bare, dump, digests, source)


def _digests(capture: Capture) -> dict[str, frozenset[str]]:
    """Full SHA-256 digests by app; empty before Android 12 and where the phone did not answer."""
    try:
        text = capture.text(APP_LINKS)
    except Unanswered:
        return {}
    found: dict[str, frozenset[str]] = {}
    for name, signatures in re.findall(
        r"^  ([a-z0-9.]{1,255}):\n(?:    ID: \S*\n)?    Signatures: \[([0-9A-Fa-f:, ]*)\]$", text, re.MULTILINE
    ):
        digests = frozenset(digest.replace(":", "").lower() for digest in re.split(r"[, ]+", signatures) if digest)
        if digests and all(len(digest) == 64 for digest in digests):
            found[name] = digests
    return found


def _whole(capture: Capture) -> Iterator[Installation] | None:
    """A bugreport's dump of all apps, for all users. That of one app says nothing about the others."""
    if capture.answer(WHOLE_DUMP) is None:
        return None
    listed = package_dump.parse(capture.text(WHOLE_DUMP))
    if not listed.whole:
        return None
    _refuse_doubtful(listed, WHOLE_DUMP)
    return _states(listed.packages, {}, WHOLE_DUMP)


def _single(capture: Capture) -> Iterator[Installation] | None:
    """The dump of one app, saved by somebody: proves that it is installed, nothing else."""
    for source in (DUMP.key, WHOLE_DUMP):
        if capture.answer(source) is None:
            continue
        listed = package_dump.parse(capture.text(source, partial=True))
        _refuse_doubtful(listed, source)
        if found := list(_states(listed.packages, _digests(capture), source)):
            return iter(found)
        if source == WHOLE_DUMP:
            raise Unanswered(NOT_LISTED)
    return None


def _saved(capture: Capture) -> list[Installation] | None:
    for source in _SAVED:
        if capture.answer(source) is None:
            continue
        rows = [re.sub(r"^package:/\S*=", "package:", row) for row in capture.text(source, partial=True).splitlines()]
        matches = [match for row in rows if (match := _PACKAGE.fullmatch(row)) and is_whatsapp(match["name"])]
        if matches:
            return [
                Installation(
                    each["name"], None, None, each["installer"], "unread", None, (Evidence.of(source, each[0]),)
                )
                for each in matches
            ]
    return None


def _androidqf(capture: Capture) -> list[Installation] | None:
    """Read androidqf's list of the owner's apps, with certificates that it read from the APK files."""
    answer = capture.answer(ANDROIDQF)
    if answer is None:
        return None
    try:
        rows = json.loads(answer.text)
        apps = [row for row in rows if is_whatsapp(row["name"])]
        return [_app(row) for row in apps] if apps or len(rows) >= 10 else None
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ProbeError(
            Message("`{command}` is in a form that the check does not know", {"command": ANDROIDQF})
        ) from error


def _app(row: Mapping[str, Any]) -> Installation:
    name, uid, installer = str(row["name"]), row.get("uid"), row.get("installer")
    digests = {str((file.get("certificate") or {}).get("Sha256", "")) for file in row.get("files") or ()} - {""}
    evidence = [Evidence.of(ANDROIDQF, f'"name": "{name}"')]
    evidence += [Evidence.of(ANDROIDQF, f'"Sha256": "{digest}"') for digest in sorted(digests)]
    return Installation(
        package=name,
        user=uid // 100_000 if isinstance(uid, int) and uid >= 0 else None,
        version=None,
        installer=None if installer in (None, "null", "") else str(installer),
        signature=judge(name, digests, ()),
        uid=uid if isinstance(uid, int) else None,
        evidence=tuple(evidence),
    )
