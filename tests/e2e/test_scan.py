"""`posture scan` against simulated phones: verdicts, exit statuses, one stream, and every kind of trouble."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from agent import probes
from agent.report.model import Report
from agent.simulator import Reply, SimulatedPhone, load
from tests.e2e.conftest import BIN, Workstation, free_port

HEALTHY, BREACHED = "pixel-a14-healthy", "samsung-a16-breached"
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text())


def reports(stdout: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stdout.splitlines()]


def statuses(report: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: report["facts"][name]["value"] for name in names}


def test_a_healthy_phone_has_nothing_failed_and_says_what_is_not_proved(workstation: Workstation) -> None:
    with SimulatedPhone(load(HEALTHY)) as phone:
        done = workstation.posture("scan", "--tcp", phone.address, "--json")
    assert (done.returncode, done.stderr) == (3, "")
    (report,) = reports(done.stdout)
    jsonschema.validate(report, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert report["verdict"] == "inconclusive"
    assert [each["rule"] for each in report["results"] if each["status"] in ("fail", "error")] == []
    assert statuses(report, "screen_lock.secure", "network.transport", "whatsapp.backup.count") == {
        "screen_lock.secure": True,
        "network.transport": "wifi",
        "whatsapp.backup.count": report["facts"]["whatsapp.backup.count"]["value"],
    }
    assert report["facts"]["whatsapp.linked_devices"]["state"] == "unknown"
    assert report["device"]["serial"] == phone.serial
    for fact in report["facts"].values():
        assert (fact["value"] is None) == (fact["state"] != "known")
        assert fact["state"] != "known" or fact["evidence"]
        assert fact["state"] != "unknown" or fact["reason"]


def test_a_breached_phone_fails_with_what_to_do(workstation: Workstation) -> None:
    with SimulatedPhone(load(BREACHED)) as phone:
        done = workstation.posture("scan", "--tcp", phone.address)
    assert done.returncode == 1
    assert "FAILS" in done.stdout
    assert "no PIN, pattern or password" in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


def test_spanish_is_spoken_throughout(workstation: Workstation) -> None:
    with SimulatedPhone(load(BREACHED)) as phone:
        done = workstation.posture("scan", "--tcp", phone.address, "--lang", "es")
    assert done.returncode == 1
    assert "NO CUMPLE" in done.stdout
    assert "Ajustes" in done.stdout
    for english in ("Fails", "not proved", "Settings"):
        assert english not in done.stdout


def test_the_scan_is_one_stream_and_runs_only_what_is_listed(workstation: Workstation) -> None:
    with SimulatedPhone(load(HEALTHY)) as phone:
        workstation.posture("scan", "--tcp", phone.address, "--json")
        lines = [ran for ran in phone.log if ran.kind == "line"]
        called = {str(ran) for ran in phone.log if ran.kind == "command"}
    assert len(lines) == 1
    allowed = " ".join(command.line for command in probes.commands())
    for command in called:
        program, *arguments = command.split()
        named = program if program in ("getprop", "date", "id") else " ".join([program, *arguments[:1]])
        assert named in allowed, command


def test_the_same_phone_behind_a_real_adb_server_gives_the_same_facts(
    workstation: Workstation, adb: Callable[..., str]
) -> None:
    port = adb.port  # type: ignore[attr-defined]
    with SimulatedPhone(load(HEALTHY)) as phone:
        adb("connect", phone.address)
        served = workstation.posture("scan", "--adb-server", "--json", ANDROID_ADB_SERVER_PORT=port)
        streams = sum(ran.kind == "line" for ran in phone.log)
        direct = workstation.posture("scan", "--tcp", phone.address, "--json")
    assert streams == 1
    assert (served.returncode, direct.returncode) == (3, 3)
    ours, theirs = (known(reports(done.stdout)[0]) for done in (served, direct))
    assert ours == theirs


def known(report: dict[str, Any]) -> dict[str, Any]:
    moving = {"device.clock_at", "device.clock_skew_seconds"}
    return {name: fact["value"] for name, fact in report["facts"].items() if name not in moving}


def test_several_phones_at_once_are_a_table_and_the_worst_decides(workstation: Workstation) -> None:
    phones = [SimulatedPhone(load(name)).start() for name in (HEALTHY, BREACHED, HEALTHY, BREACHED)]
    try:
        done = workstation.posture("scan", *(word for phone in phones for word in ("--tcp", phone.address)))
    finally:
        for phone in phones:
            phone.stop()
    assert done.returncode == 1
    assert (done.stdout.count("Fails"), done.stdout.count("Not proved")) == (2, 2)


def test_a_phone_that_does_not_accept_this_computer(workstation: Workstation) -> None:
    with SimulatedPhone(load(HEALTHY), authorise="never") as phone:
        done = workstation.posture("scan", "--tcp", phone.address, "--json")
    assert (done.returncode, done.stdout) == (4, "")
    assert "accept" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_address_where_nothing_listens(workstation: Workstation) -> None:
    address = f"127.0.0.1:{free_port()}"
    done = workstation.posture("scan", "--tcp", address)
    assert done.returncode == 4
    assert done.stderr == (
        f"posture: {address}: {address} refuses the connection; turn on debugging over the network on the phone\n"
    )


def test_no_phone_at_all(workstation: Workstation, adb: Callable[..., str]) -> None:
    adb("start-server")
    done = workstation.posture("scan", "--adb-server", ANDROID_ADB_SERVER_PORT=adb.port)  # type: ignore[attr-defined]
    assert done.returncode == 4
    assert done.stderr.startswith("posture: no phone can be reached; connect one by USB")


def test_a_phone_lost_half_way_keeps_what_it_said(workstation: Workstation) -> None:
    with SimulatedPhone(load(HEALTHY)) as phone:
        whole = workstation.posture("scan", "--tcp", phone.address, "--json")
    with SimulatedPhone(load(HEALTHY), drop_after_bytes=12_000) as phone:
        done = workstation.posture("scan", "--tcp", phone.address, "--json")
    assert done.returncode == 4
    (report,), (full,) = reports(done.stdout), reports(whole.stdout)
    kept = {name: fact["value"] for name, fact in report["facts"].items() if fact["state"] == "known"}
    assert 0 < len(kept) < sum(fact["state"] == "known" for fact in full["facts"].values())
    moving = {"device.clock_at", "device.clock_skew_seconds"}
    assert {name: full["facts"][name]["value"] for name in kept if name not in moving} == {
        name: value for name, value in kept.items() if name not in moving
    }
    assert report["verdict"] == "inconclusive"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--policy", "/nowhere/policy"], "/nowhere/policy"),
        (["--collector", "collector.example"], "is no collector's address"),
        (["--profile", "lost"], "'lost' is not one of"),
    ],
)
def test_wrong_options_end_with_status_2_before_any_phone_is_asked(
    workstation: Workstation, arguments: list[str], sentence: str
) -> None:
    with SimulatedPhone(load(HEALTHY)) as phone:
        done = workstation.posture("scan", "--tcp", phone.address, *arguments)
        assert phone.log == []
    assert done.returncode == 2
    assert sentence in done.stderr


def test_a_wrong_name_in_a_policy_is_shown_with_its_place_and_the_nearest_name(
    workstation: Workstation, tmp_path: Path
) -> None:
    folder = tmp_path / "policy"
    source = Path(__file__).parents[2] / "rules" / "cm-g-03"
    folder.mkdir()
    for file in source.glob("*.yaml"):
        folder.joinpath(file.name).write_text(file.read_text().replace("screen_lock.secure", "screen_lock.secured"))
    done = workstation.posture("evaluate", "--policy", folder, source)
    assert done.returncode == 2
    assert "clause-7.yaml" in done.stderr
    assert "screen_lock.secure" in done.stderr.replace("screen_lock.secured", "")


def test_a_capture_is_judged_as_the_phone_was(workstation: Workstation, tmp_path: Path) -> None:
    saved = tmp_path / "phone.zip"
    with SimulatedPhone(load(BREACHED)) as phone:
        captured = workstation.posture("capture", "--tcp", phone.address, "-o", saved)
        live = workstation.posture("scan", "--tcp", phone.address, "--json")
    assert captured.returncode == 0, captured.stderr
    done = workstation.posture("evaluate", saved, "--json")
    assert done.returncode == 1
    (then,), (now,) = reports(done.stdout), reports(live.stdout)
    assert then["source"] == "capture"
    assert known(then) == known(now)
    assert [(each["rule"], each["status"]) for each in then["results"]] == [
        (each["rule"], each["status"]) for each in now["results"]
    ]


def test_a_damaged_capture_is_one_sentence(workstation: Workstation, tmp_path: Path) -> None:
    saved = tmp_path / "phone.zip"
    with SimulatedPhone(load(HEALTHY)) as phone:
        workstation.posture("capture", "--tcp", phone.address, "-o", saved)
    saved.write_bytes(saved.read_bytes()[:-400])
    done = workstation.posture("evaluate", saved)
    assert done.returncode == 2
    assert done.stderr == f"posture: {saved}: the file is damaged or was not copied whole; copy it again\n"


def test_facts_alone_need_no_policy(workstation: Workstation) -> None:
    with SimulatedPhone(load(HEALTHY)) as phone:
        done = workstation.posture("facts", "--tcp", phone.address, "--json")
        shown = workstation.posture("facts", "--tcp", phone.address)
    assert (done.returncode, shown.returncode) == (0, 0)
    (body,) = reports(done.stdout)
    assert body["device"]["serial"] == phone.serial
    assert body["facts"]["screen_lock.secure"]["value"] is True
    assert "screen_lock.secure" in shown.stdout


def test_every_report_is_in_the_published_form() -> None:
    assert Report.model_json_schema(by_alias=True, mode="serialization") == SCHEMA


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_stopping_a_scan_does_not_wait_for_a_phone_that_hangs(workstation: Workstation, how: signal.Signals) -> None:
    hang = {"getprop": Reply(hang="forever")}
    with SimulatedPhone(load(HEALTHY), answers=hang, delay_ms=200) as phone:
        process = subprocess.Popen(
            [BIN, "scan", "--tcp", phone.address],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "LANG": "C.UTF-8", "POSTURE_DATA": str(workstation.data)},
        )
        with process:
            while not any(ran.kind == "command" for ran in phone.log):
                assert process.poll() is None
            process.send_signal(how)
            _, said = process.communicate(timeout=8)  # the hanging command alone has ten seconds
    assert (process.returncode, said.strip()) == (130, "Stopped.")
