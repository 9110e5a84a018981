"""The screen lock: whether one is set, its kind, and the least length that Android accepts.

The proof is in `dumpsys lock_settings` (see `lock_settings`), for each person on the phone: the owner and every
other full user, since one without a lock opens the phone to anybody. A profile (work, second copy of an app,
Secure Folder) is behind its owner's lock, whatever it prints itself: with a unified challenge that is a tied
random password. `dumpsys window`'s `secure=` is cached, starts as true, and a SIM's PIN makes it true
(KeyguardServiceDelegate.java; a real phone without a lock printed it): it never decides anything here, and is shown
beside the proof where a bugreport holds it and the two differ.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from agent.capture import Capture, Unanswered
from agent.facts import Evidence, Fact, known, not_applicable, unknown
from agent.messages import Message
from agent.probes import lock_settings, users
from agent.probes.lock_settings import UserLock
from agent.probes.proof import partly, proved

COMMANDS = (lock_settings.COMMAND, users.COMMAND)
FACTS = ("screen_lock.secure", "screen_lock.credential", "screen_lock.minimum_length")
PROOF = {
    "screen_lock.secure": (proved(last=17),),
    "screen_lock.credential": (
        partly("Android prints no kind; that there is no lock at all is proved", 8, 10),
        proved(11, 17),
    ),
    "screen_lock.minimum_length": (proved(limit="what Android enforces for everybody, whatever the lock is"),),
}
BY_HAND = Message("Settings › Security › Screen lock")

SOURCE = lock_settings.COMMAND.key
# LockPatternUtils.MIN_LOCK_PATTERN_SIZE and MIN_LOCK_PASSWORD_SIZE, the same on API 26 to 36. An administrator may
# demand more of the next one that is set; whether the present one meets it is not printed, so four is what is sure.
LEAST_LENGTH = 4
_WEAKEST_FIRST = ("none", "pattern", "pin", "password")


def probe(capture: Capture) -> Iterator[Fact]:
    """Judge everybody on the phone; the weakest lock is the phone's."""
    locks = lock_settings.read(capture)
    people, sure = _people(capture, locks)
    secure = _noted(capture, _secure(people, sure=sure))
    yield secure
    yield _credential(secure, people)
    yield _minimum_length(secure)


def _people(capture: Capture, locks: dict[int, UserLock]) -> tuple[dict[int, UserLock], bool]:
    """Return the lock of each person, and whether the phone's list of users agrees that these are all.

    A person whom the dump does not name has a lock without lines. Without the list, every user of the dump counts.
    """
    try:
        listed = users.read(capture)
    except Unanswered:
        return locks, False
    others = {user.id for user in listed if not user.is_person}
    ids = {user.id for user in listed} | set(locks)
    sure = set(locks) <= {user.id for user in listed}
    return {user: locks.get(user, UserLock(user)) for user in sorted(ids - others)}, sure


def _secure(people: dict[int, UserLock], *, sure: bool) -> Fact:
    name = FACTS[0]
    # Without the list of users, user 0 beside another with a lock may be nobody's, as on tablets and in cars.
    alone = not any(lock.has_lock for lock in people.values())
    owner = people.get(0) if alone else None
    open_to_all = [lock for lock in people.values() if lock.has_lock is False and (sure or lock is owner)]
    if open_to_all:
        return known(name, False, *_evidence(open_to_all))  # noqa: FBT003 - a fact's value
    unproved = [lock for lock in people.values() if not lock.has_lock]
    if not unproved:
        return known(name, True, *_evidence(people.values()))  # noqa: FBT003
    return unknown(name, _why(unproved[0]), *_evidence(unproved))


def _noted(capture: Capture, secure: Fact) -> Fact:
    """Put what `dumpsys window` says beside the proof where the two differ; the proof stands."""
    for key in ("dumpsys window policy", "dumpsys window"):
        answer = capture.answer(key)
        found = _WINDOW.search(answer.text) if answer else None
        if found and secure.value is not None and (found["secure"] == "true") != secure.value:
            return replace(
                secure, evidence=(*secure.evidence, Evidence.of(key, f"differs, and is no proof: {found[0]}"))
            )
    return secure


_WINDOW = re.compile(r"\bsecure=(?P<secure>true|false)\b")


def _why(lock: UserLock) -> Message:
    """Say what is not proved about this user, and how to prove it."""
    if lock.has_lock is False:
        return Message(
            "user {user} has no lock of its own, and whether it is a profile behind the owner's lock was not "
            "answered; scan the phone itself",
            {"user": lock.user},
        )
    if lock.lines:
        return Message(
            "`{command}` contradicts itself about user {user}; look in Settings › Security › Screen lock",
            {"command": SOURCE, "user": lock.user},
        )
    return Message(
        "`{command}` says nothing of the lock of user {user}; look in Settings › Security › Screen lock",
        {"command": SOURCE, "user": lock.user},
    )


def _credential(secure: Fact, people: dict[int, UserLock]) -> Fact:
    """Return the weakest kind: a pattern can be seen on the glass, a PIN has ten signs, a password more."""
    name = FACTS[1]
    if secure.value is None:
        return unknown(name, secure.reason or _why(UserLock(0)), *secure.evidence)
    if secure.value is False:
        return known(name, "none", *secure.evidence)
    kinds = [lock.credential for lock in people.values()]
    if None in kinds:
        return unknown(
            name,
            Message(
                "a lock is set, but `{command}` does not print its kind (Android tells it from version 11 on); "
                "look in Settings › Security › Screen lock",
                {"command": SOURCE},
            ),
            *secure.evidence,
        )
    weakest = min((kind for kind in kinds if kind), key=_WEAKEST_FIRST.index)
    return known(name, weakest, *secure.evidence)


def _minimum_length(secure: Fact) -> Fact:
    name = FACTS[2]
    if secure.value is None:
        return unknown(name, secure.reason or _why(UserLock(0)), *secure.evidence)
    if secure.value is False:
        return not_applicable(name, Message("no screen lock is set"), *secure.evidence)
    rule = Evidence(
        SOURCE, "a lock is set, and Android refuses a PIN or password under 4 characters, a pattern under 4 dots"
    )
    return known(name, LEAST_LENGTH, rule, *secure.evidence)


def _evidence(locks: Iterable[UserLock]) -> tuple[Evidence, ...]:
    """Quote the deciding lines, each with the user it stands under."""
    return tuple(Evidence.of(SOURCE, f"User {lock.user}: {', '.join(lock.lines)}") for lock in locks if lock.lines)
