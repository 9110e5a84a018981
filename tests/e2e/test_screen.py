"""`--allow-screen`: what it makes of clause 5, what of the screen is kept, and that nothing is touched without it."""

import json
import os
import signal
import subprocess
import zipfile
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from agent import probes
from agent.capture import Capture
from agent.capture.live import capture_phone
from agent.policy import Evaluation, evaluate
from agent.policy import load as load_policy
from agent.simulator import SimulatedPhone, load
from agent.transport import find
from tests.e2e.conftest import BIN, Workstation
from tests.e2e.terminal import terminal

HEALTHY, BREACHED, LOCKED = "pixel-a14-healthy", "samsung-a16-breached", "samsung-a17-business"
policy = cache(load_policy)


def captured(name: str, **changes: Any) -> tuple[Capture, list[str]]:
    """Look at a phone with leave to read its screen; also what ran on it."""
    with SimulatedPhone(load(name), **changes) as phone, TemporaryDirectory() as keys:
        (found,) = find(Path(keys), tcp=[phone.address])
        done: list[int] = []
        with closing(found.open()) as transport:
            commands = probes.commands({"--allow-screen"})
            capture = capture_phone(transport, commands, on_answer=lambda _, count, total: done.append(total - count))
        assert sorted(done, reverse=True) == done
        assert capture.broken is not None or done[-1] == 0
        return capture, [str(each) for each in phone.log if each.kind == "command"]


def judged(capture: Capture) -> tuple[Any, str]:
    """The fact, and the rule's status."""
    facts = probes.read_facts(capture)
    found: Evaluation = evaluate(policy(), facts, profile="in-use", scanned_at=capture.captured_at)
    (result,) = (each for each in found.results if each.rule == "web-sessions-closed")
    return facts["whatsapp.linked_devices"], result.status


def test_a_fingerprint_in_the_way_is_never_answered_and_leaves_it_open() -> None:
    capture, ran = captured(LOCKED)
    fact, status = judged(capture)
    assert status == "inconclusive"
    assert "com.whatsapp.w4b asks for a fingerprint, face or code" in str(fact.reason)
    assert not [line for line in ran if line.startswith("input tap")]


def test_a_phone_that_broke_off_before_is_not_touched() -> None:
    capture, ran = captured(HEALTHY, drop_after_bytes=3000)
    assert capture.broken is not None
    assert not [line for line in ran if line.startswith(("input", "am start", "uiautomator"))]


def test_a_phone_that_goes_away_meanwhile_keeps_what_it_had_said() -> None:
    endless = load(HEALTHY).screens.model_copy(update={"dump": "endless"})  # type: ignore[union-attr]
    capture, _ = captured(HEALTHY, screens=endless)
    fact, status = judged(capture)
    assert status == "inconclusive"
    assert "went away while it answered `uiautomator dump`" in str(fact.reason)
    assert "more than it was asked for" in str(capture.broken)
    assert capture.text("getprop")


def test_with_leave_the_verdict_of_clause_5_is_known_and_the_person_was_told(workstation: Workstation) -> None:
    with SimulatedPhone(load(HEALTHY)) as phone:
        open_one = workstation.posture("scan", "--tcp", phone.address, "--json")
        ran = [str(each) for each in phone.log if each.kind == "command"]
        assert not [line for line in ran if line.startswith(("uiautomator", "input", "am "))]
        proved = workstation.posture("scan", "--tcp", phone.address, "--json", "--allow-screen")
    assert "will be opened and read on the phone" not in open_one.stderr
    assert "will be opened and read on the phone" in proved.stderr
    reports = [json.loads(done.stdout) for done in (open_one, proved)]
    assert [
        next(each["status"] for each in report["results"] if each["rule"] == "web-sessions-closed")
        for report in reports
    ] == ["inconclusive", "pass"]
    assert reports[1]["facts"]["whatsapp.linked_devices"]["evidence"] == [
        {
            "source": "uiautomator dump",
            "line": 'com.whatsapp:id/name text="Google Chrome (Windows)" com.whatsapp:id/status text="Activo ahora"',
        }
    ]


def test_a_capture_with_the_screen_is_judged_as_the_phone_was(workstation: Workstation, tmp_path: Path) -> None:
    saved = tmp_path / "phone.zip"
    with SimulatedPhone(load(BREACHED)) as phone:
        done = workstation.posture("capture", "--tcp", phone.address, "-o", saved, "--allow-screen")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(saved) as archive:
        kept = json.loads(archive.read("uiautomator-dump.txt"))
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert set(kept["apps"][0]) == {"package", "at", "linked", "backup"}
    assert b"nos vemos" not in everything
    assert b"ana@example.org" not in everything
    report = json.loads(workstation.posture("evaluate", saved, "--json").stdout)
    assert [(each["name"], each["active_now"]) for each in report["facts"]["whatsapp.linked_devices"]["value"]] == [
        ("Google Chrome (Windows)", True),
        ("iPad", False),
        ("Microsoft Edge (Windows)", False),
        ("macOS", False),
    ]
    (rule,) = (each for each in report["results"] if each["rule"] == "web-sessions-closed")
    assert (rule["status"], "iPad" in rule["message"], "Chrome" in rule["message"]) == ("fail", True, False)


def test_without_leave_no_list_of_commands_holds_one_that_touches() -> None:
    assert [each.key for each in probes.commands() if each.converse or each.opt_in] == []
    assert [each.key for each in probes.commands({"--allow-screen"}) if each.converse] == ["uiautomator dump"]


def test_the_list_of_all_commands_shows_every_line_of_it(workstation: Workstation) -> None:
    done = workstation.posture("commands")
    block = done.stdout.partition("\nuiautomator dump\n")[2].partition("\n    feeds:")[0]
    for line in ("never run without --allow-screen", "touches the screen", "input tap", "am start", "input keyevent 4"):
        assert line in block
    assert "--allow" not in workstation.posture("schedule", "run", "--help").stdout


def test_stopped_half_way_the_phone_is_left_as_it_was_found(workstation: Workstation) -> None:
    with SimulatedPhone(load(HEALTHY)) as phone:
        process = subprocess.Popen(
            [BIN, "scan", "--tcp", phone.address, "--no-post", "--allow-screen"],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "LANG": "C.UTF-8", "POSTURE_DATA": str(workstation.data)},
        )
        with process:
            while not any(str(ran).startswith("input tap") for ran in phone.log):
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
        touched = [str(ran) for ran in phone.log if str(ran).startswith(("input", "am start"))]
    assert (process.returncode, said.splitlines()[-1]) == (130, "Stopped.")
    assert touched[-1] == "input keyevent 3"  # the launcher, which was in front
    assert touched.count("input keyevent 4") <= 1


def test_the_bench_reads_it_too_where_it_was_told_so(workstation: Workstation, tmp_path: Path) -> None:
    settings = {"POSTURE_DATA": str(workstation.data), "LANG": "C.UTF-8"}
    with (
        SimulatedPhone(load(LOCKED)) as phone,
        terminal(
            tmp_path, BIN, "watch", "--tcp", phone.address, "--no-post", "--allow-screen", environment=settings
        ) as screen,
    ):
        screen.wait_for("N O T   P R O V E D", "never answered for its owner")
        screen.type("C-c")
        screen.wait_for("ended 0")
