from pathlib import Path

import pytest

from agent.probes import ProbeError, device_policy
from agent.probes.device_policy import COMMAND
from tests.probes.phone import phone, run, saved

DUMP = saved("device_policy/samsung-a14-admins.txt")
OWNER_NUMBERS = {
    "passwordQuality": (0x20000,),
    "minimumPasswordLength": (6,),
    "maximumTimeToUnlock": (120000,),
    "disabledKeyguardFeatures": (8,),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_reads_every_user_s_administrators(newline: str) -> None:
    read = device_policy.read(phone({COMMAND.key: DUMP.replace("\n", newline)}))
    assert {user: [admin.component for admin in admins] for user, admins in read.items()} == {
        0: ["com.ejemplo.mdm/.Admin", "com.google.android.gms/.mdm.receivers.MdmDeviceAdminReceiver"],
        10: ["com.ejemplo.mdm/.Perfil$Receptor"],
        150: [],
    }
    assert read[0][0].numbers == OWNER_NUMBERS
    assert read[0][0].lines["maximumTimeToUnlock"] == "maximumTimeToUnlock=120000"
    assert read[10][0].numbers == {"maximumTimeToUnlock": (0, 30000), "disabledKeyguardFeatures": (0, 0)}


def test_reads_the_same_when_the_phone_cut_it(tmp_path: Path) -> None:
    cut = run(COMMAND, tmp_path, {"dumpsys": f"cat <<'E'\n{DUMP}E"})
    assert device_policy.parse(cut) == device_policy.parse(DUMP)
    assert "no_factory_reset" not in cut


def test_the_form_of_8() -> None:
    text = "Current Device Policy Manager state:\n\n  Enabled Device Admins (User 0):\n \n    mPasswordOwner=-1\n"
    assert device_policy.parse(text) == {0: ()}


def test_a_dump_without_users_is_no_answer() -> None:
    with pytest.raises(ProbeError, match="in a form that the check does not know"):
        device_policy.parse("Current Device Policy Manager state:\n")


@pytest.mark.parametrize("name", [".Administradör", ".管理员", ".Ad min", f".{'a' * 300}", ".x-y"])
def test_no_name_of_a_class_hides_an_administrator(tmp_path: Path, name: str) -> None:
    strange = DUMP.replace("com.ejemplo.mdm/.Admin:", f"com.ejemplo.mdm/{name}:")
    cut = run(COMMAND, tmp_path, {"dumpsys": f"cat <<'E'\n{strange}E"}, {"LC_ALL": "C"})
    for text in (strange, cut):
        assert device_policy.parse(text)[0][0].component == f"com.ejemplo.mdm/{name}"
        assert device_policy.parse(text)[0][0].numbers == OWNER_NUMBERS


def test_what_nobody_demands_is_no_answer() -> None:
    with pytest.raises(ProbeError, match="in a form that the check does not know"):
        device_policy.parse(DUMP.replace("    com.ejemplo.mdm/.Admin:\n", ""))
