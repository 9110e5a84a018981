"""A file is written whole or not at all."""

import threading
from pathlib import Path

import pytest

from agent.whole_file import write_secret_once, write_whole


def test_what_was_there_is_replaced_and_nothing_else_lies_about(tmp_path: Path) -> None:
    file = tmp_path / "file.json"
    write_whole(file, "niño\n")
    write_whole(file, b"\x00\r\n")
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"file.json": b"\x00\r\n"}


def test_where_it_cannot_be_put_what_was_there_stays(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "inside").touch()
    with pytest.raises(OSError, match="taken"):
        write_whole(tmp_path / "taken", "new")
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "absent" / "file", "new")
    assert [each.name for each in tmp_path.rglob("*")] == ["taken", "inside"]


def test_two_that_write_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    file, texts = tmp_path / "file", [letter * 100_000 for letter in "abcd"]
    threads = [threading.Thread(target=write_whole, args=(file, text)) for text in texts for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert file.read_text() in texts
    assert list(tmp_path.iterdir()) == [file]


def test_a_secret_is_its_owners_and_the_first_of_two_stays(tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    write_secret_once(file, "first")
    write_secret_once(file, "second")
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("first", 0o600)
    assert list(tmp_path.iterdir()) == [file]
