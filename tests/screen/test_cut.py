"""What leaves the phone of what is on its screen: cut by the phone's own tools, before a byte is sent."""

import re
from pathlib import Path

import pytest

from agent.capture import Command
from agent.messages import Message
from agent.screen import lines
from agent.screen.known import BACKUP, LISTS, OVERFLOW, TITLE
from agent.screen.phone import PhoneScreen
from agent.screen.tree import Node, parse
from tests.probes.phone import run, saved

LOOK = Command("look", Message("for a test"), script=lines.LOOK)
RESUMED = "  Display #0:\n    topResumedActivity=ActivityRecord{3b6a07 u0 com.whatsapp/.HomeActivity t9}\n"
ELSE = "    mResumedActivity: ActivityRecord{3b6a07 u0 com.whatsapp/.companiondevice.LinkedDevicesActivity t9}\n"


def cut(tmp_path: Path, name: str, resumed: str = RESUMED) -> str:
    (tmp_path / "dump").write_text(saved(f"screen/{name}.txt") if name else "", "utf-8")
    (tmp_path / "resumed").write_text(resumed, "utf-8")
    (tmp_path / "bin").mkdir(exist_ok=True)
    programs = {
        "uiautomator": f'[ "$1 $2" = "dump /proc/self/fd/1" ] && exec cat "{tmp_path}/dump" >"$2"',
        "dumpsys": f'exec cat "{tmp_path}/resumed"',
    }
    return run(LOOK, tmp_path / "bin", programs)


def tree(text: str) -> Node:
    inner = text.partition("<hierarchy>")[2].partition("</hierarchy>")[0]
    return parse(f"<hierarchy>{inner}</hierarchy>".encode())


def texts(node: Node) -> list[str]:
    return [each.text for each in node.walk() if each.text not in ("", "?")]


def test_of_the_list_of_chats_no_word_leaves_the_phone(tmp_path: Path) -> None:
    printed = cut(tmp_path, "pixel7-a14-chats")
    for word in ("Berta", "4711", "Hern", "cuelgo", "contact_row", "text=x"):
        assert word not in printed
    found = tree(printed)
    assert texts(found) == []
    assert found.find(OVERFLOW) is not None
    assert printed.splitlines()[-1] == "front com.whatsapp/.HomeActivity"


def test_of_the_settings_no_name_leaves_the_phone(tmp_path: Path) -> None:
    printed = cut(tmp_path, "pixel7-a14-settings", ELSE)
    assert "Ana Rueda" not in printed
    assert "Ocupada" not in printed
    assert texts(tree(printed)) == ["Dispositivos vinculados"]
    assert printed.splitlines()[-1] == "front com.whatsapp/.companiondevice.LinkedDevicesActivity"


def test_of_the_backup_the_account_stays_and_the_encryption_leaves(tmp_path: Path) -> None:
    printed = cut(tmp_path, "pixel7-a14-backup")
    assert "ana@example.org" not in printed
    assert "2:00" not in printed
    node = tree(printed).find(*BACKUP.markers[2:])
    assert node is not None
    assert node.description == "Copia de seguridad cifrada de extremo a extremo,Activada · 64"


def test_of_the_menu_only_known_labels_leave(tmp_path: Path) -> None:
    titles = [node.text for node in tree(cut(tmp_path, "pixel7-a14-menu")).walk() if node.id == TITLE]
    assert titles == ["?", "Dispositivos vinculados", "Ajustes"]


def test_the_list_of_devices_is_the_same_cut_and_whole(tmp_path: Path) -> None:
    def rows(found: Node) -> list[tuple[str, str]]:
        return [(node.id, node.text) for node in found.walk() if node.id in ("name", "status")]

    printed = cut(tmp_path, "pixel7-a14-linked")
    whole = saved("screen/pixel7-a14-linked.txt").replace('<hierarchy rotation="0">', "<hierarchy>")
    assert rows(tree(printed)) == rows(tree(whole))
    assert rows(tree(printed))[2] == ("name", 'Microsoft Edge (Windows) <b> "3" & más')
    area = tree(printed).find(*LISTS)
    assert area is not None
    assert [child.clickable for child in area.children] == [True, True, True]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("ERROR: could not get idle state.\n", ["!ERROR: could not get idle state."]),
        ("ERROR: null root node returned by UiTestAutomationBridge.\n", ["!ERROR: null root node returned by"]),
        ("Killed\n", ["!Killed"]),
        ("java.lang.SecurityException: Ana wrote\n", ["!java.lang.SecurityException"]),
        ("Ana wrote\n", []),
        ("", []),
    ],
)
def test_what_ui_automator_says_instead_is_kept(said: str, kept: list[str], tmp_path: Path) -> None:
    cut(tmp_path, "")
    (tmp_path / "dump").write_text(said, "utf-8")
    for tool in (tmp_path / "bin").iterdir():
        if tool.is_symlink():
            tool.unlink()
    programs = {"uiautomator": f'exec cat "{tmp_path}/dump"', "dumpsys": "echo"}
    printed = [line for line in run(LOOK, tmp_path / "bin", programs).splitlines() if not line.startswith("at ")]
    assert [line[: len(want)] for line, want in zip(printed, kept, strict=True)] == kept
    assert "Ana" not in "".join(printed)


def test_every_line_is_listed_and_none_writes_a_file() -> None:
    for line in (lines.BEFORE, lines.LOOK, lines.TAP, lines.SCROLL, lines.HOME):
        assert line in lines.LISTED
    assert not any(word in lines.LISTED for word in ("screencap", "screenrecord", "/sdcard", "/data/local"))
    unquoted = re.sub(r"'[^']*'", "", lines.LISTED)
    assert set(re.findall(r">+ *([^ |;)]+)", unquoted)) == {"/dev/null", "&1"}


def test_nothing_but_the_way_is_ever_touched() -> None:
    class Nowhere:
        serial = "x"

        def stream(self, shell_line: str, **_: float) -> object:
            raise AssertionError(shell_line)

        def close(self) -> None:
            pass

    screen = PhoneScreen(Nowhere())  # type: ignore[arg-type]
    for name in (
        "contact_row_container",
        "link_device_button",
        "google_drive_backup_now_btn",
        "logout_text",
        "name",
        "",
    ):
        with pytest.raises(ValueError, match="is not touched"):
            screen.tap(Node(id=name, bounds=(0, 0, 9, 9)))
