from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.probes import lock_settings, trust
from agent.probes.trust import COMMAND
from tests.probes.phone import facts_of, phone, run, saved, values_of

SMART_LOCK = saved("trust/pixel-a14-smart-lock.txt")
IDLE = saved("trust/nokia-a9-agent-idle.txt")
GOOGLE = "com.google.android.gms/.auth.trustagent.GoogleTrustAgent"
STATE = " (current): trusted=0, trustManaged=0, deviceLocked=0, strongAuthRequired=0x0"
NONE = f' User "A" (id=0, flags=0x13){STATE}\n   Enabled agents:\n   Events:\n'


def concluded(text: str, **more: str) -> Any:
    (value,) = values_of(trust, phone({COMMAND.key: text, **more})).values()
    return value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SMART_LOCK, [GOOGLE]),
        (SMART_LOCK.replace("\n", "\r\n"), [GOOGLE]),
        (IDLE, []),  # it gave up managing trust after its last grant
        (IDLE.replace("managingTrust=false", "managingTrust=true"), [GOOGLE]),
        (IDLE.replace("connected=1, managingTrust=0, trusted=0", "connected=1, managingTrust=0, trusted=1"), [GOOGLE]),
        (NONE, []),
        # Android 15 and later
        (NONE.replace("trusted=0", "trustState=UNTRUSTED"), []),
        (NONE.replace("trusted=0", "trustState=TRUSTABLE"), "unknown"),
        # some agent manages trust, and none is listed
        (NONE.replace("trustManaged=0", "trustManaged=1"), "unknown"),
        (NONE.replace("trustManaged=0", "trustManaged=0, isActiveUnlockRunning=1"), "unknown"),
        # not unlocked since the start: the list is empty whatever is enabled
        (NONE.replace("=0x0", "=0x1"), "unknown"),
        (IDLE.replace("=0x0", "=0x10"), "unknown"),
        (NONE.replace("   Enabled agents:\n", ""), "unknown"),
        # a second person decides too, a profile does not
        (NONE + NONE.replace("id=0", "id=10").replace("=0x0", "=0x1"), "unknown"),
        (NONE + ' User "W" (id=10, flags=0x1030) (profile with unified challenge): deviceLocked=1\n', []),
        (NONE + ' User "W" (id=10, flags=0x30)(managed profile)\n   disabled because switching to this user', []),
        ("Trust manager state:\n", "unknown"),
    ],
)
def test_an_agent_counts_when_it_works(text: str, expected: Any) -> None:
    assert concluded(text) == expected


def test_a_name_cannot_hide_its_user() -> None:
    name = f'x" (id=7, flags=0x0){STATE}\n   Enabled agents:\n   Events:\n User "y'
    text = NONE.replace('"A"', f'"{name}"').replace("trustManaged=0", "trustManaged=1")
    assert concluded(text) == "unknown"


def test_without_a_lock_nothing_holds_it_open() -> None:
    unlocked = "User State:\n  User 0\n    SID: 0000000000000000\n    CredentialType: NONE\n"
    assert concluded(NONE, **{lock_settings.COMMAND.key: unlocked}) == "not_applicable"


def test_shows_the_agent_s_state_and_no_person_s_name() -> None:
    fact = facts_of(trust, phone({COMMAND.key: SMART_LOCK}))["screen_lock.trust_agents"]
    assert [(e.source, e.line) for e in fact.evidence] == [
        ("dumpsys trust", f"{GOOGLE} bound=1, connected=1, managingTrust=1, trusted=0")
    ]
    fact = facts_of(trust, phone({COMMAND.key: NONE}))["screen_lock.trust_agents"]
    assert [e.line for e in fact.evidence] == [f"User 0{STATE}"]


@pytest.mark.parametrize("text", [SMART_LOCK, IDLE, NONE], ids=["smart lock", "idle", "none"])
def test_names_and_places_stay_on_the_phone(text: str, tmp_path: Path) -> None:
    cut = run(COMMAND, tmp_path, {"dumpsys": f"cat <<'E'\n{text}E"})
    assert [word for word in ("Luz", "jefa", "Calle", "Propietario", "Trabajo") if word in cut] == []
    assert concluded(cut) == concluded(text)


@given(
    name=st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    managed=st.booleans(),
    auth=st.sampled_from([0, 1, 8]),
    old=st.booleans(),
)
def test_any_name_is_read_over(*, name: str, managed: bool, auth: int, old: bool) -> None:
    state = "trusted=0" if old else "trustState=UNTRUSTED"
    line = f"{state}, trustManaged={managed:d}, deviceLocked=0, strongAuthRequired=0x{auth:x}"
    text = (
        f'Trust manager state:\n User "{name}" (id=0, flags=0x13) (current): {line}\n   Enabled agents:\n   Events:\n'
    )
    assert concluded(text) == ("unknown" if managed or auth else [])
