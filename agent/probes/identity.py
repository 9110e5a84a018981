"""Who the phone is, and how old its security patch is, from `getprop` (init's properties, API 26 to 36).

Nothing here is proof of anything but what the build says of itself: a custom system writes what it likes.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from agent.capture import Capture, Command, Unanswered, quoted
from agent.facts import Evidence, Fact, known, unknown
from agent.messages import Message
from agent.probes import properties
from agent.probes.proof import partly

COMMANDS: tuple[Command, ...] = (properties.COMMAND,)

# The first property that says something decides; a piece of `getprop` may hold only the later ones.
_SOURCES: Mapping[str, tuple[str, ...]] = {
    "device.manufacturer": (
        "ro.product.manufacturer",
        "ro.product.system.manufacturer",
        "ro.product.vendor.manufacturer",
        "ro.product.odm.manufacturer",
    ),
    "device.model": ("ro.product.model", "ro.product.system.model", "ro.product.vendor.model", "ro.product.odm.model"),
    "device.android_version": ("ro.build.version.release", "ro.system.build.version.release"),
    "device.security_patch": ("ro.build.version.security_patch",),
    "device.fingerprint": ("ro.build.fingerprint", "ro.system.build.fingerprint"),
}
_API = ("ro.build.version.sdk", "ro.system.build.version.sdk")
_SERIAL = ("ro.serialno", "ro.boot.serialno")
_NOTHING = {"", "unknown", "null"}

FACTS = (*_SOURCES, "device.serial", "device.api_level", "device.security_patch_age_days")
PROOF = {name: (partly("the build says so of itself, and a custom system writes what it likes"),) for name in FACTS}
BY_HAND = Message("Settings › About phone")


def probe(capture: Capture) -> Iterator[Fact]:
    """Name the phone; its serial number is known to the cable too, where `getprop` is refused."""
    try:
        read = properties.read(capture)
    except Unanswered:
        if told_by_cable := _by_cable(capture):
            yield told_by_cable
        raise
    for name, sources in _SOURCES.items():
        yield _text(name, read, sources)
    yield _serial(capture, read)
    yield _api_level(read)
    yield patch_age(capture, read)


def _said(read: Mapping[str, str], sources: tuple[str, ...]) -> str | None:
    return next((source for source in sources if read.get(source, "").strip().lower() not in _NOTHING), None)


def _text(name: str, read: Mapping[str, str], sources: tuple[str, ...]) -> Fact:
    source = _said(read, sources)
    if source is None:
        return unknown(name, _absent(sources[0]), *properties.evidence(read, *sources))
    return known(name, quoted(read[source]), *properties.evidence(read, source))


def _serial(capture: Capture, read: Mapping[str, str]) -> Fact:
    """Return the phone's own number, else that by which a cable names it."""
    if (source := _said(read, _SERIAL)) is not None:
        return known("device.serial", quoted(read[source]), *properties.evidence(read, source))
    return _by_cable(capture) or unknown("device.serial", _absent(_SERIAL[0]))


def _by_cable(capture: Capture) -> Fact | None:
    """Return the number by which a cable names the phone; over the network adb names an address, which is no number."""
    if not capture.serial or ":" in capture.serial:
        return None
    return known("device.serial", quoted(capture.serial), Evidence.of("adb", capture.serial))


def _api_level(read: Mapping[str, str]) -> Fact:
    level = api_level(read)
    if level is None:
        return unknown("device.api_level", _absent(_API[0]), *properties.evidence(read, *_API))
    return known("device.api_level", level, *properties.evidence(read, *_API))


def api_level(read: Mapping[str, str]) -> int | None:
    """Return the API level that the build says it is, or None."""
    source = _said(read, _API)
    text = read[source].strip() if source else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 3 else None


def patch_age(capture: Capture, read: Mapping[str, str]) -> Fact:
    """Count days from the patch level to `captured_at`: the workstation's clock, or a dump's own date.

    The phone's clock does not count in a scan: one that is set back must not look fresh. Makers publish a
    level some days ahead of its date, so up to 45 days of the future are age 0; more is a wrong clock.
    """
    name = "device.security_patch_age_days"
    source = "ro.build.version.security_patch"
    evidence = properties.evidence(read, source)
    try:
        patched = date.fromisoformat(read.get(source, "").strip())
    except ValueError:
        return unknown(name, _absent(source), *evidence)
    age = capture.captured_at.astimezone(UTC).date() - patched
    if age < timedelta(days=-45):
        return unknown(
            name,
            Message("the security patch is dated in the future; set the clock of this computer right and scan again")
            if capture.source == "live"
            else Message("the security patch is dated after the dump itself; scan the phone"),
            *evidence,
        )
    return known(name, max(age.days, 0), *evidence, Evidence("date", _day(capture.captured_at)))


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()


def _absent(source: str) -> Message:
    return Message("`{command}` does not say `{name}`; scan the phone itself", {"command": "getprop", "name": source})
