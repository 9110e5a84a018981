"""Enrolled fingerprints and faces, counted by Android's own services.

`dumpsys fingerprint` (FingerprintService, API 26 to 36) and `dumpsys face` (FaceService, API 29 on) print one line of
JSON a sensor, `{"service":"…","prints":[{"id":USER,"count":N,…},…]}`, from API 31 after `Dumping for sensorId: …`.
A phone without such hardware has no such service. Which hardware it has, `pm list features` says; iris is known
from there alone. Before API 29 a maker's own face or iris unlock is in no list, so none can be excluded.
"""

import json
import re
from collections.abc import Iterator

from agent.capture import Capture, Command, Unanswered
from agent.facts import Evidence, Fact, known, unknown
from agent.messages import Message
from agent.probes import ProbeError, identity, properties
from agent.probes.proof import partly, proved

_REASON = Message("which fingerprints and faces open the phone, by number")
FINGERPRINT = Command(
    "dumpsys fingerprint", _REASON, script="dumpsys fingerprint | grep -E '\"prints\":|sensorId|DUMP TIMEOUT'"
)
FACE = Command("dumpsys face", _REASON, script="dumpsys face | grep -E '\"prints\":|sensorId|DUMP TIMEOUT'")
FEATURES = Command(
    "pm list features",
    Message("which sensors for biometrics the phone has"),
    script=r"pm list features | grep -E '^feature:android\.hardware\.(fingerprint|biometrics\.|touchscreen$|wifi$)'",
)
COMMANDS = (FINGERPRINT, FACE, FEATURES, properties.COMMAND)
FACTS = ("screen_lock.biometrics",)
PROOF = {
    FACTS[0]: (
        partly("fingerprints that are enrolled are proved; a maker's own face or iris unlock is in no list", 8, 9),
        proved(10, limit="iris only by the absence of its hardware"),
    )
}
BY_HAND = Message("Settings › Security › Fingerprint and Face Unlock")

_HARDWARE = {
    "fingerprint": (FINGERPRINT, "android.hardware.fingerprint"),
    "face": (FACE, "android.hardware.biometrics.face"),
}
_IRIS = "android.hardware.biometrics.iris"
_PRINTS = re.compile(r'^.*"prints":.*$', re.MULTILINE)


def probe(capture: Capture) -> Iterator[Fact]:
    """Count each kind; a list is complete only where every kind is settled."""
    features = _features(capture)
    enrolled: list[str] = []
    evidence: list[Evidence] = []
    unsettled: list[Message] = []
    old = _is_old(capture)
    for kind, (command, feature) in _HARDWARE.items():
        try:
            count, lines = parse(capture.text(command), command.key)
        except Unanswered as error:
            if old and kind == "face":
                unsettled.append(Message("before Android 10 a maker's own face or iris unlock is in no list"))
            elif features is None or feature in features:
                unsettled.append(error.message)
            else:
                evidence.append(Evidence(FEATURES.key, f"no {feature}"))
            continue
        evidence += lines
        if count:
            enrolled.append(kind)
    if features is not None and _IRIS in features:
        unsettled.append(Message("this phone has an iris sensor, and Android does not say who is enrolled"))
    yield _fact(enrolled, evidence, unsettled, old=old)


def _fact(enrolled: list[str], evidence: list[Evidence], unsettled: list[Message], *, old: bool) -> Fact:
    if unsettled and not (old and enrolled):  # before API 29 there is no service to ask about anything but fingers
        why = Message("{why}; look in Settings › Security at what opens the phone", {"why": unsettled[0]})
        return unknown(FACTS[0], why, *evidence)
    return known(FACTS[0], enrolled, *evidence)


def _is_old(capture: Capture) -> bool:
    try:
        level = identity.api_level(properties.read(capture))
    except Unanswered:
        return False
    return level is not None and level < 29


def _features(capture: Capture) -> set[str] | None:
    """Return the phone's features, or None where they were not listed: every phone has some of those asked for."""
    try:
        lines = capture.text(FEATURES).splitlines()
    except Unanswered:
        return None
    features = {line.removeprefix("feature:").split("=")[0].strip() for line in lines if line.startswith("feature:")}
    return features or None


def parse(text: str, source: str) -> tuple[int, list[Evidence]]:
    """Count what is enrolled in all sensors and for all users; raise ProbeError where no sensor's line can be read."""
    count = 0
    evidence: list[Evidence] = []
    for found in _PRINTS.finditer(text):
        try:
            dump = json.loads(found[0])
            counts = [(user["id"], user["count"]) for user in dump["prints"]]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ProbeError(_form(source)) from error
        if not all(type(number) is int and number >= 0 for row in counts for number in row):
            raise ProbeError(_form(source))
        count += sum(number for _, number in counts)
        told = ", ".join(f"user {user}: {number}" for user, number in counts)
        evidence.append(Evidence.of(source, f"{dump.get('service', '')} prints: {told or 'none'}"))
    if not evidence:
        raise ProbeError(_form(source))
    return count, evidence


def _form(source: str) -> Message:
    return Message("`{command}` is in a form that the check does not know; please report it", {"command": source})
