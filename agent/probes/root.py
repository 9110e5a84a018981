"""Whether somebody has root on the phone: proved, excluded as far as shell can see, or unknown.

Proof: a `su` on the path (looked for, never run), adbd itself as root, a build on which `adb root` works
(`ro.debuggable` 1 on a build that is not `user`: adb/daemon/main.cpp), a running su daemon or Magisk service, LG's own
detector (`vendor.lge.rctd.rooted`), androidqf's list of root binaries. Excluded only where everything agrees:
boot verified green, bootloader locked, a maker's user build, adbd as shell, no `su` on the path. Root that hides
from shell on a phone whose boot is not verified cannot be seen: then it is unknown.
"""

import json
import re
from collections.abc import Iterator, Mapping

from agent.capture import Capture, Command, Unanswered
from agent.facts import Evidence, Fact, State, known, unknown
from agent.messages import Message
from agent.probes import boot, properties
from agent.probes.proof import partly

SU = Command(
    "which su",
    Message("whether a program for root is on the path; it is looked for and never run"),
    script="which su; echo searched",
)
ID = Command("id", Message("whether debugging itself runs as root"))
COMMANDS = (properties.COMMAND, SU, ID)
FACTS = ("device.rooted",)
PROOF = {
    FACTS[0]: (partly("root that hides from shell is not seen; excluded only on a maker's verified and locked system"),)
}
BY_HAND = Message("have the phone looked at, or its system installed anew")

BINARIES = "androidqf root_binaries.json"

_SU_PATH = re.compile(r"/(?:sbin|su|system|system_ext|product|vendor|odm|data|debug_ramdisk|apex)/(?:[\w.+-]+/)*su")
_UID = re.compile(r"uid=(\d{1,10})\b")
_OPENED = {"ro.debuggable": "1", "ro.secure": "0", "ro.adb.secure": "0"}
_DAEMON = re.compile(r"init\.svc\.(?:su|[^\]]*(?:su_daemon|daemonsu|supersu|magisk|kernelsu)[^\]]*)")


def probe(capture: Capture) -> Iterator[Fact]:
    """Take any proof; else exclude it only with everything in agreement."""
    proofs = [*_binaries(capture), *_programs(capture), *_properties(capture)]
    yield known(FACTS[0], True, *proofs) if proofs else _excluded(capture)  # noqa: FBT003 - a fact's value


def _binaries(capture: Capture) -> Iterator[Evidence]:
    answer = capture.answer(BINARIES)
    try:
        found = json.loads(answer.text) if answer else []
    except (ValueError, RecursionError):
        return
    if isinstance(found, list):
        paths = [path for path in found if isinstance(path, str) and re.search(r"/(?:su|magisk\w*|ksud)$", path)]
        if paths:
            yield Evidence.of("root_binaries.json", ", ".join(paths[:8]))


def _programs(capture: Capture) -> Iterator[Evidence]:
    for command, pattern in ((SU, _SU_PATH), (ID, re.compile(r"uid=0\b.*"))):
        try:
            lines = capture.text(command).splitlines()
        except Unanswered:
            continue
        yield from (Evidence.of(command.key, line) for line in lines if pattern.fullmatch(line.strip()))


def _properties(capture: Capture) -> Iterator[Evidence]:
    try:
        read = properties.read(capture)
    except Unanswered:
        return
    yield from properties.evidence(read, *proving(read))


def proving(read: Mapping[str, str]) -> list[str]:
    """Name the properties that prove root."""
    names = [name for name, value in read.items() if _DAEMON.fullmatch(name) and value == "running"]
    names += [name for name in ("vendor.lge.rctd.rooted", "sys.lge.rctd.rooted") if read.get(name) == "true"]
    if read.get("ro.debuggable") == "1" and read.get("ro.build.type") in ("userdebug", "eng"):
        names += ["ro.debuggable", "ro.build.type"]
    return names


def _excluded(capture: Capture) -> Fact:
    """Exclude root, or say the first thing that keeps it open."""
    name = FACTS[0]
    read = properties.read(capture)
    facts = (boot.verified_boot(read), boot.bootloader_locked(read))
    for fact, good in zip(facts, ("green", True), strict=True):
        if fact.state is not State.KNOWN or fact.value != good:
            return unknown(name, _OPEN, *fact.evidence)
    suspicious = [*boot.custom(read), *(key for key, value in _OPENED.items() if read.get(key) == value)]
    user = read.get("ro.build.type") == "user" and read.get("ro.build.tags") == "release-keys"
    if suspicious or not user:
        shown = properties.evidence(read, *(suspicious or ("ro.build.type", "ro.build.tags")))
        return unknown(name, _OPEN, *shown)
    searched, uid = capture.text(SU), capture.text(ID)
    if "searched" not in searched.splitlines() or not (found := _UID.match(uid)) or found[1] == "0":
        return unknown(name, _OPEN)
    agreed = properties.evidence(read, boot.STATE, "ro.boot.flash.locked", "ro.build.type", "ro.build.tags")
    return known(name, False, *agreed, Evidence(SU.key, "no su on the path"), Evidence.of(ID.key, found[0]))  # noqa: FBT003


_OPEN = Message(
    "nothing proves root, and nothing excludes it: that takes a verified (green) boot, a locked bootloader and a "
    "build by the phone's maker; have the phone looked at, or its system installed anew"
)
