from typing import Any

import pytest

from agent.probes import device_policy, lock_delay, lock_notifications, settings, users
from tests.probes.phone import facts_of, phone, reason_of, values_of

OWNER = "Users:\n\tUserInfo{0:Marta:c13} running\n"
PERSON = "\tUserInfo{10:Luis:410}\n"
PROFILE = "\tUserInfo{10:Trabajo:1030} running\n"
NO_ADMINS = "Enabled Device Admins (User 0, provisioningState: 0):\n  mPasswordOwner=-1\n"


def admin(number: str, user: int = 0) -> str:
    return f"Enabled Device Admins (User {user}, provisioningState: 0):\n com.e/.A:\n {number}\n mPasswordOwner=-1\n"


def answers(system: str, secure: str, *, listed: str = OWNER, admins: str = NO_ADMINS) -> dict[str, str]:
    return {
        settings.SYSTEM.key: system + ("" if "user" in system else "44\n"),
        settings.SECURE.key: secure + ("" if "user" in secure else "98\n"),
        users.COMMAND.key: listed,
        device_policy.COMMAND.key: admins,
    }


SCREEN = "screen_off_timeout=60000\n"
AFTER = "lock_screen_lock_after_timeout=0\n"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (answers(SCREEN, AFTER), 60),
        (answers(SCREEN, ""), 65),  # absent is Android's default of 5000 ms
        (answers("screen_off_timeout=2147483647\n", AFTER), 2147483),
        (answers(SCREEN, "lock_screen_lock_after_timeout=1800000\n"), 1860),
        (answers(SCREEN, "", admins=admin("maximumTimeToUnlock=30000")), 30),
        (answers(SCREEN, "", admins=admin("maximumTimeToUnlock=90000")), 65),
        (answers(SCREEN, "", admins=admin("maximumTimeToUnlock=0")), 65),
        # whether a profile's administrator reaches the whole phone is not told, unless it makes no difference
        (
            answers(SCREEN, "", listed=OWNER + PROFILE, admins=NO_ADMINS + admin("maximumTimeToUnlock=30000", 10)),
            "unknown",
        ),
        (answers(SCREEN, "", listed=OWNER + PROFILE, admins=NO_ADMINS + admin("maximumTimeToUnlock=70000", 10)), 65),
        # the person whose phone stays open longest
        (
            answers(
                SCREEN + "44\nuser 10\nscreen_off_timeout=600000\n31\n",
                AFTER + "98\nuser 10\n50\n",
                listed=OWNER + PERSON,
            ),
            605,
        ),
        (answers(SCREEN, AFTER, listed=OWNER + PERSON), "unknown"),  # nobody answered for the second person
        (answers(SCREEN, AFTER, listed=OWNER + PROFILE), 60),
        (answers("", AFTER), "unknown"),
        (answers("screen_off_timeout=soon\n", AFTER), "unknown"),
        (answers(SCREEN, "lock_screen_lock_after_timeout=-1\n"), "unknown"),
        (answers(SCREEN, AFTER, admins="Permission Denial: can't dump\n"), "unknown"),
    ],
)
def test_adds_screen_off_and_lock_after(given: dict[str, str], expected: Any) -> None:
    assert values_of(lock_delay, phone(given)) == {"screen_lock.timeout_seconds": expected}


@pytest.mark.parametrize("refused", [settings.SYSTEM.key, settings.SECURE.key])
@pytest.mark.parametrize("answer", ["Error: no\n", "", None])
def test_either_list_refused_leaves_it_unknown(refused: str, answer: str | None) -> None:
    given = answers(SCREEN, AFTER)
    del given[refused]
    facts = facts_of(lock_delay, phone(given if answer is None else {**given, refused: answer}))
    assert refused in reason_of(facts["screen_lock.timeout_seconds"])


def test_evidence_holds_both_halves_and_the_cap() -> None:
    capped = answers(SCREEN, "", admins=admin("maximumTimeToUnlock=30000"))
    fact = facts_of(lock_delay, phone(capped))["screen_lock.timeout_seconds"]
    assert [(e.source, e.line) for e in fact.evidence] == [
        ("settings list system", "screen_off_timeout=60000"),
        ("settings list secure", "lock_screen_lock_after_timeout: not set"),
        ("dumpsys device_policy", "com.e/.A: maximumTimeToUnlock=30000"),
    ]


SHOW, PRIVATE = "lock_screen_show_notifications", "lock_screen_allow_private_notifications"


@pytest.mark.parametrize(
    ("secure", "admins", "expected"),
    [
        (f"{SHOW}=1\n{PRIVATE}=1\n", NO_ADMINS, "full"),
        (f"{SHOW}=1\n{PRIVATE}=0\n", NO_ADMINS, "redacted"),
        (f"{SHOW}=0\n{PRIVATE}=1\n", NO_ADMINS, "hidden"),
        (f"{SHOW}=1\n{PRIVATE}=1\n", admin("disabledKeyguardFeatures=8"), "redacted"),
        (f"{SHOW}=1\n{PRIVATE}=1\n", admin("disabledKeyguardFeatures=12"), "hidden"),
        (f"{SHOW}=1\n{PRIVATE}=1\n", admin("disabledKeyguardFeatures=16"), "full"),
        (f"{SHOW}=1\n", NO_ADMINS, "unknown"),
        (f"{PRIVATE}=1\n", NO_ADMINS, "unknown"),
        (f"{SHOW}=1\n{PRIVATE}=2\n", NO_ADMINS, "unknown"),
        (f"{SHOW}=1\n{PRIVATE}=1\n", "", "unknown"),
    ],
)
def test_what_the_lock_screen_shows(secure: str, admins: str, expected: str) -> None:
    given = answers("", secure, admins=admins)
    assert values_of(lock_notifications, phone(given)) == {"screen_lock.notifications": expected}


def test_the_person_whose_lock_screen_shows_most_decides() -> None:
    secure = f"{SHOW}=0\n98\nuser 10\n{SHOW}=1\n{PRIVATE}=1\n51\n"
    given = answers("", secure, listed=OWNER + PERSON)
    assert values_of(lock_notifications, phone(given)) == {"screen_lock.notifications": "full"}


def test_without_the_list_of_users_the_lock_s_dump_tells_who_is_there() -> None:
    given = answers(SCREEN, AFTER)
    del given[users.COMMAND.key]
    alone = {**given, "dumpsys lock_settings": "User 0\n SID: 1\n"}
    assert values_of(lock_delay, phone(alone)) == {"screen_lock.timeout_seconds": 60}
    two = {**given, "dumpsys lock_settings": "User 0\n SID: 1\nUser 10\n SID: 0\n"}
    assert values_of(lock_delay, phone(two)) == {"screen_lock.timeout_seconds": "unknown"}
