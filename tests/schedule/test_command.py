"""`posture schedule` as people and systemd run it."""

import json
import os
import plistlib
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psutil
import pytest

from agent.data_dir import DataDir
from agent.delivery import Outbox
from agent.schedule import example
from agent.simulator import SimulatedPhone
from agent.simulator.scenario import Reply
from tests.e2e.conftest import BIN, Workstation, free_port
from tests.schedule.conftest import NOBODY, scans
from tests.schedule.test_service import around_now

MakePhone = Callable[..., SimulatedPhone]


@pytest.fixture
def workstation(data: DataDir) -> Workstation:
    return Workstation(data.root)


def plan(
    workstation: Workstation, phones: list[dict[str, Any]], hours: tuple[float, float] = (2, 2), **more: Any
) -> None:
    # JSON is YAML.
    text = {"collector": NOBODY, "connected": False, "windows": [around_now(*hours)], "phones": phones, **more}
    DataDir(workstation.data).plan.write_text(json.dumps(text))


@contextmanager
def running(workstation: Workstation) -> Iterator[subprocess.Popen[str]]:
    """`posture schedule run`; killed at the end if the test has not ended it."""
    environment = {**os.environ, "LANG": "C.UTF-8", "POSTURE_DATA": str(workstation.data)}
    with subprocess.Popen([BIN, "schedule", "run"], stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], *wanted: str) -> list[str]:
    """What the service tells, until each of the wanted pieces was told."""
    assert process.stderr is not None
    left, lines = set(wanted), []
    while left:
        line = process.stderr.readline()
        assert line, lines
        lines.append(line)
        left = {each for each in left if each not in line}
    return lines


def test_a_plan_is_written_once(tmp_path: Path) -> None:
    new = Workstation(tmp_path / "new")
    first = new.posture("schedule", "init")
    path = DataDir(new.data).plan
    assert (first.returncode, path.read_text()) == (0, example())
    path.write_text("mine")
    again = new.posture("schedule", "init")
    assert (again.returncode, path.read_text()) == (2, "mine")
    assert again.stderr == f"{path} is there already; nothing was changed.\n"


def test_once_then_the_morning(workstation: Workstation, make_phone: MakePhone) -> None:
    phone = make_phone("A1")
    gone = f"127.0.0.1:{free_port()}"
    phones = [{"serial": "A1", "address": phone.address, "name": "Ana"}, {"serial": "B2", "address": gone}]
    plan(workstation, phones)
    done = workstation.posture("schedule", "once")
    assert done.returncode == 4
    assert done.stdout == ""
    assert "A1: Not proved\n" in done.stderr
    assert f"B2: not scanned; {gone} refuses the connection" in done.stderr

    morning = workstation.posture("schedule", "summary")
    assert morning.returncode == 0  # the window is still open
    assert "1 of 2 phones scanned" in morning.stdout
    assert "The window is still open." in morning.stdout
    assert max(map(len, morning.stdout.splitlines())) <= 80
    assert morning.stdout.index("B2") < morning.stdout.index("Ana · A1")
    spanish = workstation.posture("schedule", "summary", "--lang", "es").stdout
    assert "No demostrado" in spanish

    (night,) = map(json.loads, workstation.posture("schedule", "summary", "--json").stdout.splitlines())
    lines = {line["phone"]: line for line in night["phones"]}
    assert (night["window"], night["is_open"], lines.keys()) == ("now", True, {"A1", "B2"})
    assert (lines["A1"]["state"], lines["A1"]["verdict"], lines["A1"]["reasons"]) == ("scanned", "inconclusive", None)
    assert (lines["B2"]["state"], lines["B2"]["attempts"], lines["B2"]["reasons"].keys()) == (
        "waiting", 1, {"en", "es"},
    )  # fmt: skip

    again = workstation.posture("schedule", "once")
    assert again.returncode == 4
    assert scans(phone) == 1


def test_a_night_in_which_nobody_worked(workstation: Workstation) -> None:
    plan(workstation, [{"serial": "A1"}], hours=(2, -1))
    done = workstation.posture("schedule", "summary")
    assert done.returncode == 4
    assert "no scheduler worked in this window" in " ".join(done.stdout.split())
    once = workstation.posture("schedule", "once")
    assert (once.returncode, once.stderr) == (0, "No window is open now; nothing was scanned.\n")


def test_a_named_window_is_made_good_by_hand(workstation: Workstation, make_phone: MakePhone) -> None:
    phone = make_phone("A1")
    plan(workstation, [{"serial": "A1", "address": phone.address}], hours=(2, -1))
    assert workstation.posture("schedule", "once", "now").returncode == 0
    assert workstation.posture("schedule", "summary").returncode == 0
    wrong = workstation.posture("schedule", "once", "nov")
    assert (wrong.returncode, wrong.stderr) == (2, "posture: there is no window “nov”; did you mean “now”?\n")


def test_a_scan_that_nobody_would_hear_of_is_refused(workstation: Workstation) -> None:
    plan(workstation, [{"serial": "A1"}], collector=None)
    done = workstation.posture("schedule", "once")
    assert done.returncode == 2
    assert done.stderr.startswith("posture: nobody would get the reports: enrol with")


def test_a_second_scheduler_scans_nothing(workstation: Workstation, make_phone: MakePhone) -> None:
    phone = make_phone("A1")
    plan(workstation, [{"serial": "A1", "address": phone.address}])
    assert "No scheduler works." in workstation.posture("schedule", "status").stdout
    with running(workstation) as service:
        read_until(service, "A1: Not proved")
        for command in (["once"], ["run"]):
            second = workstation.posture("schedule", *command)
            assert second.returncode == 2
            assert second.stderr.startswith("posture: another scheduler already works with ")
        status = workstation.posture("schedule", "status").stdout
        assert re.match(r"A scheduler works\.\nnow: open until \d{4}-\d\d-\d\d \d\d:\d\d\n", status)
        assert "Reports that wait to be delivered: 1" in status
        service.send_signal(signal.SIGINT)
        assert service.wait(timeout=30) == 0
    assert scans(phone) == 1


def test_thirty_phones_and_the_end_in_the_middle(workstation: Workstation, make_phone: MakePhone) -> None:
    good = [make_phone(f"GOOD{n}") for n in range(6)]
    hanging = [make_phone(f"HANG{n}", answers={"getprop": Reply(hang="forever")}) for n in range(4)]
    refusing = [make_phone(f"NEW{n}", authorise="never") for n in range(6)]
    dying = [make_phone(f"DIES{n}", drop_after_bytes=200) for n in range(4)]
    phones = [{"serial": each.serial, "address": each.address} for each in (*hanging, *refusing, *dying, *good)]
    phones += [{"serial": f"GONE{n}", "address": f"127.0.0.1:{free_port()}"} for n in range(10)]
    plan(workstation, phones, side_by_side=8)
    with running(workstation) as service:
        me = psutil.Process(service.pid)
        told = read_until(service, *(f"{phone.serial}: Not proved" for phone in good))
        assert me.num_threads() <= 8 + 6  # phones side by side, APScheduler's, this process's own
        assert me.children() == []
        service.send_signal(signal.SIGTERM)
        assert service.wait(timeout=30) == 0
        assert service.stderr is not None
        assert service.stderr.read().endswith("Stopped.\n")
    assert not any(re.match(r"(HANG|NEW|GONE)\d: (Meets|Fails|Not proved)", line) for line in told)
    waiting = {item.serial for item in Outbox(DataDir(workstation.data).outbox).waiting()}
    assert {phone.serial for phone in good} <= waiting
    night = json.loads(workstation.posture("schedule", "summary", "--json").stdout)
    scanned = {line["phone"] for line in night["phones"] if line["report_id"] is not None}
    assert scanned <= waiting
    assert len(night["phones"]) == 30


def test_the_units_are_hardened_and_systemd_takes_them(workstation: Workstation, tmp_path: Path) -> None:
    printed = workstation.posture("schedule", "install").stdout
    done = workstation.posture("schedule", "install", "--root", tmp_path)
    assert done.returncode == 0
    unit = tmp_path / "etc" / "systemd" / "system" / "phone-posture.service"
    users = tmp_path / "etc" / "sysusers.d" / "phone-posture.conf"
    assert unit.read_text() in printed
    assert users.read_text() in printed
    lines = unit.read_text().splitlines()
    assert f"ExecStart={BIN.resolve()} schedule run --data /var/lib/phone-posture" in lines
    for wanted in ("User=phone-posture", "StateDirectory=phone-posture", "ProtectSystem=strict", "NoNewPrivileges=yes",
                   "CapabilityBoundingSet="):  # fmt: skip
        assert wanted in lines

    def ask(*command: str | Path) -> "subprocess.CompletedProcess[str]":
        plain = {**os.environ, "LANG": "C"}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=plain)

    checked = ask("systemd-analyze", "verify", unit)
    assert (checked.returncode, checked.stderr) == (0, "")
    # Of 10; systemd calls up to 2 "OK". What is left is what scanning needs: the network, USB, and its group.
    judged = ask("systemd-analyze", "security", "--offline=yes", "--threshold=16", "--no-pager", unit)
    assert judged.returncode == 0, judged.stdout
    user = ask("systemd-sysusers", "--dry-run", users)
    assert user.returncode == 0, user.stderr


def test_launchd_takes_a_property_list(workstation: Workstation, tmp_path: Path) -> None:
    done = workstation.posture("schedule", "install", "--for", "launchd", "--root", tmp_path)
    assert done.returncode == 0
    written = plistlib.loads((tmp_path / "Library" / "LaunchAgents" / "org.phone-posture.plist").read_bytes())
    assert written == {
        "Label": "org.phone-posture",
        "ProgramArguments": [str(BIN.resolve()), "schedule", "run"],
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 30,
        "ProcessType": "Background",
        "Umask": 0o077,
    }
    printed = workstation.posture("schedule", "install", "--for", "launchd")
    assert plistlib.loads(printed.stdout.encode()) == written
    assert "launchctl bootstrap gui/$UID ~/Library/LaunchAgents/org.phone-posture.plist" in printed.stderr


def test_windows_takes_a_task(workstation: Workstation, tmp_path: Path) -> None:
    """As Windows' own export has it: UTF-16, its names in its namespace, no more rights than a user's."""
    done = workstation.posture("schedule", "install", "--for", "windows", "--root", tmp_path)
    assert done.returncode == 0
    file = tmp_path / "phone-posture-task.xml"
    assert file.read_bytes()[:2] in (b"\xff\xfe", b"\xfe\xff")
    task = ElementTree.fromstring(file.read_bytes())
    space = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
    assert (task.tag, task.get("version")) == (f"{space}Task", "1.2")
    told = {each.tag.removeprefix(space): (each.text or "").strip() for each in task.iter() if not len(each)}
    assert told["Command"] == str(BIN.resolve())
    assert told["Arguments"] == 'schedule run --data "C:\\ProgramData\\PhonePosture"'
    assert (told["RunLevel"], told["MultipleInstancesPolicy"]) == ("LeastPrivilege", "IgnoreNew")
    assert (told["ExecutionTimeLimit"], told["StartWhenAvailable"]) == ("PT0S", "true")
    assert [each.tag.removeprefix(space) for each in task] == [
        "RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"
    ]  # fmt: skip
    assert "/XML phone-posture-task.xml /RU posture /RP *" in done.stderr


def test_a_policys_path_begins_at_the_data_folder(workstation: Workstation, make_phone: MakePhone) -> None:
    phone = make_phone("A1")
    plan(workstation, [{"serial": "A1", "address": phone.address}], policy="ours")
    done = workstation.posture("schedule", "once")
    assert done.returncode == 2
    assert f"{workstation.data}/ours" in done.stderr
    assert scans(phone) == 0
