"""Every sentence of the pages is there in Spanish, with the same gaps, and none is kept that nobody says."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from django.conf import settings

from tests.collector.catalogue import sentences


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with (Path(settings.LOCALE_PATHS[0]) / "es" / "LC_MESSAGES" / "django.po").open("rb") as stream:
        return read_po(stream, locale="es")


def _plural(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def test_nothing_is_missing(catalogue: Catalog) -> None:
    missing = [
        sentence
        for sentence in sentences()
        if not (entry := catalogue.get(_plural(sentence)[0])) or not all(_plural(entry.string)) or entry.fuzzy
    ]
    assert missing == []


def test_nothing_is_left_over(catalogue: Catalog) -> None:
    said = {_plural(sentence)[0] for sentence in sentences()}
    assert [entry.id for entry in catalogue if entry.id and _plural(entry.id)[0] not in said] == []


def test_the_gaps_are_the_same(catalogue: Catalog) -> None:
    def gaps(text: str) -> set[str]:
        return set(re.findall(r"%\(\w+\)s", text))

    assert [
        e.id
        for e in catalogue
        if e.id and {frozenset(gaps(t)) for t in _plural(e.string)} != {frozenset(gaps(_plural(e.id)[0]))}
    ] == []
