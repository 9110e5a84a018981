from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.capture import Unanswered
from agent.probes import ProbeError, lock_settings
from agent.probes.lock_settings import COMMAND, Kind, UserLock
from tests.probes.phone import phone, run, saved

DUMPS = {
    "moto-a10-set.txt": {
        0: UserLock(0, sid="60d3ab9174ec2f58", handle="2c81f0d94b7ae653", lines=("SID = 60d3ab9174ec2f58",)),
    },
    "nokia-a9-two-people.txt": {
        0: UserLock(0, sid="4409c1be7d2f03aa", handle="77b1e02ca45d9f36", lines=("SID = 4409c1be7d2f03aa",)),
        10: UserLock(10, sid="0", handle="0", lines=("SID = 0",)),
    },
    "pixel-a12-work-profile.txt": {
        0: UserLock(
            0,
            sid="51ce09b7a2d84f16",
            kind="pattern",
            separate_challenge=True,
            handle="9ab04cd2e1f7365",
            changed="2025-02-11 08:15:09",
            lines=("SID: 51ce09b7a2d84f16", "CredentialType: Pattern"),
        ),
        10: UserLock(
            10,
            sid="3b7d6e1fa0c95284",
            kind="password",
            separate_challenge=False,
            handle="1ce5f60b7a28d943",
            changed="2025-02-11 09:02:44",
            lines=("SID: 3b7d6e1fa0c95284", "CredentialType: Password"),
        ),
    },
    "pixel-a15-fresh.txt": {
        0: UserLock(
            0,
            sid="0000000000000000",
            kind="none",
            separate_challenge=False,
            handle="4be17a09c35df268",
            previous="0000000000000000",
            changed="2026-05-02 09:41:27",
            lines=("SID: 0000000000000000", "CredentialType: NONE"),
        ),
    },
    "samsung-a16-password-and-keys.txt": {
        0: UserLock(
            0,
            sid="2f90b6d1c8e7a534",
            kind="password",
            separate_challenge=True,
            handle="c7046ae1930fb582",
            previous="18d2c94f5be06a73",
            changed="2026-01-19 21:07:55",
            lines=("SID: 2f90b6d1c8e7a534", "CredentialType: PASSWORD"),
        ),
        150: UserLock(
            150,
            sid="0000000000000000",
            kind="none",
            separate_challenge=False,
            handle="55aa01f29c3be784",
            previous="0000000000000000",
            changed="2026-01-20 10:00:01",
            lines=("SID: 0000000000000000", "CredentialType: NONE"),
        ),
    },
}


@pytest.mark.parametrize("dump", DUMPS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_reads_each_user_s_block(dump: str, newline: str) -> None:
    text = saved(f"lock_settings/{dump}").replace("\n", newline)
    assert lock_settings.read(phone({COMMAND.key: text})) == DUMPS[dump]


@pytest.mark.parametrize("dump", DUMPS)
def test_reads_the_same_when_the_phone_cut_it(dump: str, tmp_path: Path) -> None:
    text = saved(f"lock_settings/{dump}")
    cut = run(COMMAND, tmp_path, {"dumpsys": f"cat <<'END'\n{text}END"})
    assert lock_settings.parse(cut) == DUMPS[dump]
    assert "spblob" not in cut.split("\nUser State:")[0]
    assert "LSSLog" not in cut


@pytest.mark.parametrize(
    ("text", "has_lock", "credential"),
    [
        ("User 0\n SID: 0000000000000000\n CredentialType: NONE\n", False, "none"),
        ("User 0\n SID: 0\n", False, "none"),
        ("User 0\n SID: 1\n", True, None),
        ("User 0\n SID: 1\n CredentialType: Unknown 7\n", True, None),
        ("User 0\n CredentialType: PIN\n", True, "pin"),
        ("User 0\n CredentialType: None\n", False, "none"),
        ("User 0\n CredentialType: UNKNOWN_3\n", None, None),
        ("User 0\n SID: 0\n CredentialType: Pin\n", None, None),
        ("User 0\n SID: 4be17a09c35df268\n CredentialType: NONE\n", None, None),
        ("User 0\n SID: 0\nUser 0\n SID: 5\n", None, None),
        ("User 0\n SID: 0\n SID: 0\n", False, "none"),
        ("User 0\n Quality: 0\n SP Handle: 0\n", None, None),
        ("User 0\n SID: zero\n", None, None),
        # cut in the middle of sixteen digits: the rest may not be zero
        ("User 0\n LSKF-based SP protector ID: af7b763839d529e5\n SID: 0000", None, None),
        ("SID = 0\n", False, "none"),  # a published piece without the line of its user
    ],
)
def test_a_lock_is_proved_or_unknown(*, text: str, has_lock: bool | None, credential: str | None) -> None:
    lock = lock_settings.parse(text)[0]
    assert (lock.has_lock, lock.credential) == (has_lock, credential)


@pytest.mark.parametrize(
    "text", ["Current lock settings service state:\n", "x\n", "Keys in namespace:\nUser 0\nSID: 0\n"]
)
def test_a_dump_that_names_no_user_is_no_answer(text: str) -> None:
    with pytest.raises(ProbeError, match="names no user"):
        lock_settings.parse(text)


@pytest.mark.parametrize("answer", ["", "Can't find service: lock_settings\n", b"\xff\xfe"])
def test_silence_is_no_answer(answer: str | bytes) -> None:
    with pytest.raises(Unanswered):
        lock_settings.read(phone({COMMAND.key: answer}))


# A phone by version, written with AOSP's own format strings; One UI's lines may stand between them.
HEX = st.integers(0, 2**64 - 1)
KINDS: tuple[Kind, ...] = ("none", "pattern", "pin", "password")
USERS = st.lists(
    st.tuples(st.integers(0, 20), st.sampled_from(KINDS), st.integers(1, 2**64 - 1), HEX, st.booleans()),
    min_size=1,
    max_size=4,
    unique_by=lambda user: user[0],
)
ONE_UI = ("Secure Mode: 0", "failed attempt = 3", "sp-handle-try = 0", "statsCredentialType = 0")


def dump_26(users: list[tuple[int, Kind, int, int, bool]]) -> str:
    lines = ["Current lock settings service state:", "SP Enabled = false"]
    for user, kind, sid, handle, _ in users:
        sid = 0 if kind == "none" else sid  # noqa: PLW2901 - Android clears it with the lock
        lines += [f"    User {user:d}", f"        SP Handle = {handle:x}", f"        SID = {sid:x}"]
    return "\n".join(lines) + "\n"


def dump_30(users: list[tuple[int, Kind, int, int, bool]]) -> str:
    lines = ["Current lock settings service state:", "", "User State:"]
    for user, kind, sid, handle, separate in users:
        sid = 0 if kind == "none" else sid  # noqa: PLW2901
        lines += [
            f"  User {user:d}",
            f"    SP Handle: {handle:x}",
            f"    Last changed: 2024-03-01 10:11:12 ({handle:x})",
            f"    SID: {sid:x}",
            "    Quality: 0",
            f"    CredentialType: {kind.capitalize()}",
            f"    SeparateChallenge: {str(separate).lower()}",
            "    Metrics: known",
            "",
        ]
    return "\n".join([*lines, "Storage:", "  User 0 [/data/system_de/0/spblob]:", "", "StrongAuth:", "User 0"]) + "\n"


def dump_34(users: list[tuple[int, Kind, int, int, bool]], *, one_ui: bool) -> str:
    lines = ["Current lock settings service state:", ""]
    lines += ["DO Enabled: false", ""] if one_ui else []
    lines += ["User State:"]
    for user, kind, sid, handle, separate in users:
        sid = 0 if kind == "none" else sid  # noqa: PLW2901
        lines += [
            f"  User {user:d}",
            f"    LSKF-based SP protector ID: {handle:016x}",
            f"    LSKF last changed: 2024-03-01 10:11:12 (previous protector: {handle:016x})",
            *(f"    {line}" for line in ONE_UI if one_ui),
            f"    SID: {sid:016x}",
            "    Quality: 0",
            f"    CredentialType: {kind.upper()}",
            f"    SeparateChallenge: {str(separate).lower()}",
            "",
        ]
    lines += ["Keys in namespace:"]
    if one_ui:
        lines += [line for user, *_ in users for line in (f"  User {user:d}", "    CredentialType: NONE", "    SID: 0")]
    return "\n".join([*lines, "", "Storage:", "LSSLog:", "User 0", "SID: 0"]) + "\n"


@given(users=USERS)
def test_what_a_phone_of_any_version_writes_gives_back_its_state(users: list[tuple[int, Kind, int, int, bool]]) -> None:
    state = {user: kind != "none" for user, kind, *_ in users}
    kinds = {user: kind for user, kind, *_ in users}
    old = lock_settings.parse(dump_26(users))
    assert {user: lock.has_lock for user, lock in old.items()} == state
    assert {lock.credential for lock in old.values()} <= {"none", None}
    for text in (dump_30(users), dump_34(users, one_ui=False), dump_34(users, one_ui=True)):
        new = lock_settings.parse(text)
        assert {user: lock.has_lock for user, lock in new.items()} == state
        assert {user: lock.credential for user, lock in new.items()} == kinds
        assert {user: lock.separate_challenge for user, lock in new.items()} == {u[0]: u[4] for u in users}


@given(users=USERS, one_ui=st.booleans(), at=st.floats(0, 1))
def test_a_dump_cut_anywhere_never_tells_of_a_lock_that_is_not_so(
    *, users: list[tuple[int, Kind, int, int, bool]], one_ui: bool, at: float
) -> None:
    text = dump_34(users, one_ui=one_ui)
    try:
        locks = lock_settings.parse(text[: int(len(text) * at)])
    except ProbeError:
        return
    kinds = {user: kind for user, kind, *_ in users}
    for user, lock in locks.items():
        assert lock.has_lock in (None, kinds.get(user) != "none")


@given(text=st.text(max_size=400))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ProbeError):
        assert lock_settings.parse(text)
