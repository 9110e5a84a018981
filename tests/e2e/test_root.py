"""`--allow-root` on a rooted phone: what it brings, what of it is kept, and that nothing asks for root without it."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from agent.simulator import SimulatedPhone, load
from agent.simulator.scenario import Scenario, StoredFile
from tests.e2e.conftest import Workstation
from tests.probes.companions import INDEX, NUMBER, SCHEMAS

HEALTHY = "pixel-a14-healthy"
LINK = (
    "INSERT INTO devices (device_id, device_os, platform_type, last_active, login_time) "
    f"VALUES ('{NUMBER}:3@s.whatsapp.net', 'Windows', 1, {{{{now-{{ago}}:ms}}}}, 1777000000000)"
)


def rooted(ago: str | None) -> Scenario:
    """A phone in order, but rooted; its WhatsApp has a session that was used so long ago, or none."""
    sql = ";\n".join([SCHEMAS[25], INDEX, *([LINK.replace("{ago}", ago)] if ago else [])]) + ";"
    path = "root/data/data/com.whatsapp/databases/companion_devices.db"
    scenario = load(HEALTHY)
    files = (*scenario.files, StoredFile(path=path, kind="sqlite", text=sql))
    return scenario.model_copy(update={"rooted": True, "files": files})


def clause_5(stdout: str) -> tuple[Any, str]:
    (report,) = (json.loads(line) for line in stdout.splitlines())
    (result,) = (each for each in report["results"] if each["rule"] == "web-sessions-closed")
    return report["facts"]["whatsapp.linked_devices"], result["status"]


@pytest.mark.parametrize(("ago", "status"), [("3d", "fail"), ("2h", "pass"), (None, "pass"), ("18h", "inconclusive")])
def test_with_leave_the_sessions_are_judged(ago: str | None, status: str, workstation: Workstation) -> None:
    with SimulatedPhone(rooted(ago)) as phone:
        done = workstation.posture("scan", "--tcp", phone.address, "--json", "--allow-root")
    fact, judged = clause_5(done.stdout)
    assert judged == status
    assert [(each["name"], each["platform"]) for each in fact["value"]] == ([("Windows", "chrome")] if ago else [])
    assert NUMBER not in done.stdout + done.stderr


@pytest.mark.parametrize("arguments", [("scan", "--json"), ("facts", "--json"), ("capture", "-o", "phone.zip")])
def test_without_leave_nothing_asks_for_root(
    arguments: tuple[str, ...], workstation: Workstation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with SimulatedPhone(rooted("3d")) as phone:
        workstation.posture(arguments[0], "--tcp", phone.address, *arguments[1:])
        ran = phone.log
    assert [str(each) for each in ran if each.kind == "command" and each.words[0] == "su"] == []
    (line,) = (each.words[0] for each in ran if each.kind == "line")
    assert "su -c" not in line
    assert "companion_devices" not in line


def test_a_saved_capture_holds_what_is_kept_and_no_more(workstation: Workstation, tmp_path: Path) -> None:
    saved = tmp_path / "phone.zip"
    with SimulatedPhone(rooted("3d")) as phone:
        done = workstation.posture("capture", "--tcp", phone.address, "-o", saved, "--allow-root")
        assert any(each.words[0] == "su" for each in phone.log)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(saved) as archive:
        raw = {name: archive.read(name) for name in archive.namelist()}
    assert [name for name, data in raw.items() if NUMBER.encode() in data or b"SQLite" in data] == []
    fact, judged = clause_5(workstation.posture("evaluate", saved, "--json").stdout)
    assert (judged, fact["value"][0]["name"]) == ("fail", "Windows")


def test_a_phone_without_root_says_so(workstation: Workstation) -> None:
    with SimulatedPhone(load(HEALTHY)) as phone:
        done = workstation.posture("scan", "--tcp", phone.address, "--json", "--allow-root")
    fact, judged = clause_5(done.stdout)
    assert judged == "inconclusive"
    assert "su: " in fact["reason"]
    assert "By hand: open WhatsApp ›" in fact["reason"]
