"""The policies that come with the agent: their own cases, their texts, and the guideline they quote."""

import os
import re
from pathlib import Path

import pytest

from agent.messages import LANGUAGES, Language
from agent.policy import Policy, cases, load
from agent.policy.guideline_page import page
from agent.policy.loading import shipped

SHARED = Path(os.environ.get("POSTURE_SHARED") or Path(__file__).parents[3] / "shared")
DOCS = Path(__file__).parents[2] / "docs"
PATHS = [shipped() / "cm-g-03", shipped() / "baseline", shipped() / "examples" / "overlay.yaml"]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_case_holds_and_every_branch_and_status_has_one(path: Path) -> None:
    found = list(cases.run(load(path)))
    assert [each for each in found if isinstance(each, cases.Unreached)] == []
    assert [each for each in found if isinstance(each, cases.Outcome) and not each.passed] == []


def test_a_case_that_does_not_hold_and_a_branch_without_one_are_named(tmp_path: Path) -> None:
    text = (shipped() / "baseline" / "policy.yaml").read_text()
    text = text.replace("screen_lock.timeout_seconds: 1800", "screen_lock.timeout_seconds: 18")
    path = tmp_path / "policy.yaml"
    path.write_text(text)
    line = text[: text.index("- name: a code, half an hour")].count("\n") + 1
    branch = text[: text.index("- {fact: screen_lock.timeout_seconds")].count("\n") + 1
    mine = [each for each in cases.run(load(path)) if each.rule == "baseline-lock"]
    assert [each for each in mine if isinstance(each, cases.Outcome) and not each.passed] == [
        cases.Outcome("baseline-lock", "a code, half an hour", f"{path}:{line}:13", "fail", "pass")
    ]
    assert [(each.place, str(each.what)) for each in mine if isinstance(each, cases.Unreached)] == [
        (f"{path}:{branch}:15", "no case makes this false")
    ]


def test_every_clause_has_rules_of_the_guidelines_own_strength(policy: Policy) -> None:
    strengths = {rule.clause: set() for rule in policy.rules}
    for rule in policy.rules:
        strengths[rule.clause].add(rule.strength)
    assert set(strengths) == {*"12345678", "preamble"}
    for clause in "1345":
        assert strengths[clause] == {"required"}
    for clause in ("6", "7", "8", "preamble"):
        assert strengths[clause] == {"recommended"}


def test_texts_stand_in_both_languages_and_differ(policy: Policy) -> None:
    for rule in policy.rules:
        for texts in (rule.title, rule.why, rule.fix, *rule.fix.makers.values()):
            assert texts.es != texts.en, rule.id
            for language in LANGUAGES:
                assert "!" not in texts[language]


def test_each_clause_holds_the_guidelines_own_text_and_says_what_cannot_be_proved(policy: Policy) -> None:
    source = SHARED / "guideline" / "CM-G-03-v2.txt"
    if not source.is_file():
        pytest.skip("shared is absent")
    # The source is a paged document: a page's head stands in the middle of a paragraph.
    paged = re.sub(r"\n\n\t<b>.*?CM-G-03\n\n", " ", source.read_text(), flags=re.DOTALL)
    text = re.sub(r"\s+", " ", paged)
    for clause in policy.clauses:
        assert clause.text, clause.id
        assert re.sub(r"\s+", " ", clause.text) in text, clause.id
        assert clause.cannot, clause.id
        for rule in policy.rules:
            if rule.clause == clause.id:
                for part in rule.quote.split(" […] "):
                    assert part in clause.text, rule.id
    numbered = re.findall(r"\s[1-9]\. [A-Z][a-z]", paged.split("Lineamientos**", 1)[1])
    assert len(numbered) == len(policy.clauses) - 1


@pytest.mark.parametrize(("language", "name"), [("en", "guideline.md"), ("es", "guideline.es.md")])
def test_the_page_of_the_guideline_is_current(policy: Policy, language: Language, name: str) -> None:
    assert (DOCS / name).read_text() == page(policy, language), "python docs/generate.py"
    assert page(policy, language).count("\n| `") == len(policy.rules)


def test_digest_is_of_every_file(tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    for each in (shipped() / "cm-g-03").glob("*.yaml"):
        (folder / each.name).write_bytes(each.read_bytes())
    same = load(folder).sha256
    assert same == load().sha256
    with (folder / "clause-8.yaml").open("a") as stream:
        stream.write("# a word more\n")
    assert load(folder).sha256 != same
