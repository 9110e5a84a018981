"""How long a phone that lies about stays open: screen off after, plus lock after.

PowerManagerService turns the screen off after `screen_off_timeout` (system, ms), KeyguardViewMediator locks
`lock_screen_lock_after_timeout` (secure, ms) later, 5000 where it is absent (KEYGUARD_LOCK_AFTER_DELAY_DEFAULT, API
26 to 36). An administrator's `maximumTimeToUnlock` caps the two together. `lockscreen.power_button_instantly_locks`
is in another database that no command prints.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.capture import Capture
from agent.facts import Evidence, Fact, known
from agent.messages import Message
from agent.probes import ProbeError, device_policy, people, settings
from agent.probes.device_policy import Admin
from agent.probes.proof import proved

COMMANDS = (settings.SYSTEM, settings.SECURE, device_policy.COMMAND, *people.COMMANDS)
FACTS = ("screen_lock.timeout_seconds",)
PROOF = {FACTS[0]: (proved(limit="the button may lock at once besides, which no command prints"),)}
BY_HAND = Message("Settings › Display › Screen timeout, and Settings › Security › the gear beside Screen lock")

SCREEN, LOCK, CAP = "screen_off_timeout", "lock_screen_lock_after_timeout", "maximumTimeToUnlock"
DEFAULT_LOCK_MS = 5000


@dataclass(frozen=True, slots=True)
class Delay:
    """One person's delay in milliseconds."""

    delay_ms: int
    evidence: tuple[Evidence, ...]


def probe(capture: Capture) -> Iterator[Fact]:
    """Return the longest delay of everybody on the phone; unknown when one person's is."""
    admins = device_policy.read(capture)
    delays = [_delay(capture, user, admins) for user in people.people(capture)]
    longest = max(delays, key=lambda delay: delay.delay_ms)
    yield known(FACTS[0], longest.delay_ms // 1000, *longest.evidence)


def _delay(capture: Capture, user: int, admins: dict[int, tuple[Admin, ...]]) -> Delay:
    screen = settings.value(capture, "system", SCREEN, user)
    if screen is None:
        raise ProbeError(
            Message("this phone does not say after how long its screen turns off; look in Settings › Display")
        )
    after = settings.value(capture, "secure", LOCK, user)
    after_evidence = settings.absence(capture, "secure", LOCK, user) if after is None else after.evidence
    after_ms = DEFAULT_LOCK_MS if after is None else _milliseconds(after.value, LOCK)
    return _capped(_milliseconds(screen.value, SCREEN) + after_ms, (screen.evidence, after_evidence), admins, user)


def _milliseconds(value: str, key: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) <= 12):
        raise ProbeError(Message("`{key}` is no number on this phone; look in Settings › Display", {"key": key}))
    return int(value)


def _capped(delay_ms: int, evidence: tuple[Evidence, ...], admins: dict[int, tuple[Admin, ...]], user: int) -> Delay:
    """Apply the caps of this user's own administrators; those of a profile may or may not reach its owner's lock."""
    own = _caps(admins.get(user, ()))
    if own and own[0][0] < delay_ms:
        delay_ms, evidence = own[0][0], (*evidence, own[0][1])
    others = [cap for other, theirs in admins.items() if other != user for cap in _caps(theirs)]
    if any(cap_ms < delay_ms for cap_ms, _ in others):
        raise ProbeError(
            Message(
                "an administrator in a profile demands an earlier lock, and the phone does not say whether that holds "
                "for the whole phone; try how long it stays open"
            )
        )
    return Delay(delay_ms, evidence)


def _caps(admins: Sequence[Admin]) -> list[tuple[int, Evidence]]:
    """Every demand in milliseconds, the strictest first; 0 is none."""
    return sorted(
        (
            (number, Evidence.of(device_policy.COMMAND.key, f"{admin.component}: {admin.lines[CAP]}"))
            for admin in admins
            for number in admin.numbers.get(CAP, ())
            if number > 0
        ),
        key=lambda cap: cap[0],
    )
