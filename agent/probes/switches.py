"""Switches of the whole phone: Play Protect, debugging over the network, developer options, first set-up.

Settings.Global and Settings.Secure, API 26 to 36. `package_verifier_enable` 0 turns the verification of apps off
(PackageManagerService); `package_verifier_user_consent` is Google Play's own, 1 on and -1 off. `adb_wifi_enabled`
is of API 30; adbd listens on `service.adb.tcp.port`, `persist.adb.tcp.port` where those properties are set
(adb/daemon/main.cpp). An absent `development_settings_enabled` is off (DevelopmentSettingsEnabler of Settings).
"""

from collections.abc import Callable, Iterator

from agent.capture import Capture, Unanswered
from agent.facts import Evidence, Fact, known, unknown
from agent.messages import Message
from agent.probes import advised, properties, settings
from agent.probes.proof import partly, proved

COMMANDS = (settings.GLOBAL, settings.SECURE, properties.COMMAND)
FACTS = (
    "device.play_protect",
    "device.adb_over_wifi",
    "device.developer_options",
    "handover.setup_complete",
)
PROOF = {
    "device.play_protect": (partly("Google Play keeps the switch itself; unknown where its setting was never made"),),
    "device.adb_over_wifi": (proved(),),
    "device.developer_options": (proved(),),
    "handover.setup_complete": (proved(),),
}

_BY_HAND = (
    Message("Play Store › your picture › Play Protect › Settings"),
    Message("Settings › Developer options › Wireless debugging"),
    Message("Settings › System, whether Developer options are there"),
    Message("whether the phone shows its home screen or its welcome"),
)

_PORTS = ("service.adb.tcp.port", "persist.adb.tcp.port")


def probe(capture: Capture) -> Iterator[Fact]:
    """Read each switch by itself: a table that was refused costs only what stands in it."""
    readers: tuple[Callable[[Capture, str], Fact], ...] = (_play_protect, _adb_over_wifi, _developer, _setup)
    for name, reader, by_hand in zip(FACTS, readers, _BY_HAND, strict=True):
        try:
            yield reader(capture, name)
        except Unanswered as error:
            yield unknown(name, advised(error, by_hand))


def _switch(capture: Capture, namespace: settings.Namespace, key: str) -> tuple[str | None, Evidence]:
    setting = settings.value(capture, namespace, key)
    if setting is None:
        return None, settings.absence(capture, namespace, key)
    return setting.value, setting.evidence


def _play_protect(capture: Capture, name: str) -> Fact:
    enabled, verifier = _switch(capture, "global", "package_verifier_enable")
    consent, consented = _switch(capture, "global", "package_verifier_user_consent")
    if enabled == "0":
        return known(name, False, verifier)  # noqa: FBT003 - a fact's value
    if consent == "-1":
        return known(name, False, consented)  # noqa: FBT003
    if consent == "1" and enabled in (None, "1"):
        return known(name, True, verifier, consented)  # noqa: FBT003
    return unknown(
        name,
        Message("this phone does not say whether Play Protect scans; look in Play Store › your picture › Play Protect"),
        verifier,
        consented,
    )


def _adb_over_wifi(capture: Capture, name: str) -> Fact:
    """Off is known only when both the switch and adbd's ports were answered and are off."""
    wireless: str | None = None
    evidence: tuple[Evidence, ...] = ()
    refused: Unanswered | None = None
    try:
        wireless, line = _switch(capture, "global", "adb_wifi_enabled")
        evidence = (line,)
    except Unanswered as error:
        refused = error
    try:
        read = properties.read(capture)
        if any(_is_port(read.get(port, "")) for port in _PORTS):
            return known(name, True, *evidence, *properties.evidence(read, *_PORTS))  # noqa: FBT003
        if not properties.whole(capture):
            refused = refused or Unanswered(
                Message("`getprop` is only a piece of the list here; scan the phone itself"), permanent=True
            )
    except Unanswered as error:
        refused = refused or error
    if wireless == "1":
        return known(name, True, *evidence)  # noqa: FBT003
    if refused is not None:
        raise refused
    port = Evidence(properties.COMMAND.key, f"{_PORTS[0]}, {_PORTS[1]}: not set")
    return known(name, False, *evidence, port)  # noqa: FBT003


def _is_port(value: str) -> bool:
    return value.isascii() and value.isdecimal() and 0 < int(value[:6]) <= 65535


def _developer(capture: Capture, name: str) -> Fact:
    enabled, line = _switch(capture, "global", "development_settings_enabled")
    if enabled in ("0", "1"):
        return known(name, enabled == "1", line)
    debugging, adb = _switch(capture, "global", "adb_enabled")
    if enabled is None and debugging in (None, "0"):
        return known(name, False, line, adb)  # noqa: FBT003
    return unknown(
        name,
        Message(
            "USB debugging is on and `development_settings_enabled` is not set, which do not go together; "
            "look in Settings › System › Developer options"
        ),
        line,
        adb,
    )


def _setup(capture: Capture, name: str) -> Fact:
    """Return whether somebody went through the first set-up; the two switches have to agree."""
    user, user_line = _switch(capture, "secure", "user_setup_complete")
    device, device_line = _switch(capture, "global", "device_provisioned")
    if user == "1" and device == "1":
        return known(name, True, user_line, device_line)  # noqa: FBT003
    if user in (None, "0") and device in (None, "0"):
        return known(name, False, user_line, device_line)  # noqa: FBT003
    return unknown(
        name,
        Message("`user_setup_complete` and `device_provisioned` contradict each other; look at the phone's screen"),
        user_line,
        device_line,
    )
