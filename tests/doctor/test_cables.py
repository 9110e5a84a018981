"""Phones on USB, by trees as the kernel's /sys has them."""

from dataclasses import replace
from pathlib import Path

import pytest

from agent.doctor.mending import RULE, UdevRule
from tests.doctor.computer import ADB, MTP, look, plug, said, somebody_else, workstation


def test_a_phone_with_debugging_is_well(tmp_path: Path) -> None:
    here = workstation(tmp_path)
    plug(here.root, "1-2", "18d1", MTP, ADB, product="Pixel 8", serial="R58N000TEST")
    assert look("cable", here) == look("usb-permission", here) == []


@pytest.mark.parametrize(
    ("vendor", "interfaces", "is_phone"),
    [
        ("04e8", (MTP,), True),
        ("04e8", (MTP, "02/02/01", "0a/00/00"), True),
        ("2717", ("ff/ff/00",), True),
        ("22b8", ("e0/01/03", "0a/00/00"), True),
        ("04e8", ("08/06/50",), False),  # a disk
        ("17ef", ("03/01/02", "03/00/00"), False),  # a mouse
        ("04e8", ("07/01/02", "ff/00/00"), False),  # a printer
        ("18d1", ("01/01/00", "ff/ff/00"), False),  # a headset
        ("1d6b", ("09/00/00",), False),  # a hub
        ("046d", ("ff/00/00",), False),  # not a maker of phones
    ],
)
def test_a_phone_without_debugging_and_what_only_looks_like_one(
    vendor: str, interfaces: tuple[str, ...], tmp_path: Path, *, is_phone: bool
) -> None:
    here = workstation(tmp_path)
    plug(here.root, "1-2", vendor, *interfaces, product="SM-A326B", serial="R58N000TEST")
    (found,) = look("cable", here)
    assert (found.severity == "problem") is is_phone
    if is_phone:
        assert "SM-A326B R58N000TEST is plugged in, but offers no USB debugging" in str(found.what)
        assert "Developer options › USB debugging" in str(found.remedy)


def test_no_phone_at_all_may_be_the_cable(tmp_path: Path) -> None:
    (found,) = look("cable", workstation(tmp_path))
    assert (found.severity, str(found.what)) == ("note", "no phone is seen on USB")
    assert "cable may only charge" in str(found.remedy)


@pytest.mark.parametrize("check", ["cable", "usb-permission"])
def test_a_bus_that_cannot_be_seen_is_not_an_empty_one(check: str, tmp_path: Path) -> None:
    here = replace(workstation(tmp_path), root=tmp_path / "container")
    path = tmp_path / "container/sys/bus/usb/devices"
    assert said(look(check, here)) == [("note", f"{path} is not here (a container?), so phones on USB cannot be seen")]


def test_what_a_device_calls_itself_cannot_steer_the_terminal(tmp_path: Path) -> None:
    here = workstation(tmp_path)
    node = plug(here.root, "1-2", "18d1", MTP, product="Pix\x1b[2Jel\u202e", serial="x" * 900)
    (here.root / "sys/bus/usb/devices/1-3").mkdir()  # gone while we look
    (found,) = look("cable", here)
    assert "\x1b" not in str(found.what)
    assert "\u202e" not in str(found.what)
    assert len(str(found.what)) < 200
    assert node.exists()


def test_a_phone_that_this_user_may_not_use(open_folder: Path) -> None:
    here = workstation(open_folder)
    node = plug(here.root, "1-2", "18d1", ADB, product="Pixel 8", serial="R58N000TEST")
    node.chmod(0)
    with somebody_else():
        (found,) = look("usb-permission", here)
    assert (found.severity, str(found.what)) == (
        "problem",
        "this computer's user may not use Google Pixel 8 R58N000TEST over USB",
    )
    assert found.mend == UdevRule(here.root)


def test_a_phone_whose_file_is_missing(tmp_path: Path) -> None:
    here = workstation(tmp_path)
    node = plug(here.root, "1-2", "18d1", ADB, product="Pixel 8")
    node.unlink()
    (found,) = look("usb-permission", here)
    assert str(found.what) == f"Google Pixel 8 is plugged in, but {node} does not exist here"
    assert "--device /dev/bus/usb" in str(found.remedy)


def test_the_rule_is_written_whole(tmp_path: Path) -> None:
    rule = UdevRule(tmp_path)
    assert rule.text() == RULE
    assert str(rule.make()).startswith("written; now `sudo udevadm control --reload`")
    assert (tmp_path / "etc/udev/rules.d/70-phone-posture.rules").read_text() == RULE
    assert "ff4201" in RULE


@pytest.mark.parametrize("system", ["Darwin", "Windows"])
def test_other_systems_ask_libusb(system: str, tmp_path: Path) -> None:
    """No phone hangs on the machine of a test: what is asked is that USB is looked at, or that it is said why not."""
    here = workstation(tmp_path, system=system)
    plug(here.root, "1-2", "18d1", MTP, product="Pixel 8")  # /sys is Linux' own
    (found,) = look("cable", here)
    assert "Pixel 8" not in str(found.what)
    assert found.severity in ("note", "problem")
