from pathlib import Path

import pytest

from agent.facts import State
from agent.probes import whatsapp_media, whatsapp_package
from tests.probes.phone import facts_of, phone, reason_of, run, values_of

MEDIA, LEFT = whatsapp_media.FACTS
KEY = whatsapp_media.COMMAND.key
LIST = whatsapp_package.LIST.key
NEW = "Android/media/com.whatsapp/WhatsApp"
OWNER = "now 1777900000\nroot emulated/0 present true\n"
END = "volumes listed\nend\n"
USERS = whatsapp_package.users.COMMAND.key
ANA = "Users:\n\tUserInfo{0:Ana:13} running\n"
PROGRAMS = {
    "pm": "printf 'Users:\\n\\tUserInfo{0:Ana:13} running\\n'",
    "getprop": "echo true",
}


def looked(tmp_path: Path) -> str:
    (tmp_path / "bin").mkdir()
    roots = {"ANDROID_STORAGE": str(tmp_path / "storage"), "EXTERNAL_STORAGE": str(tmp_path / "none")}
    return run(whatsapp_media.COMMAND, tmp_path / "bin", PROGRAMS, roots)


def store(tmp_path: Path, path: str) -> None:
    file = tmp_path / "storage" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x")


def test_media_are_counted_and_never_named(tmp_path: Path) -> None:
    for path in (
        f"emulated/0/{NEW}/Media/WhatsApp Images/IMG-Ana.jpg",
        f"emulated/0/{NEW}/Media/WhatsApp Images/.nomedia",
        f"emulated/0/{NEW}/Media/WhatsApp Images/find: x",
        f"emulated/0/{NEW}/accounts/1001/Media/a.opus",
        "emulated/0/WhatsApp/Media/b.mp4",
        "emulated/0/GBWhatsApp/x",
        "emulated/0/WhatsApp de Ana/x",
        "emulated/0/Android/data/com.whatsapp/files/x",
        "1A2B-3C4D/WhatsApp Business/Media/c.jpg",
    ):
        store(tmp_path, path)
    (tmp_path / "storage/emulated/0/FMWhatsApp").mkdir()
    text = looked(tmp_path)
    assert "Ana" not in text
    facts = facts_of(whatsapp_media, phone({KEY: text, USERS: ANA}))
    assert facts[MEDIA].value == 5
    assert [each.line for each in facts[MEDIA].evidence] == [
        f"/storage/emulated/0/{NEW}/Media: 2 files",
        f"/storage/emulated/0/{NEW}/accounts/1001/Media: 1 files",
        "/storage/emulated/0/WhatsApp/Media: 1 files",
        "/storage/1A2B-3C4D/WhatsApp Business/Media: 1 files",
    ]
    assert facts[LEFT].value == [
        "/storage/1A2B-3C4D/WhatsApp Business",
        "/storage/emulated/0/Android/data/com.whatsapp",
        "/storage/emulated/0/Android/media/com.whatsapp",
        "/storage/emulated/0/GBWhatsApp",
        "/storage/emulated/0/WhatsApp",
    ]


def test_a_clean_phone_has_nothing(tmp_path: Path) -> None:
    store(tmp_path, "emulated/0/Android/media/org.example/x")
    facts = facts_of(whatsapp_media, phone({KEY: looked(tmp_path), USERS: ANA}))
    assert (facts[MEDIA].value, facts[LEFT].value) == (0, [])
    assert facts[LEFT].evidence[0].line == "/storage/emulated/0/: nothing of WhatsApp"


@pytest.mark.parametrize(
    "text",
    [
        "now 1\nroot emulated/0 empty false\n" + END,
        "now 1\nroot emulated/0 empty true\n" + END,
        "now 1\nroot emulated/0 unreadable \n" + END,
        OWNER + "closed Android/media\n" + END,
        OWNER + "volumes unreadable\nend\n",
        OWNER + "volumes odd\nvolumes listed\nend\n",
        OWNER + "volumes listed\n",
        OWNER + "something else\n" + END,
        "now 1\n" + END,
        OWNER + "root emulated/10 absent \n" + END,
    ],
)
def test_what_could_not_be_looked_at_is_not_empty(text: str) -> None:
    assert values_of(whatsapp_media, phone({KEY: text, USERS: ANA})) == {MEDIA: "unknown", LEFT: "unknown"}


def test_a_folder_that_refuses_leaves_the_count_unknown() -> None:
    text = OWNER + f"media present {NEW}/Media\n     12 .\n      1 !\nleft {NEW.removesuffix('/WhatsApp')}\n" + END
    facts = facts_of(whatsapp_media, phone({KEY: text, USERS: ANA}))
    assert facts[MEDIA].state is State.UNKNOWN
    assert f"/storage/emulated/0/{NEW}/Media" in reason_of(facts[MEDIA])
    assert facts[LEFT].value == ["/storage/emulated/0/Android/media/com.whatsapp"]


def test_a_closed_user_without_whatsapp_hides_no_media() -> None:
    text = OWNER + "root emulated/10 unreadable \n" + END
    installed = "user 0\npackage:com.whatsapp  installer=null uid:10200\n230\nuser 10\n180\n"
    assert values_of(whatsapp_media, phone({KEY: text, LIST: installed, USERS: ANA})) == {MEDIA: 0, LEFT: "unknown"}


@pytest.mark.parametrize("listed", ["", "Error: null\n", ANA + "\tUserInfo{10:Trabajo:1030} running\n"])
def test_a_user_whose_storage_was_not_looked_at_is_not_empty(listed: str) -> None:
    answers = {KEY: OWNER + END, USERS: listed}
    assert values_of(whatsapp_media, phone(answers)) == {MEDIA: "unknown", LEFT: "unknown"}
    assert values_of(whatsapp_media, phone({**answers, USERS: ANA})) == {MEDIA: 0, LEFT: []}
