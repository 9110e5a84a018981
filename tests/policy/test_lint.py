"""Mistakes in a policy: each stops the load with file, line, column, what is wrong and the nearest name."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.policy import PolicyError, load
from agent.policy.loading import shipped
from agent.policy.source import parse

BASELINE = (shipped() / "baseline" / "policy.yaml").read_text()

MISTAKES = [
    ("fact: device.encrypted", "fact: device.encripted",
     "there is no fact “device.encripted”; did you mean “device.encrypted”?"),
    ("severity: critical", "severty: critical", "there is no key “severty”; did you mean “severity”?"),
    ("severity: critical", "severity: critcal", "there is no value “critcal”; did you mean “critical”?"),
    ("value: {days: 180}", "value: {day: 180}", "there is no key “day”; did you mean “days”?"),
    ("value: {days: 180}", "value: {days: 1, hours: 2}", "a duration has exactly one of seconds, minutes, hours, days"),
    ("parameter: patch_age", "parameter: patch_ages", "there is no parameter “patch_ages”; did you mean “patch_age”?"),
    ("is: true", 'is: "yes"', "screen_lock.secure is compared with true or false"),
    ("fact: screen_lock.secure\n", "fact: screen_lock.credential\n", "screen_lock.credential is compared with a word"),
    (
        "at_most: {parameter: lock_delay}", "at_most: 30",
        "screen_lock.timeout_seconds is a span of time: give a duration with its unit, such as {days: 7}",
    ),
    (
        "at_most: {parameter: patch_age}", "within: {parameter: patch_age}",
        "“within” cannot compare device.security_patch_age_days (int); it takes is, at_least, at_most, applies",
    ),
    (
        "{fact: device.adb_over_wifi, is: false}", "{fact: device.verified_boot, in: [geen]}",
        "there is no value of device.verified_boot “geen”; did you mean “green”?",
    ),
    (
        "{fact: device.adb_over_wifi, is: false}", "{fact: device.verified_boot, in: [green, red, orange, yellow]}",
        "this names every value, so it decides nothing",
    ),
    (
        "- not: {fact: device.rooted, is: true}", "- {fact: device.encrypted, is: false}",
        "this can never be true beside a part above it",
    ),
    ("- not: {fact: device.rooted, is: true}", "- {fact: device.encrypted, is: true}", "this part stands here twice"),
    (
        "- not: {fact: device.rooted, is: true}", "- {fact: device.rooted, is: true, applies: true}",
        "give exactly one comparison, of: is, applies",
    ),
    ("- not: {fact: device.rooted, is: true}", "- {all: [{fact: device.rooted, is: true}], fact: device.rooted}",
     "give one of all, any, not, or one comparison of one fact"),
    ("{fact: device.adb_over_wifi, is: false}", "{fact: apps.spyware, every: {field: pakage, is: x}}",
     "there is no field of apps.spyware “pakage”; did you mean “package”?"),
    ("{fact: device.adb_over_wifi, is: false}", "{field: package, is: x}", "“field” goes inside every or some"),
    ("baseline-sound", "baseline-lock", "the id baseline-lock is already used in policy.yaml"),
    ("          en: The security patch is recent\n", "", "“en” is missing"),
    ("          es: El parche de seguridad es reciente\n", "", "“es” is missing"),
    ("{lock_delay})", "{lock_dela})", "there is no fact or parameter “lock_dela”; did you mean “lock_delay”?"),
    ("(máximo {lock_delay})", "(máximo {lock_delay!r})", "a gap is written as {name}"),
    ("time_zone: UTC", "time_zone: America/Bogata",
     "there is no time zone “America/Bogata”; did you mean “America/Bogota”?"),
    ("strength: required", "strength: requiered", "there is no value “requiered”; did you mean “required”?"),
    ("strength: required", "strength: required\n        question: holder", "there is no question “holder”"),
    ("strength: required", "strength: required\n        kind: attested", "an attested rule needs a question"),
    ("facts: {screen_lock.secure: false}", "facts: {screen_lock.secured: false}",
     "there is no fact “screen_lock.secured”; did you mean “screen_lock.secure”?"),
    ("facts: {screen_lock.secure: false}", "facts: {screen_lock.secure: 4}",
     "screen_lock.secure (bool) has no such value"),
    ("status: inconclusive", "status: inconclusive\n            answer: \"yes\"", "this rule has no question"),
    ('- clause: "2"', '- clause: "1"', "the clause 1 already stands in policy.yaml"),
    ("id: baseline-lock", "id: Baseline Lock",
     "small letters, digits and single dashes are needed here, such as screen-lock-set"),
    ("value: {days: 180}", "value: 180 days", "a span of time with its unit is needed here, such as {days: 7}"),
    ("expect: {fact: device.adb_over_wifi, is: false}", "expect: device.adb_over_wifi = false",
     "keys and values are needed here"),
    ("[SI-2]", "[SI-22]", "there is no control “SI-22”; did you mean “SI-2”?"),
    ("nist-800-53r5: [SI-2]", "nist-800-53: [SI-2]",
     "there is no framework “nist-800-53”; did you mean “nist-800-53r5”?"),
    ("nist-800-53r5: [SI-2]", "nist-800-53r5: [SI-7]", "no rule is mapped to this control"),
    ("id: BASELINE", "id: BASELINE\nid: OTHER", "“id” stands here twice"),
    ("version: \"1.0\"", "version: 1.0.0\nqqq: []", "there is no key “qqq”"),
    ("id: BASELINE", "id: *anchor", "is not valid YAML: an alias (*) is not taken here"),
    ("id: BASELINE", "id: !!python/name:os.system x",
     "the tag tag:yaml.org,2002:python/name:os.system is not taken here"),
    ("id: BASELINE", "id: [", "is not valid YAML: a list in brackets is not closed"),
    ("id: BASELINE", "id: {", "is not valid YAML: a mapping in braces is not closed"),
    ("id: BASELINE", "id: a: b", "is not valid YAML: a colon stands where none can; quote the text or mend the "
     "indentation"),
    ("id: BASELINE", "\tid: BASELINE", "is not valid YAML: a tab stands here; indent with spaces"),
    ("id: BASELINE", "id\nx: y", "is not valid YAML: the line above has no colon"),
    ("id: BASELINE", "id: 'x' y", "is not valid YAML: the indentation does not fit the lines above"),
]  # fmt: skip


@pytest.mark.parametrize(("good", "bad", "problem"), MISTAKES, ids=[bad[:40] for _, bad, _ in MISTAKES])
def test_a_mistake_is_told_with_its_place(
    good: str, bad: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert good in BASELINE
    text = BASELINE.replace(good, bad, 1)
    (tmp_path / "policy.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PolicyError) as told:
        load(Path("policy.yaml"))
    name, line, column, said = str(told.value.message).split(":", 3)
    assert (name, said) == ("policy.yaml", f" {problem}")
    assert told.value.permanent
    assert 1 <= int(line) <= text.count("\n") + 1
    assert int(column) >= 1


def test_the_place_is_that_of_the_mistake(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text(BASELINE.replace("device.encrypted, is", "device.encripted, is"))
    with pytest.raises(PolicyError) as told:
        load(tmp_path)
    lines = BASELINE.splitlines()
    line = next(i for i, each in enumerate(lines, 1) if "fact: device.encrypted" in each)
    column = lines[line - 1].index("device.encrypted") + 1
    assert str(told.value.message).startswith(f"{tmp_path}/policy.yaml:{line}:{column}: ")


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("absent.yaml", None, "absent.yaml: cannot be read: No such file or directory"),
        ("empty.yaml", b"", "empty.yaml:1:1: keys and values are needed here"),
        ("list.yaml", b"- one\n", "list.yaml:1:1: keys and values are needed here"),
        ("latin.yaml", b"a: b\nid: a\xf1o\n", "latin.yaml:2:1: is not UTF-8 text"),
        ("large.yaml", b"#" * (1024 * 1024 + 1), "large.yaml: is larger than 1048576 bytes"),
        ("deep.yaml", b"a: " + b"[" * 60 + b"]" * 60, "deep.yaml:1:44: is nested too deeply"),
    ],
)
def test_what_is_no_policy_at_all(
    name: str, data: bytes | None, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PolicyError) as told:
        load(Path(name))
    assert str(told.value.message) == problem


def test_a_folder_without_policy_yaml(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as told:
        load(tmp_path)
    assert str(told.value.message) == f"{tmp_path}: holds no policy.yaml"


def test_yaml_is_read_by_its_core_schema() -> None:
    told = parse(b"no: no\naddress: 10:20:30:40:50:59\nnumber: 12\nold: 012\nyes: true\nnothing: null\n", "x").data
    assert told == {
        "no": "no", "address": "10:20:30:40:50:59", "number": 12, "old": "012", "yes": True, "nothing": None,
    }  # fmt: skip


def refused(read: Callable[[], object]) -> str | None:
    try:
        read()
    except PolicyError as error:
        return str(error.message)
    return None


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode("latin-1")))
def test_any_text_is_read_or_refused(text: str) -> None:
    told = refused(lambda: parse(text.encode("utf-8", "surrogatepass"), "x"))
    assert told is None or told.startswith("x:")


@given(st.data())
def test_a_policy_with_any_line_taken_out_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    lines = BASELINE.splitlines(keepends=True)
    at = data.draw(st.integers(0, len(lines) - 1))
    path = tmp_path_factory.mktemp("cut") / "policy.yaml"
    path.write_text("".join(lines[:at] + lines[at + 1 :]))
    told = refused(lambda: load(path))
    assert told is None or told.startswith(f"{path}:")
