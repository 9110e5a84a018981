"""What a fact is, and the names of all facts (fixed by the contract: other tools rely on them)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from agent.capture import quoted
from agent.messages import Message


class State(StrEnum):
    """How much is known of a fact."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a fact was read: the command (or the bugreport's section) and the line that decides it."""

    source: str
    line: str

    @classmethod
    def of(cls, source: str, line: str) -> "Evidence":
        """Evidence from a stranger's text: made fit to show, at most 240 characters."""
        return cls(source, quoted(line))


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing about one phone. `value` is plain JSON, and None exactly when `state` is not KNOWN."""

    name: str
    state: State
    value: Any
    reason: Message | None
    evidence: tuple[Evidence, ...]


def known(name: str, value: Any, *evidence: Evidence) -> Fact:
    """A fact that the phone proved: plain JSON, never null, with the evidence that a known fact owes."""
    if value is None or not evidence:
        raise ValueError(f"{name}: a known fact needs a value and evidence")
    return Fact(name, State.KNOWN, value, None, evidence)


def unknown(name: str, reason: Message, *evidence: Evidence) -> Fact:
    """A fact that the phone did not prove. The reason says why and what a person can do about it."""
    return Fact(name, State.UNKNOWN, None, reason, evidence)


def not_applicable(name: str, reason: Message, *evidence: Evidence) -> Fact:
    """A fact that has no meaning on this phone now (the SSID of a phone that is not on Wi-Fi)."""
    return Fact(name, State.NOT_APPLICABLE, None, reason, evidence)


def instant(at: datetime) -> str:
    """RFC 3339 in UTC, ending in Z, whole seconds: how every instant is written."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Kind(StrEnum):
    """The type of a fact's value."""

    BOOL = "bool"
    INT = "int"
    TEXT = "text"
    CHOICE = "choice"
    INSTANT = "instant"
    LIST = "list"  # of text
    RECORDS = "records"  # list of objects with the keys in `fields`


@dataclass(frozen=True, slots=True)
class Spec:
    """Name, type and label of a fact. `choices` bound a CHOICE (or the items of a LIST) where they are closed."""

    name: str
    kind: Kind
    label: Message
    choices: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


def _specs(*specs: Spec) -> Mapping[str, Spec]:
    return {spec.name: spec for spec in specs}


FACTS: Mapping[str, Spec] = _specs(
    Spec("screen_lock.secure", Kind.BOOL, Message("A PIN, pattern or password is set")),
    Spec(
        "screen_lock.credential",
        Kind.CHOICE,
        Message("Kind of screen lock"),
        ("none", "pattern", "pin", "password"),
    ),
    Spec("screen_lock.minimum_length", Kind.INT, Message("Least length of PIN, pattern or password")),
    Spec("screen_lock.biometrics", Kind.LIST, Message("Enrolled biometrics"), ("fingerprint", "face", "iris")),
    Spec("screen_lock.timeout_seconds", Kind.INT, Message("Seconds until the phone locks itself")),
    Spec("screen_lock.trust_agents", Kind.LIST, Message("What may hold the phone unlocked")),
    Spec(
        "screen_lock.notifications",
        Kind.CHOICE,
        Message("Notifications on the lock screen"),
        ("full", "redacted", "hidden"),
    ),
    Spec("network.transport", Kind.CHOICE, Message("Network in use"), ("wifi", "cellular", "ethernet", "none")),
    Spec("network.wifi.ssid", Kind.TEXT, Message("Wi-Fi name")),
    Spec("network.wifi.bssid", Kind.TEXT, Message("Wi-Fi access point")),
    Spec(
        "network.wifi.security",
        Kind.CHOICE,
        Message("Wi-Fi security"),
        ("open", "owe", "wep", "psk", "sae", "eap", "passpoint"),
    ),
    Spec("network.validated", Kind.BOOL, Message("The network reaches the internet")),
    Spec("network.captive_portal", Kind.BOOL, Message("A sign-in page guards the network")),
    Spec("network.vpn.active", Kind.BOOL, Message("A VPN is active")),
    Spec("network.vpn.always_on", Kind.TEXT, Message("Always-on VPN app")),
    Spec("network.saved_open", Kind.LIST, Message("Saved open networks that join by themselves")),
    Spec(
        "network.class",
        Kind.CHOICE,
        Message("Class of the network"),
        ("organisation", "private", "public", "cellular", "offline"),
    ),
    Spec(
        "network.whatsapp_history",
        Kind.RECORDS,
        Message("Networks over which WhatsApp moved data"),
        fields=("network", "security", "first_at", "last_at", "bytes"),
    ),
    Spec(
        "whatsapp.installed",
        Kind.RECORDS,
        Message("Installed WhatsApp apps"),
        fields=("package", "user", "version", "installer", "signature"),
    ),
    Spec("whatsapp.backup.latest_at", Kind.INSTANT, Message("Newest complete local backup")),
    Spec("whatsapp.backup.size_bytes", Kind.INT, Message("Size of the newest backup in bytes")),
    Spec("whatsapp.backup.path", Kind.TEXT, Message("File of the newest backup")),
    Spec("whatsapp.backup.end_to_end_encrypted", Kind.BOOL, Message("The backup is end-to-end encrypted")),
    Spec("whatsapp.backup.count", Kind.INT, Message("Complete local backups")),
    Spec("whatsapp.backup.scheduled_at", Kind.INSTANT, Message("Next scheduled local backup")),
    Spec(
        "whatsapp.linked_devices",
        Kind.RECORDS,
        Message("Linked devices (WhatsApp Web and others)"),
        fields=("name", "platform", "last_active_at", "active_now"),
    ),
    Spec("whatsapp.linking_seen", Kind.BOOL, Message("A screen that links devices was ever opened")),
    Spec("whatsapp.linked_devices_reviewed_at", Kind.INSTANT, Message("Linked devices last looked at")),
    Spec("whatsapp.media_in_shared_storage", Kind.INT, Message("WhatsApp media files in shared storage")),
    Spec("device.encrypted", Kind.BOOL, Message("Storage is encrypted")),
    Spec("device.verified_boot", Kind.CHOICE, Message("Verified boot"), ("green", "yellow", "orange", "red")),
    Spec("device.bootloader_locked", Kind.BOOL, Message("The bootloader is locked")),
    Spec("device.rooted", Kind.BOOL, Message("Root access")),
    Spec("device.security_patch_age_days", Kind.INT, Message("Age of the security patch in days")),
    Spec("device.clock_skew_seconds", Kind.INT, Message("Phone's clock against the workstation's, in seconds")),
    Spec("device.play_protect", Kind.BOOL, Message("Play Protect is on")),
    Spec("device.adb_over_wifi", Kind.BOOL, Message("Debugging over the network is on")),
    Spec("device.developer_options", Kind.BOOL, Message("Developer options are on")),
    Spec("device.adb_keys", Kind.LIST, Message("Computers that this phone trusts")),
    Spec("device.mobile_data", Kind.BOOL, Message("Mobile data is ready")),
    Spec("apps.device_admins", Kind.LIST, Message("Device administrators")),
    Spec("apps.accessibility_services", Kind.LIST, Message("Accessibility services that are on")),
    Spec("apps.notification_listeners", Kind.LIST, Message("Apps that read notifications")),
    Spec("apps.keyboards", Kind.LIST, Message("Keyboards that are on")),
    Spec(
        "apps.sideloaded",
        Kind.RECORDS,
        Message("Apps not from an allowed store"),
        fields=("package", "installer"),
    ),
    Spec("apps.spyware", Kind.RECORDS, Message("Known spyware"), fields=("package", "indicator")),
    Spec("handover.reset_at", Kind.INSTANT, Message("Last factory reset")),
    Spec("handover.user_apps", Kind.INT, Message("Apps installed by a person")),
    Spec("handover.accounts", Kind.INT, Message("Accounts")),
    Spec("handover.whatsapp_leftovers", Kind.LIST, Message("What WhatsApp left behind")),
    Spec("handover.setup_complete", Kind.BOOL, Message("First set-up is complete")),
    # Beyond the contract: what the facts above are judged by, and who the phone is.
    Spec("handover.not_reset_since", Kind.INSTANT, Message("Not reset since")),
    Spec("handover.reset_protection", Kind.BOOL, Message("Factory-reset protection keeps an account or a lock")),
    Spec("handover.find_my_device", Kind.BOOL, Message("Google's Find My Device may lock and erase it from afar")),
    Spec("apps.added_device_admins", Kind.LIST, Message("Device administrators that did not come with the phone")),
    Spec(
        "apps.added_accessibility_services",
        Kind.LIST,
        Message("Accessibility services that are on and did not come with the phone"),
    ),
    Spec(
        "apps.added_notification_listeners",
        Kind.LIST,
        Message("Apps that read notifications and did not come with the phone"),
    ),
    Spec("apps.added_keyboards", Kind.LIST, Message("Keyboards that are on and did not come with the phone")),
    Spec("device.clock_at", Kind.INSTANT, Message("Phone's clock")),
    Spec("device.serial", Kind.TEXT, Message("Serial number")),
    Spec("device.manufacturer", Kind.TEXT, Message("Maker")),
    Spec("device.model", Kind.TEXT, Message("Model")),
    Spec("device.android_version", Kind.TEXT, Message("Android version")),
    Spec("device.api_level", Kind.INT, Message("Android API level")),
    Spec("device.security_patch", Kind.TEXT, Message("Security patch")),
    Spec("device.fingerprint", Kind.TEXT, Message("Build fingerprint")),
)


def by_name(facts: Sequence[Fact]) -> dict[str, Fact]:
    """Index facts by name; the same name twice is a programmer's mistake."""
    index = {fact.name: fact for fact in facts}
    if len(index) != len(facts):
        raise ValueError("a fact was given twice")
    return index
