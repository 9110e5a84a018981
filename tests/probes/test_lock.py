from typing import Any

import pytest

from agent.capture import Answer, Outcome
from agent.facts import State
from agent.probes import lock, lock_settings, users
from tests.probes.phone import cut_short, facts_of, phone, reason_of, saved, values_of

LOCKS, USERS = lock_settings.COMMAND.key, users.COMMAND.key
OWNER = "Users:\n\tUserInfo{0:Marta:c13} running\n"
WORK = "\tUserInfo{10:Trabajo:1030} running\n"
GUEST = "\tUserInfo{10:Luis:410}\n"


def answers(dump: str, listed: str | Answer = OWNER) -> dict[str, str | bytes | Answer]:
    return {LOCKS: dump, USERS: listed}


def conclusions(secure: Any, credential: Any, length: Any) -> dict[str, Any]:
    return {
        "screen_lock.secure": secure,
        "screen_lock.credential": credential,
        "screen_lock.minimum_length": length,
    }


@pytest.mark.parametrize(
    ("dump", "listed", "expected"),
    [
        ("moto-a10-set.txt", OWNER, conclusions(True, "unknown", 4)),
        ("pixel-a15-fresh.txt", OWNER, conclusions(False, "none", "not_applicable")),
        (
            "samsung-a16-password-and-keys.txt",
            OWNER + "\tUserInfo{150:Secure Folder:10061030}\n",
            conclusions(True, "password", 4),
        ),
        # a unified challenge: the profile's PASSWORD is a random one that nobody types
        ("pixel-a12-work-profile.txt", OWNER + WORK, conclusions(True, "pattern", 4)),
        # the second person has no lock, and the phone lies open through that
        ("nokia-a9-two-people.txt", OWNER + GUEST, conclusions(False, "none", "not_applicable")),
        # the same block for a profile is behind the owner's lock
        ("nokia-a9-two-people.txt", OWNER + WORK, conclusions(True, "unknown", 4)),
    ],
)
def test_judges_everybody_on_the_phone(dump: str, listed: str, expected: dict[str, Any]) -> None:
    assert values_of(lock, phone(answers(saved(f"lock_settings/{dump}"), listed))) == expected


PIN = "User State:\n  User 0\n    SID: 4f\n    CredentialType: PIN\n"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("  User 10\n    SID: 5f\n    CredentialType: PATTERN\n", conclusions(True, "pattern", 4)),
        ("  User 10\n    SID: 5f\n    CredentialType: PASSWORD\n", conclusions(True, "pin", 4)),
        ("  User 10\n    SID: 5f\n", conclusions(True, "unknown", 4)),
        ("  User 10\n    SID: 0\n    CredentialType: NONE\n", conclusions(False, "none", "not_applicable")),
        ("  User 10\n    SID: 0\n    CredentialType: PIN\n", conclusions("unknown", "unknown", "unknown")),
        ("", conclusions("unknown", "unknown", "unknown")),  # the dump forgot a person
    ],
)
def test_the_weakest_lock_is_the_phone_s(more: str, expected: dict[str, Any]) -> None:
    assert values_of(lock, phone(answers(PIN + more, OWNER + GUEST))) == expected


# Nobody is user 0 of some tablets and cars (headless system user mode): FLAG_SYSTEM without FLAG_FULL.
HEADLESS = "Users:\n\tUserInfo{0:Driver:813} running\n\tUserInfo{10:Ana:4c12} running\n"
NOBODY = "User State:\n  User 0\n    SID: 0\n    CredentialType: NONE\n"
ANA = "  User 10\n    SID: 5f\n    CredentialType: PIN\n"


@pytest.mark.parametrize(
    ("dump", "listed", "expected"),
    [
        (NOBODY + ANA, HEADLESS, conclusions(True, "pin", 4)),
        (
            NOBODY + ANA.replace("5f", "0").replace("PIN", "NONE"),
            HEADLESS,
            conclusions(False, "none", "not_applicable"),
        ),
        (NOBODY, HEADLESS, conclusions("unknown", "unknown", "unknown")),
        # the same dump without the list of users may be such a phone's
        (NOBODY + ANA, "Error: no\n", conclusions("unknown", "unknown", "unknown")),
        (NOBODY + ANA, HEADLESS.replace("813", "c13"), conclusions(False, "none", "not_applicable")),
    ],
)
def test_a_system_user_is_nobody(dump: str, listed: str, expected: dict[str, Any]) -> None:
    assert values_of(lock, phone(answers(dump, listed))) == expected


def test_a_user_whom_only_the_dump_names_fails_nothing() -> None:
    """The list of users lacks user 150 of this dump: who is right is not known."""
    dump = saved("lock_settings/samsung-a16-password-and-keys.txt")
    assert values_of(lock, phone(answers(dump))) == conclusions("unknown", "unknown", "unknown")


def test_evidence_names_the_user_that_decides() -> None:
    facts = facts_of(lock, phone(answers(saved("lock_settings/nokia-a9-two-people.txt"), OWNER + GUEST)))
    assert [(e.source, e.line) for e in facts["screen_lock.secure"].evidence] == [(LOCKS, "User 10: SID = 0")]


@pytest.mark.parametrize("listed", ["", "Error: no\n", Answer(b"", Outcome.TIMED_OUT), None])
@pytest.mark.parametrize(
    ("dump", "secure"),
    [
        ("moto-a10-set.txt", True),
        ("pixel-a12-work-profile.txt", True),  # whoever user 10 is, both have a lock
        ("pixel-a15-fresh.txt", False),
        ("nokia-a9-two-people.txt", "unknown"),  # user 10 may be a profile or a person
    ],
)
def test_without_the_list_of_users_only_what_holds_for_all_is_known(listed: Any, dump: str, secure: Any) -> None:
    given = answers(saved(f"lock_settings/{dump}"), listed)
    capture = phone({key: answer for key, answer in given.items() if answer is not None})
    assert values_of(lock, capture)["screen_lock.secure"] == secure


def test_window_policy_never_overrules() -> None:
    given = answers(saved("lock_settings/pixel-a15-fresh.txt"))
    window = "  KeyguardServiceDelegate\n    showing=true\n    secure=true\n    mSimSecure=false\n"
    assert values_of(lock, phone({**given, "dumpsys window": window, "dumpsys window policy": window})) == values_of(
        lock, phone(given)
    )
    assert set(values_of(lock, phone({"dumpsys window": window, USERS: OWNER})).values()) == {"unknown"}
    noted = facts_of(lock, phone({**given, "dumpsys window": window}))["screen_lock.secure"].evidence
    assert (noted[-1].source, noted[-1].line) == ("dumpsys window", "differs, and is no proof: secure=true")
    agreeing = {**answers(PIN), "dumpsys window": window}
    assert [e.source for e in facts_of(lock, phone(agreeing))["screen_lock.secure"].evidence] == [LOCKS]


def test_what_is_unknown_says_what_to_do() -> None:
    contradiction = facts_of(lock, phone(answers("User 0\n SID: 0\n CredentialType: PIN\n")))["screen_lock.secure"]
    assert contradiction.state is State.UNKNOWN
    assert reason_of(contradiction) == (
        "`dumpsys lock_settings` contradicts itself about user 0; look in Settings › Security › Screen lock"
    )
    assert contradiction.evidence
    kind = facts_of(lock, phone(answers(saved("lock_settings/moto-a10-set.txt"))))["screen_lock.credential"]
    assert "Android tells it from version 11 on" in reason_of(kind)


def test_a_dump_that_broke_off_proves_nothing() -> None:
    cut = cut_short(saved("lock_settings/pixel-a15-fresh.txt"))
    assert set(values_of(lock, phone({LOCKS: cut, USERS: OWNER})).values()) == {"unknown"}
