"""An organisation's own values, laid over a policy."""

from pathlib import Path
from typing import Any

import pytest

from agent.policy import Policy, PolicyError, evaluate, load
from agent.policy.loading import shipped
from tests.policy.phones import NOW, phone

HEAD = "schema: posture-overlay/1\noverlays: CM-G-03\nlayer: group\nname: Press\n"


def overlay(folder: Path, text: str, name: str = "press.yaml") -> Path:
    path = folder / name
    path.write_text(HEAD + text)
    return path


def status(policy: Policy, rule: str, **changes: Any) -> str:
    evaluation = evaluate(policy, phone(**changes), profile="in-use", scanned_at=NOW)
    return next(each.status for each in evaluation.results if each.rule == rule)


def test_a_value_names_the_layer_that_set_it_last(tmp_path: Path) -> None:
    press = overlay(tmp_path, "parameters:\n  backup_age: {hours: 6}\n")
    policy = load(overlays=[shipped() / "examples" / "overlay.yaml", press])
    assert policy.layers == ("policy", "organisation Example", "group Press")
    assert policy.parameters["backup_age"].reported() == {"value": 6, "unit": "hours", "layer": "group Press"}
    assert policy.parameters["trusted_vpns"].layer == "organisation Example"
    assert policy.parameters["lock_delay"].layer == "policy"
    assert (status(load(), "backup-recent"), status(policy, "backup-recent")) == ("pass", "fail")
    assert policy.sha256 != load().sha256


def test_an_overlay_alone_brings_its_policy_along(overlaid: Policy) -> None:
    assert (overlaid.id, overlaid.layers) == ("CM-G-03", ("policy", "organisation Example"))
    office = {"network__wifi__ssid": "Example-Office", "network__wifi__bssid": "00:00:5E:00:53:01"}
    assert status(overlaid, "network-private", **office, network__wifi__security="open") == "pass"
    assert status(load(), "network-private", **office, network__wifi__security="open") == "fail"


def test_severity_and_what_counts_can_be_set(tmp_path: Path) -> None:
    text = "verdict: {counts: [required]}\nrules:\n  mobile-data-ready: {severity: high, counts: always}\n"
    policy = load(overlays=[overlay(tmp_path, text)])
    rule = policy.rule("mobile-data-ready")
    assert rule is not None
    assert (rule.severity, rule.counts, policy.counted) == ("high", "always", ("required",))
    evaluation = evaluate(policy, phone(screen_lock__secure=False), profile="in-use", scanned_at=NOW)
    assert evaluation.verdict == "inconclusive"  # clause 7 is recommended, and here that does not count


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("parameters:\n  backup_ages: {days: 1}\n",
         "press.yaml:6:3: there is no parameter “backup_ages”; did you mean “backup_age”?"),
        ("parameters:\n  backup_age: 7\n", "press.yaml:6:15: the policy has another kind of value here"),
        ("rules:\n  backup-recnt: {counts: never}\n",
         "press.yaml:6:3: there is no rule “backup-recnt”; did you mean “backup-recent”?"),
        ("rules:\n  backup-recent: {expect: {}}\n", "press.yaml:6:19: there is no key “expect”"),
        ("time_zone: Mars\n", "press.yaml:5:12: there is no time zone “Mars”"),
        (
            "trusted_networks:\n  - {ssid: Example}\n",
            "press.yaml:6:5: “bssid” is missing",
        ),
    ],
)  # fmt: skip
def test_mistakes_in_an_overlay(text: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    overlay(tmp_path, text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PolicyError) as told:
        load(overlays=[Path("press.yaml")])
    assert str(told.value.message) == problem


def test_an_overlay_is_for_its_own_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    overlay(tmp_path, "")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PolicyError, match="this overlay is for CM-G-03, the policy is BASELINE"):
        load(shipped() / "baseline", overlays=[Path("press.yaml")])
    Path("other.yaml").write_text(HEAD.replace("CM-G-03", "CM-G-3"))
    with pytest.raises(
        PolicyError, match=r"^other\.yaml:2:11: there is no policy that comes with the agent “CM-G-3”; did"
    ):
        load(Path("other.yaml"))
