"""Names of files and commands, and folders of dumps."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.capture import Answer, Capture, Outcome
from agent.capture.folder import Answers, file_name, key_of
from agent.capture.sources import open_capture
from agent.messages import PostureError
from agent.probes import commands


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("dumpsys wifi", "dumpsys-wifi.txt"),
        ("dumpsys lock_settings", "dumpsys-lock_settings.txt"),
        ("getprop", "getprop.txt"),
        ("settings list global", "settings-global.txt"),
        ("cmd wifi list-networks", "cmd-wifi-list-networks.txt"),
        ("pm list packages -3", "pm-list-packages-3.txt"),
        ("dumpsys netstats --full --uid", "dumpsys-netstats-full-uid.txt"),
        ("stat /sdcard/../x", "stat-_sdcard_.._x.txt"),
    ],
)
def test_a_commands_file_has_its_name(key: str, name: str) -> None:
    assert file_name(key) == name
    assert file_name(key_of(name)) == name


@given(st.text())
def test_a_name_is_a_plain_file_of_any_system(key: str) -> None:
    name = file_name(key)
    assert set(name) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+=-")
    assert len(name) <= 204
    assert not name.startswith(".")
    assert file_name(key_of(name)) == name


def test_no_two_commands_of_the_agent_share_a_file() -> None:
    keys = [command.key for command in commands()]
    assert len({file_name(key) for key in keys}) == len(keys)


def test_an_answer_is_found_under_every_command_of_its_file() -> None:
    answers = Answers({"cmd wifi list networks": Answer(b"x")})
    assert answers["cmd wifi list-networks"] == Answer(b"x")
    assert answers == {"cmd wifi list networks": Answer(b"x")}
    assert "cmd wifi status" not in answers


def write(folder: Path, **files: bytes) -> Path:
    for name, data in files.items():
        (folder / f"{name}.txt".replace("__", "-")).write_bytes(data)
    return folder


def test_reads_dumps_and_leaves_the_rest(tmp_path: Path) -> None:
    write(tmp_path, dumpsys__wifi=b"Wi-Fi is enabled\n", settings__global=b"a=1\n", getprop=b"[a]: [b]\n")
    (tmp_path / "which-su.txt").write_bytes(b"/system/xbin/su\n")
    (tmp_path / "README.md").write_bytes(b"x")
    os.utime(tmp_path / "getprop.txt", (4e9, 4e9))
    os.utime(tmp_path / "README.md", (5e9, 5e9))
    capture = open_capture(tmp_path)
    assert capture == Capture(
        "capture",
        datetime.fromtimestamp(4e9, UTC),
        {
            "dumpsys wifi": Answer(b"Wi-Fi is enabled\n"),
            "settings list global": Answer(b"a=1\n"),
            "getprop": Answer(b"[a]: [b]\n"),
            "which su": Answer(b"/system/xbin/su\n"),
        },
    )
    assert capture.text("dumpsys wifi") == "Wi-Fi is enabled\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_reads_what_any_shell_wrote(tmp_path: Path, encoding: str, newline: str) -> None:
    write(tmp_path, dumpsys__wifi=f"SSID: café{newline}on{newline}".encode(encoding))
    assert open_capture(tmp_path).text("dumpsys wifi") == "SSID: café\non\n"


def test_a_fragment_is_a_part_and_the_whole_wins_over_it(tmp_path: Path) -> None:
    (tmp_path / "dumpsys-wifi.fragment.txt").write_bytes(b"part")
    assert open_capture(tmp_path).answers == {"dumpsys wifi": Answer(b"part", Outcome.CUT)}
    (tmp_path / "dumpsys-wifi.txt").write_bytes(b"whole")
    assert open_capture(tmp_path).answers == {"dumpsys wifi": Answer(b"whole")}


def test_takes_the_phones_clock_where_the_alarms_tell_it(tmp_path: Path) -> None:
    write(tmp_path, dumpsys__alarm=b"Alarm:\n  nowRTC=1777908605123=2026-05-04 09:30:05\n")
    assert open_capture(tmp_path).captured_at == datetime(2026, 5, 4, 15, 30, 5, 123000, UTC)


def test_a_clock_out_of_any_range_is_no_clock(tmp_path: Path) -> None:
    write(tmp_path, dumpsys__alarm=b"nowRTC=99999999999999999=x\n nowRTC=99999999999999=x\n")
    written_at = datetime.fromtimestamp((tmp_path / "dumpsys-alarm.txt").stat().st_mtime, UTC)
    assert open_capture(tmp_path).captured_at in {written_at, datetime.fromtimestamp(99999999999.999, UTC)}


def test_a_bugreport_among_the_dumps_is_one_capture_with_them(tmp_path: Path, bugreport_zip: bytes) -> None:
    (tmp_path / "bugreport.zip").write_bytes(bugreport_zip)
    write(tmp_path, dumpsys__package=b"Packages:\n")
    capture = open_capture(tmp_path)
    assert capture.source == "bugreport"
    assert capture.captured_at == datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
    assert capture.text("dumpsys package") == "Packages:\n"
    assert capture.text("dumpsys wifi") == "Wi-Fi is enabled\n"


def test_says_what_is_wrong_with_a_folder(tmp_path: Path) -> None:
    with pytest.raises(PostureError, match="the folder is empty"):
        open_capture(tmp_path)
    (tmp_path / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(PostureError, match="no file in this folder is a dump; what can be read is"):
        open_capture(tmp_path)


def test_refuses_a_dump_larger_than_any(tmp_path: Path) -> None:
    with (tmp_path / "dumpsys-wifi.txt").open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    with pytest.raises(PostureError, match="more than any phone answers"):
        open_capture(tmp_path)
