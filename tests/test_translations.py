"""Spanish and English are both first class: every sentence of the agent exists in both, with the same gaps."""

import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent
SPANISH = ROOT / "agent" / "locale" / "es" / "LC_MESSAGES" / "posture.po"


def gaps(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with SPANISH.open("rb") as stream:
        return read_po(stream, locale="es")


@pytest.fixture(scope="module")
def sentences() -> dict[str, str]:
    found = extract_from_dir(str(ROOT / "agent"), keywords={"Message": None, "t": None})
    return {sentence: f"{name}:{line}" for name, line, sentence, _, _ in found if isinstance(sentence, str)}


def test_every_sentence_has_its_spanish(catalogue: Catalog, sentences: dict[str, str]) -> None:
    missing = [
        f"{where}: {sentence}"
        for sentence, where in sentences.items()
        if not (entry := catalogue.get(sentence)) or not entry.string or entry.fuzzy
    ]
    assert missing == []


def test_both_languages_have_the_same_gaps(catalogue: Catalog, sentences: dict[str, str]) -> None:
    differ = [
        sentence
        for sentence in sentences
        if (entry := catalogue.get(sentence)) and gaps(sentence) != gaps(str(entry.string))
    ]
    assert differ == []


def test_no_sentence_is_kept_that_nobody_says(catalogue: Catalog, sentences: dict[str, str]) -> None:
    assert [entry.id for entry in catalogue if entry.id and entry.id not in sentences] == []
