"""`posture policy` as people use it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from agent.cli.policy import command
from agent.facts import instant
from agent.messages import PostureError
from agent.policy import evaluate, load
from agent.policy.loading import shipped
from agent.report.model import ReportedFact, ReportedResult
from tests.policy.phones import NOW, phone

BASELINE = str(shipped() / "baseline")


def run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "80"}).invoke(command, arguments, standalone_mode=False)


def test_lint_says_what_it_read() -> None:
    done = run("lint", BASELINE)
    assert (done.return_value, done.output.startswith("BASELINE 1.0: 4 rules, nothing wrong (sha256 ")) == (0, True)


def test_lint_of_a_mistake_raises_for_the_command_line_to_tell(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("schema: posture-policy/2\n")
    assert isinstance(run("lint", str(tmp_path)).exception, PostureError)


def test_without_a_path_it_is_the_policy_that_a_scan_here_judges_by(tmp_path: Path) -> None:
    overlay = (shipped() / "examples" / "overlay.yaml").read_text()
    (tmp_path / "posture.yaml").write_text("schema: posture-configuration/1\noverlays: [ours.yaml]\n")
    (tmp_path / "ours.yaml").write_text(overlay)
    shown = run("show", "--data", str(tmp_path)).output
    assert "trusted_vpns = com.example.vpn" in shown
    assert "trusted_vpns = com.example.vpn" not in run("show", "--data", str(tmp_path / "none")).output
    linted = run("lint", "--data", str(tmp_path)).output
    assert linted != run("lint", "--data", str(tmp_path / "none")).output
    (tmp_path / "ours.yaml").write_text(overlay + "x: 1\n")
    assert isinstance(run("lint", "--data", str(tmp_path)).exception, PostureError)


def test_test_counts_cases_and_names_what_fails(tmp_path: Path) -> None:
    assert (run("test").return_value, run("test", BASELINE).output) == (0, "4 rules, 18 cases, 0 to mend\n")
    text = Path(BASELINE, "policy.yaml").read_text()
    (tmp_path / "policy.yaml").write_text(
        text.replace("screen_lock.timeout_seconds: 35", "screen_lock.timeout_seconds: 3500")
    )
    done = run("test", str(tmp_path))
    assert done.return_value == 1
    told = " ".join(done.output.split())
    assert "baseline-lock: “a code, half a minute” ends in fail, not in pass" in told
    assert "baseline-lock: no case ends in “pass”" in told
    assert told.endswith("4 rules, 18 cases, 3 to mend")


def test_show_explains_a_rule_within_80_columns() -> None:
    for rule in (None, "network-history-private", "web-sessions-closed", "accessibility-allowed"):
        done = run("show", *([rule] if rule else []))
        assert done.return_value == 0, rule
        assert max(len(line) for line in done.output.splitlines()) <= 80
    told = run("show", "network-private").output
    for line in ("at least one of:", "Class of the network is one of: organisation, private, cellular", "samsung: "):
        assert line in told


def test_show_of_no_such_rule_names_the_nearest() -> None:
    told = run("show", "network-privat").exception
    assert str(told and told.args[0]) == "there is no rule “network-privat”; did you mean “network-private”?"


def report(**changes: object) -> str:
    evaluation = evaluate(load(), phone(**changes), profile="in-use", scanned_at=NOW)
    facts = {
        name: ReportedFact(
            value=each.value,
            state=each.state,
            reason=each.reason and str(each.reason),
            evidence=tuple({"source": line.source, "line": line.line} for line in each.evidence),  # type: ignore[misc]
        ).model_dump(mode="json")
        for name, each in evaluation.facts.items()
    }
    results = [
        ReportedResult(
            rule=each.rule, clause=each.clause, kind=each.kind, status=each.status,
            measured_status=each.measured_status,
            waiver=each.waiver, attestation=each.attestation, severity=each.severity, strength=each.strength,
            message=each.message["en"], remediation=each.remediation["en"], facts=each.facts,
        ).model_dump(mode="json")
        for each in evaluation.results
    ]  # fmt: skip
    told = {
        "schema": "posture-report/1", "report_id": "01890a5d-ac96-774b-bcce-b302099a8057", "scanned_at": instant(NOW),
        "duration_ms": 1, "source": "live", "agent": {"id": "a", "version": "1", "host": "h"},
        "device": {
            "serial": "S1", "manufacturer": None, "model": "Model X", "android_version": None, "api_level": None,
            "security_patch": None, "fingerprint": None,
        },
        "profile": "in-use", "policy": {"id": "CM-G-03", "version": "1", "sha256": "0" * 64},
        "facts": facts, "results": results, "verdict": evaluation.verdict,
    }  # fmt: skip
    return json.dumps(told) + "\n"


def test_diff_tells_phone_by_phone_what_would_change(tmp_path: Path) -> None:
    old, new = str(shipped() / "cm-g-03"), tmp_path / "new.yaml"
    new.write_text(
        "schema: posture-overlay/1\noverlays: CM-G-03\nlayer: organisation\nname: X\n"
        "parameters:\n  lock_delay: {seconds: 30}\n"
    )
    reports = tmp_path / "reports.jsonl"
    reports.write_text(report() + report(screen_lock__timeout_seconds=10))
    same = run("diff", old, old, str(reports))
    assert (same.return_value, same.output) == (0, "2 phones, 0 judged differently\n")
    done = run("diff", old, str(new), str(reports))
    assert done.return_value == 1
    assert done.output.splitlines() == [
        "Model X · S1 (reports.jsonl:1)",
        "  ? Not proved → ✕ Fails",
        "    locks-by-itself: ✓ Meets → ✕ Fails",
        "2 phones, 1 judged differently",
    ]
    other = run("diff", old, BASELINE, str(reports))
    assert "no such rule" in other.output


@pytest.mark.parametrize("text", ["{}", "not json", '{"schema": "posture-report/2"}'])
def test_diff_of_what_is_no_report(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    told = run("diff", BASELINE, BASELINE, str(path)).exception
    assert isinstance(told, PostureError)
    assert str(told.message).startswith(f"{path}:1: is no report: ")
    assert isinstance(run("diff", BASELINE, BASELINE, str(tmp_path / "absent.json")).exception, PostureError)


def test_schema_is_printed() -> None:
    assert json.loads(run("schema").output)["title"] == "posture policy"
