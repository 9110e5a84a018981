from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.capture import Answer, Capture, Unanswered
from agent.facts import Evidence
from agent.probes import ProbeError, users
from agent.probes.users import User, UserKind

CAPTURES = Path(__file__).parent.parent / "captures" / "users"


def capture(**answers: str) -> Capture:
    named = {key.replace("_", " "): Answer(text.encode()) for key, text in answers.items()}
    return Capture("capture", datetime(2026, 5, 4, tzinfo=UTC), named)


def user(number: int, name: str, flags: int, kind: UserKind, *, running: bool = True) -> User:
    line = f"UserInfo{{{number}:…:{flags:x}}}" + (" running" if running else "")
    return User(number, name, flags, kind, running, Evidence("pm list users", line))


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (
            "samsung-a14-four-kinds.txt",
            (
                user(0, 'Rosa "la jefa" {1:2}: Pérez', 0x4C13, UserKind.OWNER),
                user(95, "DUAL_APP", 0x20001030, UserKind.DUAL_APP),
                user(150, "Secure Folder", 0x10061030, UserKind.SECURE_FOLDER, running=False),
                user(10, "Trabajo", 0x1030, UserKind.WORK_PROFILE),
            ),
        ),
        (
            "pixel-a8-guest.txt",
            (
                user(0, "Propietario", 0x13, UserKind.OWNER),
                user(10, "Invitado", 0x114, UserKind.GUEST, running=False),
                user(11, "Niño", 0x18, UserKind.RESTRICTED, running=False),
                user(12, "Otra persona", 0x10, UserKind.SECONDARY, running=False),
            ),
        ),
    ],
)
def test_reads_every_user_with_its_kind(file: str, expected: tuple[User, ...]) -> None:
    text = (CAPTURES / file).read_text()
    assert users.read(capture(pm_list_users=text)) == expected
    assert users.read(capture(pm_list_users=text.replace("\n", "\r\n"))) == expected


def test_a_bugreport_s_user_service_stands_in_and_leaves_out_who_is_being_removed() -> None:
    found = users.read(capture(dumpsys_user=(CAPTURES / "emulator-a9-dumpsys.txt").read_text()))
    assert [(u.id, u.name, u.kind, u.running) for u in found] == [
        (0, "Owner", UserKind.OWNER, True),
        (10, 'Work: "x"', UserKind.WORK_PROFILE, True),
    ]
    assert found[1].evidence == Evidence("dumpsys user", "UserInfo{10:…:30} running")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Permission Denial: you need MANAGE_USERS",
        "Error: null",
        "null",
        "Usuarios:\n",
        "Users:\n\tUserInfo{0:Owner:13} running\n\tUserInfo{10:Tra",
        "Users:\n\tUserInfo{0:Owner:13} running\n\tUserInfo{10:Trabajo:zz} running\n",
        "Users:\n\tUserInfo{10:Trabajo:1030} running\n",  # a profile alone: whose?
        "Users:\n\tUserInfo{0:Sistema:c03} running\n\tUserInfo{10:Ana:c12 <removing>\n",
        "Users:\n\tUserInfo{0:Owner:13} running\n\tUserInfo{10:Ana:410}\n\tUserInfo{10:Ana:1030}\n",
    ],
)
def test_a_list_that_may_lack_somebody_is_no_list(text: str) -> None:
    with pytest.raises(Unanswered):
        users.read(capture(pm_list_users=text))


def test_invalid_utf8_in_a_name_costs_nothing() -> None:
    raw = b"Users:\n\tUserInfo{0:\xff\xfe:13} running\n"
    found = users.read(Capture("live", datetime(2026, 5, 4, tzinfo=UTC), {"pm list users": Answer(raw)}))
    assert [(u.id, u.running) for u in found] == [(0, True)]


@given(
    st.lists(
        st.tuples(st.integers(0, 9999), st.text(max_size=60), st.integers(0, 2**31 - 1), st.booleans()),
        min_size=1,
        max_size=5,
        unique_by=lambda row: row[0],
    )
)
def test_any_name_leaves_the_others_in_the_list(rows: list[tuple[int, str, int, bool]]) -> None:
    text = "Users:\n" + "".join(
        f"\tUserInfo{{{number}:{name}:{flags:x}}}{' running' if running else ''}\n"
        for number, name, flags, running in rows
    )
    try:
        found = users.parse(text)
    except ProbeError:
        return
    assert {row[0] for row in rows} <= {u.id for u in found}
