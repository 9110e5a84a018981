from pathlib import Path

import pytest

from agent.indicators import IndicatorError, IndicatorFile, Store


def file(name: str = "ioc.yaml", version: str | None = None) -> IndicatorFile:
    return IndicatorFile(
        name=name,
        version=version,
        sha256="5e" * 32,
        imported_at="2026-04-01T08:00:00Z",
        packages={"a.b": "x"},
        certificates={},
        unread=0,
    )


def test_keeps_files_by_name_and_takes_the_newer_of_one_name(tmp_path: Path) -> None:
    store = Store(tmp_path / "indicators")
    assert store.load() == ()
    for each in (file("z.stix2"), file(version="1"), file(version="2"), file("../../etc/passwd")):
        store.add(each)
    assert store.load() == (file("../../etc/passwd"), file(version="2"), file("z.stix2"))
    assert [path.suffix for path in tmp_path.rglob("*") if path.is_file()] == [".json"] * 3


def test_forgets_a_file(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add(file())
    assert (store.remove("ioc.yaml"), store.remove("ioc.yaml"), store.load()) == (True, False, ())


@pytest.mark.parametrize("damaged", ["", "{}", '{"name": 3}', "[" * 10_000])
def test_a_damaged_file_stops_the_scan_instead_of_passing_it(tmp_path: Path, damaged: str) -> None:
    store = Store(tmp_path)
    store.add(file())
    (tmp_path / "0.json").write_text(damaged)
    with pytest.raises(IndicatorError, match="is damaged; delete it"):
        store.load()


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "indicators").write_text("")
    with pytest.raises(IndicatorError, match="cannot be used"):
        Store(tmp_path / "indicators").add(file())
