"""Every sentence of the pages is there in Spanish, with the same gaps, and none is kept that nobody says."""

import ast
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from django.conf import settings

from tests.collector.catalogue import HERE, sentences


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


def test_no_sentence_is_put_together_before_it_is_translated() -> None:
    """An f-string has no entry in any catalogue: its reader would be told in English."""
    places = {"Refusal": 2, "gettext": 0, "_": 0, "ngettext": 0}
    for path in HERE.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in places:
                found = call.args[places[call.func.id] :][:1]
                assert not any(isinstance(each, ast.JoinedStr | ast.BinOp) for each in found), (path, call.lineno)


def test_the_gaps_are_the_same(catalogue: Catalog) -> None:
    def gaps(text: str) -> set[str]:
        return set(re.findall(r"%\(\w+\)s", text))

    assert [
        e.id
        for e in catalogue
        if e.id and {frozenset(gaps(t)) for t in _plural(e.string)} != {frozenset(gaps(_plural(e.id)[0]))}
    ] == []
