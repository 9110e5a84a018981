"""Known spyware: what the imported indicator files name, and the phone has.

Matched on the whole package name (any app of any user, those that came with the phone too; see `app_list`) and on
a certificate's whole digest where the phone prints it: `pm get-app-links` (API 31 and later, DomainVerificationDebug:
SHA-256, of apps that claim links), androidqf's list (SHA-1 and SHA-256, read from the APK). The 32 bits in
`dumpsys package` are no digest. An app that hides under another name and key is not found this way.

A name alone can be borrowed by another app: it is what such lists go by, and a person should look.
"""

import re
from collections.abc import Iterator, Sequence

from agent.capture import Capture, Command, Unanswered
from agent.facts import Evidence, Fact, known, unknown
from agent.indicators import IndicatorFile
from agent.messages import Message
from agent.probes import advised, app_list
from agent.probes.proof import partly

CERTIFICATES = Command(
    "pm get-app-links",
    Message("digests of the certificates that sign apps, to find known spyware (Android 12 and later)"),
    script="pm get-app-links 2>&1 </dev/null | grep -E"
    " -e '^  [A-Za-z0-9._-]+:$' -e '^    Signatures: ' -e '^(Error|Unknown|Security|java|usage)'",
)
COMMANDS = (*app_list.COMMANDS, CERTIFICATES)
FACTS = ("apps.spyware",)
PROOF = {
    FACTS[0]: (
        partly("by package name; no certificate's digest is printed", 8, 11),
        partly("by package name, and by certificate for apps that claim web links", 12),
    )
}
READS_INDICATORS = True
BY_HAND = Message("Settings › Apps › See all apps")


def probe(capture: Capture, indicators: Sequence[IndicatorFile] = ()) -> Iterator[Fact]:
    """Look for every app among the indicators; nothing imported and an app not seen are both unknown."""
    indicators = [file for file in indicators if file.visible]
    if not indicators:
        reason = Message(
            "no indicator file that names apps is imported, so known spyware is not looked for; "
            "bring one with `posture indicators import FILE`"
        )
        yield unknown(FACTS[0], reason)
        return
    apps, missing = app_list.everything(capture)
    digests = _digests(capture)
    found: dict[tuple[str, str], tuple[Evidence, Evidence]] = {}
    for app in apps:
        for file in indicators:
            if meaning := file.packages.get(app.package):
                found.setdefault((app.package, meaning), (app.evidence, _named(file, app.package, meaning)))
            for digest in app.digests | digests.get(app.package, frozenset()):
                if meaning := file.certificates.get(digest):
                    found.setdefault((app.package, meaning), (app.evidence, _named(file, digest, meaning)))
    if missing is not None and not found:
        yield unknown(FACTS[0], advised(missing, BY_HAND))
        return
    values = [{"package": package, "indicator": meaning} for package, meaning in sorted(found)]
    evidence = [line for key in sorted(found) for line in found[key]]
    yield known(FACTS[0], values, *dict.fromkeys(evidence or _none(apps, digests, indicators)))


def _named(file: IndicatorFile, what: str, meaning: str) -> Evidence:
    return Evidence.of(file.name, f"{_which(file)}: {what}: {meaning}")


def _which(file: IndicatorFile) -> str:
    return f"SHA-256 {file.sha256}, version {file.version or 'unnamed'}"


def _none(
    apps: Sequence[app_list.App], digests: dict[str, frozenset[str]], indicators: Sequence[IndicatorFile]
) -> Iterator[Evidence]:
    sources = dict.fromkeys(app.evidence.source for app in apps)
    for source in sources:
        count = sum(app.evidence.source == source for app in apps)
        signed = sum(bool(app.digests or app.package in digests) for app in apps if app.evidence.source == source)
        yield Evidence.of(source, f"{count} apps, of {signed} the certificate, none of them named")
    for file in indicators:
        line = f"{_which(file)}: {len(file.packages)} packages, {len(file.certificates)} certificates"
        yield Evidence.of(file.name, line)


_LINKS = re.compile(
    r"^  ([A-Za-z0-9._-]{1,255}):\n(?:    ID: \S*\n)?    Signatures: \[([0-9A-Fa-f:, ]*)\]$", re.MULTILINE
)


def _digests(capture: Capture) -> dict[str, frozenset[str]]:
    """Return SHA-256 digests by app; empty before Android 12 and where the phone did not answer."""
    try:
        text = capture.text(CERTIFICATES)
    except Unanswered:
        return {}
    return {
        name: frozenset(digest.replace(":", "").lower() for digest in re.split(r"[, ]+", listed) if digest)
        for name, listed in _LINKS.findall(text)
    }
