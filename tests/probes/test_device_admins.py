from pathlib import Path

import pytest

from agent.facts import Evidence, known
from agent.probes import device_admins, device_policy, users
from tests.probes.phone import facts_of, phone, reason_of, run, saved, values_of

DUMP = saved("device_policy/samsung-a14-admins.txt")
NONE = (
    "Current Device Policy Manager state:\n  Enabled Device Admins (User 0, provisioningState: 0):\n"
    "    mPasswordOwner=-1\n"
)
OWNER = "Users:\n\tUserInfo{0:Ana:c13} running\n"
NAME = "apps.device_admins"


def test_lists_the_administrators_of_every_user() -> None:
    admins = device_policy.parse(DUMP)
    listed = "".join(f"\tUserInfo{{{user}:x:{0x13 if user == 0 else 0x30:x}}} running\n" for user in admins)
    value = values_of(device_admins, phone({"dumpsys device_policy": DUMP, "pm list users": f"Users:\n{listed}"}))[NAME]
    assert value == sorted({admin.component for each in admins.values() for admin in each})
    assert value


def test_an_empty_list_is_a_known_absence() -> None:
    capture = phone({"dumpsys device_policy": NONE, "pm list users": OWNER})
    line = Evidence("dumpsys device_policy", "Enabled Device Admins (User 0): none")
    assert facts_of(device_admins, capture)[NAME] == known(NAME, [], line)


def test_a_user_whose_administrators_are_not_printed_makes_it_unknown() -> None:
    capture = phone(
        {"dumpsys device_policy": NONE, "pm list users": OWNER + "\tUserInfo{11:Luis:10}\n"},
    )
    assert "says nothing of user 11" in reason_of(facts_of(device_admins, capture)[NAME])


@pytest.mark.parametrize("answer", ["", "Error: no users\n", OWNER.replace("UserInfo", "User")])
def test_a_phone_that_does_not_say_who_lives_on_it_makes_it_unknown(answer: str) -> None:
    capture = phone({"dumpsys device_policy": NONE, users.COMMAND.key: answer})
    assert values_of(device_admins, capture) == {NAME: "unknown"}


def test_a_saved_dump_alone_speaks_for_itself() -> None:
    assert values_of(device_admins, phone({"dumpsys device_policy": NONE}, source="capture")) == {NAME: []}


def test_the_cut_on_the_phone_changes_nothing(tmp_path: Path) -> None:
    cut = run(device_policy.COMMAND, tmp_path, {"dumpsys": f"cat <<'END'\n{NONE}END"})
    assert device_policy.parse(cut) == {0: ()}
