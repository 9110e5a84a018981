"""The tables of what each Android version proves: whole, current on their page, and never stricter than real phones."""

import os
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from agent.capture.sources import open_capture
from agent.facts import FACTS, State
from agent.probes import PROBES, read_facts
from agent.probes.facts_page import page
from agent.probes.proof import FIRST, LAST, Proof, hidden, on, partly, proved

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("POSTURE_SHARED") or ROOT.parent / "shared")
SAMPLES = sorted(path.parent for path in (SHARED / "corpus").glob("*/expected.yaml"))
VERSIONS = range(FIRST, LAST + 1)
TABLE = {name: proofs for probe in PROBES for name, proofs in probe.PROOF.items()}


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.__name__.rpartition(".")[2])
def test_every_fact_of_a_probe_says_what_each_version_proves(probe: ModuleType) -> None:
    assert sorted(probe.PROOF) == sorted(probe.FACTS)
    for name in probe.FACTS:
        for version in VERSIONS:
            proof = on(version, probe.PROOF[name])
            assert proof.why or proof.degree == "proved", name


def test_every_fact_of_the_contract_has_a_table() -> None:
    assert set(FACTS) - set(TABLE) == {"network.class"}  # the policy's conclusion


def test_the_page_of_the_facts_is_current() -> None:
    assert (ROOT / "docs" / "facts.md").read_text(encoding="utf-8") == page(), "python docs/generate.py"


def test_a_version_that_nobody_read_is_proved_in_part() -> None:
    assert on(17, [proved()]).degree == "partly"
    assert on(17, [proved(limit="x")]).why.endswith("; x")
    assert on(17, [proved(last=17)]).degree == "proved"
    assert on(17, [hidden("x")]) == Proof(8, 17, "not provable", "x")


@pytest.mark.parametrize("proofs", [[], [proved(9)], [proved(), partly("x", 8, 9)], [hidden("x", 8, 8)]])
def test_a_version_without_an_entry_or_with_two_is_a_mistake(proofs: list[Proof]) -> None:
    with pytest.raises(KeyError):
        on(8, proofs) if len(proofs) != 1 or proofs[0].last != 8 else on(9, proofs)


@pytest.mark.skipif(not SAMPLES, reason="shared is absent")
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_what_a_real_phone_proved_is_not_called_impossible(sample: Path) -> None:
    android = yaml.safe_load((sample / "expected.yaml").read_text(encoding="utf-8")).get("android")
    version = int(str(android or 0).partition(".")[0])
    facts = read_facts(open_capture(sample)).values() if version in VERSIONS else ()
    known = {fact.name for fact in facts if fact.state is State.KNOWN}
    assert {name for name in known if on(version, TABLE[name]).degree == "not provable"} == set()
