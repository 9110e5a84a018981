"""Every scenario that comes with the project: scanned over ADB, all its facts and the status of every rule.

What is expected of a scenario stands in `scenarios/NAME.yaml`, with moments as scenarios write them. Whoever
changes a probe, a rule or an answer sees here what that does to nine phones.
"""

import json
import re
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from agent import probes
from agent.capture import Capture, Unanswered
from agent.capture.archive import save
from agent.capture.live import capture_phone
from agent.facts import Fact
from agent.policy import Evaluation, evaluate
from agent.policy import load as load_policy
from agent.policy.people import Attestation
from agent.policy.terms import Profile
from agent.simulator import SimulatedPhone, load, shipped
from agent.simulator.moments import Clock, fill
from agent.transport import find
from tests.e2e.conftest import Workstation

EXPECTED = Path(__file__).parent / "scenarios"
IN_ORDER = ["pixel-a14-healthy", "pixel-a15-handover-reset", "samsung-a17-business"]
SCAN_TIME = {"device.clock_at"}  # moves with the scan itself


policy = cache(load_policy)


@lru_cache(maxsize=32)
def scanned(name: str, shell: str = "mksh", ahead: timedelta = timedelta()) -> Capture:
    """Look at a shipped phone whose shell is this one, over a real connection. ahead: its clock's."""
    seconds = int(ahead.total_seconds())
    with (
        SimulatedPhone(load(name), interpreter=shell, clock_offset_s=seconds) as phone,
        TemporaryDirectory() as keys,
    ):
        (found,) = find(Path(keys), tcp=[phone.address])
        with closing(found.open()) as transport:
            return capture_phone(transport, probes.commands())


def expected(name: str, capture: Capture) -> dict[str, Any]:
    """What is expected, its moments filled in by the clock with which that phone started."""
    alarms = capture.answers["dumpsys alarm"].text
    started = re.search(r"nowRTC=(\d+)", alarms)
    assert started is not None, "every scenario's `dumpsys alarm` says when the phone started"
    clock = Clock(datetime.fromtimestamp(int(started[1]) / 1000, UTC), ZoneInfo(load(name).timezone))
    wanted: dict[str, Any] = yaml.safe_load(fill((EXPECTED / f"{name}.yaml").read_bytes(), clock))
    known = wanted["facts"]["known"]
    if known.get("device.security_patch_age_days") == "since device.security_patch":
        age = capture.captured_at.date() - date.fromisoformat(known["device.security_patch"])
        known["device.security_patch_age_days"] = age.days
    return wanted


def told(facts: Mapping[str, Fact]) -> dict[str, Any]:
    """Facts in the form of the expectations."""
    return {
        "known": {name: fact.value for name, fact in facts.items() if fact.state == "known" and name not in SCAN_TIME},
        **{
            state: sorted(name for name, fact in facts.items() if fact.state == state)
            for state in ("unknown", "not_applicable")
        },
    }


def statuses(results: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for rule, status in results:
        found.setdefault(status, []).append(rule)
    return {status: sorted(rules) for status, rules in found.items()}


def sorted_rules(wanted: dict[str, Any]) -> dict[str, list[str]]:
    return {status: sorted(rules) for status, rules in wanted["rules"].items() if rules}


def profile(name: str) -> Profile:
    return "handover" if "handover" in name else "in-use"


def judged(name: str, capture: Capture, attestations: tuple[Attestation, ...] = ()) -> Evaluation:
    return evaluate(
        policy(),
        probes.read_facts(capture),
        profile=profile(name),
        scanned_at=capture.captured_at,
        serial=capture.serial,
        attestations=attestations,
    )


def test_each_has_its_expectations_and_no_other_is_expected() -> None:
    assert sorted(path.stem for path in EXPECTED.iterdir()) == shipped()


def test_no_two_phones_are_taken_for_one() -> None:
    serials = [load(name).serial for name in shipped()]
    assert sorted(set(serials)) == sorted(serials)


@pytest.mark.parametrize("shell", ["mksh", "bash"])
@pytest.mark.parametrize("name", shipped())
def test_every_fact_of_a_phone_is_as_expected(name: str, shell: str) -> None:
    capture = scanned(name, shell)
    assert told(probes.read_facts(capture)) == expected(name, capture)["facts"]


@pytest.mark.parametrize("name", IN_ORDER)
@pytest.mark.parametrize("day", ["2030-01-01T00:00:20", "2032-02-29T01:30", "2031-03-31T02:00:20"])
def test_a_phone_is_as_true_on_any_other_day(name: str, day: str) -> None:
    then = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(load(name).timezone))
    capture = scanned(name, ahead=then - datetime.now(UTC))
    by_two_clocks = {"device.clock_skew_seconds", "device.security_patch_age_days"}
    seen, wanted = told(probes.read_facts(capture)), expected(name, capture)["facts"]
    for facts in (seen, wanted):
        facts["known"] = {fact: value for fact, value in facts["known"].items() if fact not in by_two_clocks}
        facts["unknown"] = [fact for fact in facts["unknown"] if fact not in by_two_clocks]
    assert seen == wanted


@pytest.mark.parametrize("name", shipped())
def test_every_rule_judges_a_phone_as_expected(name: str) -> None:
    capture = scanned(name)
    wanted, evaluation = expected(name, capture), judged(name, capture)
    assert statuses([(each.rule, each.status) for each in evaluation.results]) == sorted_rules(wanted)
    assert evaluation.verdict == wanted["verdict"]


@pytest.mark.parametrize("name", shipped())
def test_a_saved_capture_is_judged_as_the_phone_was(name: str, workstation: Workstation, tmp_path: Path) -> None:
    capture = scanned(name)
    save(capture, tmp_path / "phone.zip")
    done = workstation.posture("evaluate", tmp_path / "phone.zip", "--json", "--profile", profile(name))
    report, wanted = json.loads(done.stdout), expected(name, capture)
    values = {fact: each["value"] for fact, each in report["facts"].items() if each["state"] == "known"}
    asked = {"network.class"}  # what the policy derives
    assert {fact: values[fact] for fact in values.keys() - SCAN_TIME - asked} == wanted["facts"]["known"]
    assert statuses([(each["rule"], each["status"]) for each in report["results"]]) == sorted_rules(wanted)
    assert report["verdict"] == wanted["verdict"]


@pytest.mark.parametrize("name", IN_ORDER)
def test_answers_to_the_open_questions_make_a_phone_in_order_compliant(name: str) -> None:
    capture = scanned(name)
    open_rules = [each for each in judged(name, capture).results if each.status == "inconclusive" and each.of.question]
    until = capture.captured_at + timedelta(days=1)
    answers = tuple(
        Attestation(each.rule, answer=True, by="R. Pardo", at=capture.captured_at, valid_until=until)
        for each in open_rules
        if policy().counts(each.of, each.status)
    )
    assert judged(name, capture, answers).verdict == "compliant"


@pytest.mark.parametrize("name", IN_ORDER)
def test_a_phone_in_order_answers_every_command(name: str) -> None:
    capture = scanned(name)
    unanswered = {}
    for command in probes.commands():
        try:
            capture.text(command)
        except Unanswered as error:
            unanswered[command.key] = error.message
    assert unanswered == {}
