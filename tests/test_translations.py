"""Spanish and English are both first class: every sentence of the agent exists in both, with the same gaps."""

import string
from pathlib import Path

import click
import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent
SPANISH = ROOT / "agent" / "locale" / "es" / "LC_MESSAGES" / "posture.po"


def gaps(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def forms(sentence: str | tuple[str, ...]) -> tuple[str, ...]:
    return (sentence,) if isinstance(sentence, str) else tuple(sentence)


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


def test_the_words_of_click_are_spanish_too() -> None:
    """Click's "Usage:", "Error:" and so on; a new version of click may bring new ones, which `make messages` finds."""
    with SPANISH.with_name("click.po").open("rb") as stream:
        catalogue = read_po(stream, locale="es")
    said = {forms(sentence) for _, _, sentence, _, _ in extract_from_dir(str(Path(click.__file__).parent))}
    entries = {forms(entry.id): forms(entry.string) for entry in catalogue if entry.id}
    assert set(entries) == said
    for english, spanish in entries.items():
        assert all(spanish)
        assert set().union(*map(gaps, spanish)) == set().union(*map(gaps, english))
