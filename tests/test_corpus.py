"""Every sample of the corpus of real phones, opened as a user would, against what a correct checker concludes.

The corpus lies beside the checkout, or where POSTURE_SHARED says; its README explains `expected.yaml`.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.capture import Answer, Outcome
from agent.capture.folder import Answers
from agent.capture.sources import open_capture
from agent.facts import Fact, State
from agent.indicators import read_file
from agent.probes import PROBES, read_facts

SHARED = Path(os.environ.get("POSTURE_SHARED") or Path(__file__).parents[2] / "shared")
SAMPLES = sorted(path.parent for path in (SHARED / "corpus").glob("*/expected.yaml"))

# Facts that the corpus speaks of and no probe answers yet; a test fails when this is stale.
UNCOVERED: frozenset[str] = frozenset()

# Expectations that a raw line of the same sample contradicts: there the raw line is right.
FAULTS = {
    (
        "xiaomi-pad6-hyperos2-a14",
        "is",
        "network.validated",
    ): "settings-global.txt: captive_portal_mode=0, so no test ran",
    ("xiaomi-pad6-hyperos2-a14", "is", "network.captive_portal"): "settings-global.txt: captive_portal_mode=0",
}

EXPECTED: dict[str, dict[str, Any]] = {
    sample.name: yaml.safe_load((sample / "expected.yaml").read_text(encoding="utf-8")) for sample in SAMPLES
}

INDICATORS = [
    read_file(path) for path in sorted((SHARED / "indicators").glob("*")) if path.suffix in {".yaml", ".stix2"}
]

ANSWERED = {name for probe in PROBES for name in probe.FACTS}


@pytest.fixture(scope="module")
def facts_of() -> Callable[[Path], dict[str, Fact]]:
    read: dict[str, dict[str, Fact]] = {}

    def facts(sample: Path) -> dict[str, Fact]:
        if sample.name not in read:
            read[sample.name] = read_facts(open_capture(sample), INDICATORS)
        return read[sample.name]

    return facts


def expectations(expected: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """(kind, fact, what) for each thing that a sample expects."""
    for name, value in (expected.get("facts") or {}).items():
        yield "is", name, value
    for kind in ("unknown", "not_applicable"):
        for name in expected.get(kind) or ():
            yield kind, name, None
    for item in expected.get("not") or ():
        yield "not", item["fact"], item["value"]
    for kind in ("contains", "lacks"):
        for name, texts in (expected.get(kind) or {}).items():
            yield kind, name, [texts] if isinstance(texts, str) else texts


def case(sample: Path, kind: str, name: str, what: Any) -> Any:
    fault = FAULTS.get((sample.name, kind, name))
    marks = [pytest.mark.xfail(reason=fault, strict=True)] if fault else []
    label = f"{sample.name}-{kind}-{name}" + (f"={what}" if kind == "not" else "")
    return pytest.param(sample, kind, name, what, id=label, marks=marks)


CASES = [
    case(sample, kind, name, what)
    for sample in SAMPLES
    for kind, name, what in expectations(EXPECTED[sample.name])
    if name in ANSWERED
]


def plain(value: Any) -> Any:
    """Lists in any order."""
    return sorted(json.dumps(item, sort_keys=True) for item in value) if isinstance(value, list) else value


@pytest.mark.skipif(not SAMPLES, reason="shared is absent")
@pytest.mark.parametrize(("sample", "kind", "name", "what"), CASES)
def test_concludes_what_the_raw_line_says(sample: Path, kind: str, name: str, what: Any, facts_of: Any) -> None:
    fact: Fact = facts_of(sample)[name]
    written = json.dumps(fact.value, ensure_ascii=False)
    match kind:
        case "is":
            assert (fact.state, plain(fact.value)) == (State.KNOWN, plain(what)), fact
        case "unknown":
            assert fact.state is not State.KNOWN, fact
        case "not_applicable":
            assert fact.state is State.NOT_APPLICABLE, fact
        case "not":
            assert fact.state is not State.KNOWN or plain(fact.value) != plain(what), fact
        case "contains":
            assert fact.state is State.KNOWN, fact
            assert [text for text in what if text not in written] == [], fact
        case "lacks":
            assert [text for text in what if text in written] == [], fact
        case _:
            pytest.fail(f"unknown expectation {kind}")


@pytest.mark.skipif(not SAMPLES, reason="shared is absent")
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_opens_every_sample(sample: Path) -> None:
    capture = open_capture(sample)
    assert capture.answers
    assert capture.source == ("bugreport" if (sample / "bugreport.zip").is_file() else "capture")


@pytest.mark.skipif(not SAMPLES, reason="shared is absent")
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_concludes_nothing_else_from_a_part(
    sample: Path, part: float, facts_of: Callable[[Path], dict[str, Fact]]
) -> None:
    capture, whole = open_capture(sample), facts_of(sample)
    answers = {key: Answer(it.data[: int(len(it.data) * part)], Outcome.CUT) for key, it in capture.answers.items()}
    facts = read_facts(replace(capture, answers=Answers(answers)), INDICATORS)
    concluded = {name: (fact.state, fact.value) for name, fact in facts.items() if fact.state is not State.UNKNOWN}
    assert concluded == {name: (whole[name].state, whole[name].value) for name in concluded}


IDENTITY = {
    "android": ("device.android_version", "[ro.build.version.release]: [{}]"),
    "maker": ("device.manufacturer", "[ro.product.manufacturer]: [{}]"),
}


@pytest.mark.skipif(not SAMPLES, reason="shared is absent")
@pytest.mark.parametrize("key", IDENTITY)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_names_the_phone(sample: Path, key: str, facts_of: Callable[[Path], dict[str, Fact]]) -> None:
    name, line = IDENTITY[key]
    expected = EXPECTED[sample.name].get(key)
    fact = facts_of(sample).get(name)
    if expected is None or fact is None:
        return  # not provable, or nobody answers it yet, which the count below tells
    if fact.state is State.KNOWN:
        assert fact.value.casefold() == expected.casefold()
    else:  # some samples know it from their SOURCE.md only
        properties = open_capture(sample).answer("getprop")
        assert properties is None or line.format(expected) not in properties.text


@pytest.mark.skipif(not SAMPLES, reason="shared is absent")
def test_says_which_facts_no_probe_answers(record_property: Callable[[str, object], None]) -> None:
    expected = [name for sample in EXPECTED.values() for _, name, _ in expectations(sample)]
    expected += [IDENTITY[key][0] for sample in EXPECTED.values() for key in IDENTITY if sample.get(key)]
    missing = {name for name in expected if name not in ANSWERED}
    compared = sum(name in ANSWERED for name in expected)
    record_property("summary", f"corpus: {compared} of {len(expected)} expectations compared in {len(SAMPLES)} samples")
    for (sample, kind, name), why in FAULTS.items():
        record_property("summary", f"corpus: {sample} is wrong that {name} {kind}: {why}")
    for name in sorted(missing):
        record_property("summary", f"corpus: no probe answers {name}, {expected.count(name)} expectations not compared")
    assert missing == UNCOVERED, "take what a probe answers now out of UNCOVERED"
