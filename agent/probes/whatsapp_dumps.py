"""What the phone says of each WhatsApp by itself: version, signature, and for which users it is installed.

Reads `dumpsys package` of the two official names and of every name that looks like an unofficial build, and
`pm get-app-links` for the whole digest of the certificate.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from agent.capture import Capture, Command, Unanswered
from agent.facts import Evidence
from agent.messages import Message
from agent.probes import ProbeError, package_dump
from agent.probes.package_dump import PackageDump
from agent.probes.whatsapp_signature import Signature, is_whatsapp, judge

# `-u` names also what only another user has.
_NAMES = (
    r"for p in com.whatsapp com.whatsapp.w4b $(pm list packages -u 2>/dev/null | sed -n "
    r"-e 's/^package:\([A-Za-z0-9._]*[Ww][Hh][Aa][Tt][Ss][A-Za-z0-9._]*\)$/\1/p' "
    r"-e 's/^package:\(com.universe.messenger\)$/\1/p' | grep -vx -e com.whatsapp -e com.whatsapp.w4b | head -n 20)"
)
DUMP = Command(
    "dumpsys package com.whatsapp",
    Message("WhatsApp's version, its signature, and for which users it is installed"),
    script=_NAMES
    + "; do dumpsys package $p 2>&1 </dev/null | sed -n -E -e '/^[A-Z][A-Za-z ]*:/p' -e '/^ *Unable to find/p' "
    r"-e '/^  Package \[/p' -e '/^    (userId|appId|versionName|installerPackageName|signatures|User [0-9]+:)/p' "
    r"-e '/^    (  )?firstInstallTime=/p' -e '/^    (flags|pkgFlags)=\[/p' "
    "-e '/DUMP TIMEOUT/p' -e '1{/^[A-Z].*:$/!p;}'; done",
)
APP_LINKS = Command(
    "pm get-app-links com.whatsapp",
    Message("the full digest of the certificate that signs WhatsApp (Android 12 and later)"),
    script="for p in com.whatsapp com.whatsapp.w4b; do pm get-app-links $p 2>&1 </dev/null "
    "| grep -E -e '^  [a-z0-9.]+:$' -e '^    Signatures: ' -e '^(Error|Unknown|Security|java|usage)'; done",
)

TWO_BLOCKS = Message(
    "`{command}` describes {package} twice and differently, so one of them is false; scan the phone itself again"
)
_TOLD = ("version", "installer", "signatures")


@dataclass(frozen=True, slots=True)
class Installation:
    """One WhatsApp of one user (None: the source does not tell whose)."""

    package: str
    user: int | None
    version: str | None
    installer: str | None
    signature: Signature
    evidence: tuple[Evidence, ...]


def described(
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


def dumps(capture: Capture) -> dict[str, PackageDump | None]:
    """The apps' own dumps by name; None: the phone says that nobody has it. Empty when it did not answer."""
    try:
        text = capture.text(DUMP, partial=True)
    except Unanswered:
        return {}
    listed = package_dump.parse(text)
    refuse_doubtful(listed, DUMP.key)
    # Before Android 13 it stands indented below `Dexopt state:`.
    missing = re.findall(r"^ *Unable to find package: ([A-Za-z0-9._]{1,255})$", text, re.MULTILINE)
    return dict.fromkeys(missing) | dict(listed.packages)


def refuse_doubtful(listed: package_dump.PackageList, source: str) -> None:
    """Raise ProbeError when a WhatsApp is described twice and differently: who forged one may have forged both."""
    for name in sorted(listed.doubtful):
        if is_whatsapp(name):
            raise ProbeError(Message(TWO_BLOCKS.sentence, {"command": source, "package": name}))


def states(
    dumps: Mapping[str, PackageDump | None], digests: Mapping[str, frozenset[str]], source: str = DUMP.key
) -> Iterator[Installation]:
    """Installations by the line `User N: … installed=true` of each app's dump."""
    for name, dump in dumps.items():
        if dump is None or not is_whatsapp(name):
            continue
        for user in sorted(user for user, installed in dump.users.items() if installed):
            evidence = Evidence.of(source, f"{name}: {dump.lines[f'user {user}']}")
            bare = Installation(name, user, None, dump.installer, "unread", (evidence,))
            yield described(bare, dump, digests, source)


def digests(capture: Capture) -> dict[str, frozenset[str]]:
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
