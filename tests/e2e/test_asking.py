"""`--ask` and `--answer`: what only a person can say, from the bench into the signed report."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.delivery import Outbox
from agent.simulator import SimulatedPhone, load
from tests.e2e.conftest import BIN, Workstation, free_port
from tests.e2e.terminal import terminal

HEALTHY, BREACHED = "pixel-a14-healthy", "samsung-a16-breached"
TWO_ANSWERS = (
    "--answer", "linked-devices=yes", "--answer", "conduct=yes", "--as", "R. Pardo", "--as", "holder=Ana P.",
)  # fmt: skip


def by_rule(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["rule"]: each for each in report["results"]}


def test_a_well_kept_phone_is_compliant_after_two_answers(workstation: Workstation) -> None:
    with SimulatedPhone(load(HEALTHY)) as phone:
        done = workstation.posture("scan", "--tcp", phone.address, "--json", *TWO_ANSWERS)
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert report["verdict"] == "compliant"
    looked = by_rule(report)["web-sessions-closed"]
    assert (looked["status"], looked["measured_status"]) == ("pass", "inconclusive")
    stated = looked["attestation"]
    assert {name: stated[name] for name in ("answer", "by", "role", "state")} == {
        "answer": True,
        "by": "R. Pardo",
        "role": "support",
        "state": "valid",
    }
    held = datetime.fromisoformat(stated["valid_until"]) - datetime.fromisoformat(stated["at"])
    assert held == timedelta(days=7)
    conduct = {rule: each["attestation"] for rule, each in by_rule(report).items() if each["attestation"]}
    assert sorted(conduct) == sorted(
        ["data-with-staff-only", "no-third-parties", "kept-in-custody", "not-left-about", "web-sessions-closed"]
    )
    assert {each["by"] for rule, each in conduct.items() if rule != "web-sessions-closed"} == {"Ana P."}


def test_the_answers_are_in_what_is_signed(workstation: Workstation) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    with SimulatedPhone(load(HEALTHY)) as phone:
        workstation.posture("scan", "--tcp", phone.address, "--collector", nobody, *TWO_ANSWERS)
    (waiting,) = Outbox(workstation.data / "outbox.sqlite3").waiting()
    payload = json.loads(waiting.signed)["payload"]
    report = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert report["verdict"] == "compliant"
    assert by_rule(report)["web-sessions-closed"]["attestation"]["by"] == "R. Pardo"


def test_no_answer_makes_good_what_was_measured(workstation: Workstation) -> None:
    with SimulatedPhone(load(BREACHED)) as phone:
        plain = workstation.posture("scan", "--tcp", phone.address, "--json")
        done = workstation.posture("scan", "--tcp", phone.address, "--json", *TWO_ANSWERS)
    assert done.returncode == 1
    before, after = (by_rule(json.loads(each.stdout)) for each in (plain, done))
    failed = {rule for rule, each in before.items() if each["status"] == "fail"}
    assert failed
    assert {rule for rule in failed if after[rule]["status"] == "fail" and after[rule]["attestation"] is None} == failed


def test_a_no_is_a_failure_with_what_to_do(workstation: Workstation) -> None:
    with SimulatedPhone(load(HEALTHY)) as phone:
        done = workstation.posture(
            "scan", "--tcp", phone.address, "--answer", "linked-devices=no", "--as", "R. Pardo", "--json"
        )
    assert done.returncode == 1
    found = by_rule(json.loads(done.stdout))["web-sessions-closed"]
    assert (found["status"], found["measured_status"]) == ("fail", "inconclusive")
    assert "R. Pardo answered no" in found["message"]
    assert found["remediation"] == "WhatsApp › ⋮ › Linked devices › tap the device › Log out"


def test_a_saved_capture_can_be_answered_for_today(workstation: Workstation, tmp_path: Path) -> None:
    saved = tmp_path / "phone.zip"
    with SimulatedPhone(load(HEALTHY)) as phone:
        workstation.posture("capture", "--tcp", phone.address, "-o", saved)
    earlier = f"{datetime.now(UTC) - timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}"
    done = workstation.posture("evaluate", saved, "--now", earlier, "--json", *TWO_ANSWERS)
    report = json.loads(done.stdout)
    assert report["scanned_at"].startswith(earlier[:16])
    assert by_rule(report)["web-sessions-closed"]["status"] == "pass"
    # The same policy finds nothing to change in the report that holds the answers.
    written = tmp_path / "report.json"
    written.write_text(done.stdout)
    policy = Path(__file__).parents[2] / "rules" / "cm-g-03"
    same = workstation.posture("policy", "diff", policy, policy, written)
    assert same.returncode == 0, same.stderr
    assert "web-sessions-closed" not in same.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--ask"], "--ask needs a terminal"),
        (["--answer", "linked-devises=yes"], "did you mean “linked-devices”?"),
        (["--answer", "linked-devices=maybe"], "is no answer; write QUESTION=yes or QUESTION=no"),
        (["--answer", "conduct=yes", "--as", "R. Pardo"], "is for the phone's holder; say who answered with --as"),
        (["--answer", "linked-devices=yes"], "--as support=NAME"),
        (["--answer", "linked-devices=yes", "--as", "boss=R. Pardo"], "names nobody"),
        (["--as", "R. Pardo"], "add --ask"),
        (["--tcp", "127.0.0.1:1", *TWO_ANSWERS], "answers are about one phone"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_said_before_any_phone_is(
    workstation: Workstation, arguments: list[str], sentence: str
) -> None:
    with SimulatedPhone(load(HEALTHY)) as phone:
        done = workstation.posture("scan", "--tcp", phone.address, *arguments)
        assert phone.log == []
    assert done.returncode == 2
    assert sentence in " ".join(done.stderr.split())


def test_an_answer_to_what_is_not_open_is_left_out_and_said(workstation: Workstation) -> None:
    with SimulatedPhone(load(HEALTHY)) as phone:
        done = workstation.posture(
            "scan", "--tcp", phone.address, "--answer", "migrated=yes", "--as", "holder=Ana P.", "--json"
        )
    assert done.returncode == 3
    assert done.stderr == "The question “migrated” is not open on this phone; the answer was left out.\n"


def test_at_the_bench_each_question_is_asked_once_in_the_readers_language(
    workstation: Workstation, tmp_path: Path
) -> None:
    environment = {"POSTURE_DATA": str(workstation.data), "LANG": "C.UTF-8", "POSTURE_LANG": "es"}
    with (
        SimulatedPhone(load(HEALTHY)) as phone,
        terminal(tmp_path, BIN, "scan", "--tcp", phone.address, "--ask", environment=environment) as screen,
    ):
        screen.wait_for("1/4", "¿Declara el titular", "[s] sí")
        screen.type("s", "Enter")
        screen.wait_for("Nombre (titular")
        screen.type("Ana P.", "Enter")
        screen.wait_for("2/4", "Dispositivos vinculados")
        screen.type("sí", "Enter")
        screen.wait_for("Nombre (soporte")
        screen.type("R. Pardo", "Enter")
        screen.wait_for("3/4", "consejo")
        screen.type("Enter")
        screen.wait_for("4/4", "consejo")
        screen.type("what", "Enter", "Enter")
        screen.wait_for("✓ CUMPLE", "ended 0")


def test_ending_the_asking_keeps_what_was_measured(workstation: Workstation, tmp_path: Path) -> None:
    environment = {"POSTURE_DATA": str(workstation.data), "LANG": "C.UTF-8"}
    with (
        SimulatedPhone(load(HEALTHY)) as phone,
        terminal(tmp_path, BIN, "scan", "--tcp", phone.address, "--ask", environment=environment) as screen,
    ):
        screen.wait_for("1/4  ", "[y] yes")  # "1/4" alone also begins the progress, 1/40
        screen.type("C-c")
        screen.wait_for("\nThe asking was ended", "ended 3")
