"""Encryption, verified boot, the bootloader's lock, and whether somebody has root: as far as the phone proves it.

From `getprop`: `ro.crypto.state` (vold), `ro.boot.verifiedbootstate`, `ro.boot.flash.locked`,
`ro.boot.vbmeta.device_state` (the bootloader, by way of init; API 26 to 36). Absent is not false: EMUI and older
phones print none of the three. A custom system can write green and locked itself, so they count only where nothing
in the same list contradicts them; what speaks against the phone counts as it stands.
"""

import re
from collections.abc import Iterator, Mapping

from agent.capture import Capture, Command
from agent.facts import Fact, known, unknown
from agent.messages import Message
from agent.probes import properties
from agent.probes.proof import partly

COMMANDS: tuple[Command, ...] = (properties.COMMAND,)
FACTS = ("device.encrypted", "device.verified_boot", "device.bootloader_locked")
_OWN_WORD = "some makers print nothing, and what a custom system writes is believed only where nothing contradicts it"
PROOF = {name: (partly(_OWN_WORD),) for name in FACTS}
BY_HAND = Message("what the phone shows while it starts, and Settings › Security › Encryption")

STATE = "ro.boot.verifiedbootstate"
_FLASH, _VBMETA = "ro.boot.flash.locked", "ro.boot.vbmeta.device_state"
_LOCKED = {(_FLASH, "1"), (_VBMETA, "locked")}
_UNLOCKED = {(_FLASH, "0"), (_VBMETA, "unlocked")}
_ENCRYPTED_AS = {"file": True, "block": True, "none": False}
_COLOURS = ("green", "yellow", "orange", "red")

# Names that only systems built by others than the phone's maker carry.
_CUSTOM = re.compile(
    r"ro\.(?:lineage|crdroid|cm|modversion|havoc|evolution|pixelexperience|derp|arrow|aospa|omni|rr|grapheneos)(?:\.|$)"
)
_FINGERPRINT = re.compile(r"[^/:]+/[^/:]+/[^/:]+:(?P<release>[^/]+)/[^/]+/[^/:]+:(?P<type>[^/]+)/(?P<tags>.+)")


def probe(capture: Capture) -> Iterator[Fact]:
    """Read the four words of the boot."""
    read = properties.read(capture)
    yield _encrypted(read)
    yield verified_boot(read)
    yield bootloader_locked(read)


def _encrypted(read: Mapping[str, str]) -> Fact:
    name, source = "device.encrypted", "ro.crypto.state"
    evidence = properties.evidence(read, source, "ro.crypto.type")
    encrypted = {"encrypted": True, "unencrypted": False}.get(read.get(source, "").strip())
    if encrypted is None:
        return unknown(name, _absent(source), *evidence)
    # init sets the type only once vold has set storage up: `file` and `block` are encrypted, `none` is not.
    if _ENCRYPTED_AS.get(read.get("ro.crypto.type", "").strip(), encrypted) is not encrypted:
        return unknown(name, _contradiction(source), *evidence)
    return known(name, encrypted, *evidence)


def verified_boot(read: Mapping[str, str]) -> Fact:
    """Return the boot's colour; a good one only where nothing contradicts it."""
    name = "device.verified_boot"
    colour = read.get(STATE, "").strip().lower()
    evidence = properties.evidence(read, STATE)
    if colour not in _COLOURS:
        return unknown(name, _absent(STATE), *evidence)
    against = _stands(read, _LOCKED) if colour == "orange" else _stands(read, _UNLOCKED) if colour == "green" else []
    if colour == "green":
        against += custom(read)
    if against:
        return unknown(name, _contradiction(STATE), *evidence, *properties.evidence(read, *against))
    return known(name, colour, *evidence)


def bootloader_locked(read: Mapping[str, str]) -> Fact:
    """Return whether the bootloader is locked, by the two properties that say so."""
    name = "device.bootloader_locked"
    locked, unlocked = _stands(read, _LOCKED), _stands(read, _UNLOCKED)
    if locked:
        against = unlocked + custom(read) + _stands(read, {(STATE, "orange")})
        if against:
            return unknown(name, _contradiction(locked[0]), *properties.evidence(read, *locked, *against))
        return known(name, True, *properties.evidence(read, *locked))  # noqa: FBT003 - a fact's value
    if unlocked:
        against = _stands(read, {(STATE, "green")})
        if against:
            return unknown(name, _contradiction(unlocked[0]), *properties.evidence(read, *unlocked, *against))
        return known(name, False, *properties.evidence(read, *unlocked))  # noqa: FBT003
    return unknown(name, _absent(_FLASH), *properties.evidence(read, STATE))


def _stands(read: Mapping[str, str], wanted: set[tuple[str, str]]) -> list[str]:
    return sorted(name for name, value in wanted if read.get(name, "").strip().lower() == value)


def custom(read: Mapping[str, str]) -> list[str]:
    """Name the properties by which the system is not, or not provably, what the phone's maker built.

    Another maker's names, a build for developers behind the word `user`, and a fingerprint that tells of another
    release, type or keys than the build itself (systems that borrow a certified phone's fingerprint).
    """
    names = [name for name in read if _CUSTOM.match(name)]
    kind, tags, release = (
        read.get(name, "").strip() for name in ("ro.build.type", "ro.build.tags", "ro.build.version.release")
    )
    if kind and kind != "user":
        names.append("ro.build.type")
    if tags and tags != "release-keys":
        names.append("ro.build.tags")
    if re.search(r"-(?:userdebug|eng)$", read.get("ro.build.flavor", "")):
        names.append("ro.build.flavor")
    if found := _FINGERPRINT.fullmatch(read.get("ro.build.fingerprint", "").strip()):
        borrowed = (
            (kind and found["type"] != kind)
            or (tags and found["tags"] != tags)
            or (_major(release) and _major(found["release"]) and _major(release) != _major(found["release"]))
        )
        if borrowed:
            names.append("ro.build.fingerprint")
    return names


def _major(release: str) -> str:
    """The number before the first dot; nothing for a preview's letter."""
    found = re.match(r"\d{1,3}", release)
    return found[0] if found else ""


def _contradiction(source: str) -> Message:
    return Message(
        "`{name}` is contradicted by other properties of this phone, as on systems that its maker did not build; "
        "look at what the phone shows while it starts",
        {"name": source},
    )


def _absent(source: str) -> Message:
    return Message(
        "this phone does not print `{name}`; look in Settings, or at what it shows while it starts", {"name": source}
    )
