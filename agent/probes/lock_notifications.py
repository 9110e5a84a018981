"""What the lock screen shows of notifications.

`lock_screen_show_notifications` and `lock_screen_allow_private_notifications` (secure, per user; Settings.Secure,
NotificationLockscreenUserManagerImpl of SystemUI, API 26 to 36), and what administrators forbid:
`disabledKeyguardFeatures` (DevicePolicyManager.KEYGUARD_DISABLE_SECURE_NOTIFICATIONS,
KEYGUARD_DISABLE_UNREDACTED_NOTIFICATIONS). Makers' defaults differ where a setting is absent: then it is unknown.
"""

from collections.abc import Iterator
from typing import Literal

from agent.capture import Capture
from agent.facts import Evidence, Fact, known
from agent.messages import Message
from agent.probes import ProbeError, device_policy, people, settings
from agent.probes.device_policy import Admin
from agent.probes.proof import partly

COMMANDS = (settings.SECURE, device_policy.COMMAND, *people.COMMANDS)
FACTS = ("screen_lock.notifications",)
PROOF = {FACTS[0]: (partly("where a setting was never made the maker's default holds, which nothing prints"),)}
BY_HAND = Message("Settings › Notifications › Notifications on the lock screen")

SHOW, PRIVATE, FORBIDDEN = (
    "lock_screen_show_notifications",
    "lock_screen_allow_private_notifications",
    "disabledKeyguardFeatures",
)
_NO_NOTIFICATIONS, _NO_CONTENT = 0x4, 0x8
Shown = Literal["full", "redacted", "hidden"]
_MOST_FIRST: tuple[Shown, ...] = ("full", "redacted", "hidden")


def probe(capture: Capture) -> Iterator[Fact]:
    """Return what is shown of the person whose lock screen shows most."""
    admins = device_policy.read(capture)
    shown = [_shown(capture, user, admins.get(user, ())) for user in people.people(capture)]
    most, evidence = min(shown, key=lambda one: _MOST_FIRST.index(one[0]))
    yield known(FACTS[0], most, *evidence)


def _shown(capture: Capture, user: int, admins: tuple[Admin, ...]) -> tuple[Shown, tuple[Evidence, ...]]:
    forbidden, forbidding = 0, list[Evidence]()
    for admin in admins:
        for features in admin.numbers.get(FORBIDDEN, ()):
            forbidden |= features
            if features & (_NO_NOTIFICATIONS | _NO_CONTENT):
                line = f"{admin.component}: {FORBIDDEN}={features}"
                forbidding.append(Evidence.of(device_policy.COMMAND.key, line))
    if forbidden & _NO_NOTIFICATIONS:
        return "hidden", tuple(forbidding)
    show, shown = _switch(capture, SHOW, user)
    if not show:
        return "hidden", (shown,)
    if forbidden & _NO_CONTENT:
        return "redacted", (shown, *forbidding)
    private, content = _switch(capture, PRIVATE, user)
    return ("full" if private else "redacted"), (shown, content)


def _switch(capture: Capture, key: str, user: int) -> tuple[bool, Evidence]:
    setting = settings.value(capture, "secure", key, user)
    if setting is None or setting.value not in ("0", "1"):
        raise ProbeError(
            Message(
                "this phone does not say `{key}`; look in Settings › Notifications › Notifications on the lock screen",
                {"key": key},
            )
        )
    return setting.value == "1", setting.evidence
