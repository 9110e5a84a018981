"""Saved captures come back as they were, or not at all."""

import io
import json
import os
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.capture import Answer, Capture, Outcome, archive
from agent.capture.sources import open_capture
from agent.messages import Message, PostureError

AT = datetime(2026, 5, 4, 15, 30, 5, 123456, UTC)
CAPTURE = Capture(
    "capture",
    AT,
    {
        "dumpsys wifi": Answer(b"Wi-Fi is enabled\r\n\xff\x00", Outcome.TRUNCATED, 0, 12),
        "settings list global": Answer(b"", Outcome.TIMED_OUT),
        "dumpsys netstats --full": Answer(b"a"),
        "dumpsys netstats full": Answer(b"b"),
        "dumpsys WIFI": Answer(b"c", Outcome.CUT, 255, 3),
    },
    "R58N12ABCDE",
    Message("the phone went away: {why}", {"why": Message("{count} bytes", {"count": 3})}),
    1234,
)

ANSWERS = st.builds(
    Answer,
    st.binary(max_size=200),
    st.sampled_from(Outcome),
    st.none() | st.integers(-1, 255),
    st.none() | st.integers(0, 10**6),
)
MESSAGES = st.builds(
    Message,
    st.sampled_from(["the phone went away", "{why}", "{why} and {count}, {{so}}"]),
    st.fixed_dictionaries({"why": st.text(), "count": st.integers(-(2**63), 2**63 - 1)}),
)
# Keys are typed by people: no lone surrogates, which no file of names could hold.
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
CAPTURES = st.builds(
    Capture,
    st.sampled_from(["capture", "bugreport"]),
    st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.dictionaries(TEXT, ANSWERS, max_size=5),
    st.none() | TEXT,
    st.none() | MESSAGES,
    st.integers(0, 10**6),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(capture=CAPTURES)
def test_a_loaded_capture_equals_the_saved_one(tmp_path_factory: pytest.TempPathFactory, capture: Capture) -> None:
    path = tmp_path_factory.mktemp("saved") / "phone.zip"
    archive.save(capture, path)
    assert archive.load(path) == capture
    assert [entry.name for entry in path.parent.iterdir()] == ["phone.zip"]


def test_a_live_capture_comes_back_as_a_saved_one(tmp_path: Path) -> None:
    archive.save(Capture("live", AT, {"getprop": Answer(b"x")}), tmp_path / "x.zip")
    assert archive.load(tmp_path / "x.zip") == Capture("capture", AT, {"getprop": Answer(b"x")})


def test_unzipped_it_is_a_folder_with_the_same_answers(tmp_path: Path) -> None:
    archive.save(CAPTURE, tmp_path / "x.zip")
    with zipfile.ZipFile(tmp_path / "x.zip") as file:
        file.extractall(tmp_path / "x")
        assert file.namelist() == [
            "manifest.json",
            "dumpsys-wifi.txt",
            "settings-global.txt",
            "dumpsys-netstats-full.txt",
            "dumpsys-netstats-full~2.txt",
            "dumpsys-WIFI~2.txt",
        ]
    assert open_capture(tmp_path / "x") == CAPTURE


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    archive.save(CAPTURE, tmp_path / "x.zip")
    assert (tmp_path / "x.zip").stat().st_mode & 0o077 == 0


def test_a_file_that_exists_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"mine")
    with pytest.raises(PostureError, match="there is such a file already"):
        archive.save(CAPTURE, tmp_path / "x.zip")
    assert (tmp_path / "x.zip").read_bytes() == b"mine"


def test_a_file_system_without_links_gets_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(path: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    archive.save(CAPTURE, tmp_path / "x.zip")
    assert archive.load(tmp_path / "x.zip") == CAPTURE
    assert (tmp_path / "x.zip").stat().st_mode & 0o077 == 0
    with pytest.raises(PostureError, match="there is such a file already"):
        archive.save(CAPTURE, tmp_path / "x.zip")
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.zip"]


@pytest.mark.parametrize("fails_at", [1, 2])
def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int) -> None:
    left = iter(range(fails_at - 1, -1, -1))

    def full(descriptor: int) -> None:
        if next(left) == 0:
            raise OSError(28, "No space left on device")

    def no_links(path: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fsync", full)
    monkeypatch.setattr(Path, "hardlink_to", no_links)
    with pytest.raises(PostureError, match=r"x.zip: cannot be written \(No space left on device\)"):
        archive.save(CAPTURE, tmp_path / "x.zip")
    assert list(tmp_path.iterdir()) == []


def test_says_where_it_cannot_write(tmp_path: Path) -> None:
    with pytest.raises(PostureError, match="cannot be written"):
        archive.save(CAPTURE, tmp_path / "gone" / "x.zip")


def test_a_capture_in_another_zone_is_the_same_instant(tmp_path: Path) -> None:
    local = AT.astimezone(tz=None) + timedelta(0)
    archive.save(Capture("capture", local, {}), tmp_path / "x.zip")
    assert archive.load(tmp_path / "x.zip").captured_at == AT


def edited(tmp_path: Path, change: dict[str, bytes | None]) -> Path:
    """The saved capture with some files replaced, or taken out."""
    archive.save(CAPTURE, tmp_path / "whole.zip")
    stream = io.BytesIO()
    with zipfile.ZipFile(tmp_path / "whole.zip") as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            data = change.get(name, old.read(name))
            if data is not None:
                new.writestr(name, data)
    (tmp_path / "x.zip").write_bytes(stream.getvalue())
    return tmp_path / "x.zip"


@pytest.mark.parametrize("data", [None, b"", b"c", b"bb"])
def test_refuses_an_answer_that_was_changed(tmp_path: Path, data: bytes | None) -> None:
    path = edited(tmp_path, {"dumpsys-netstats-full~2.txt": data})
    with pytest.raises(PostureError, match=r"dumpsys-netstats-full~2.txt in it is not as it was saved"):
        open_capture(path)


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b"[" * 5000,
        json.dumps({"schema": "posture-capture/2"}).encode(),
    ],
)
def test_refuses_a_manifest_that_is_none(tmp_path: Path, manifest: bytes) -> None:
    with pytest.raises(PostureError, match="is not one of `posture capture`"):
        open_capture(edited(tmp_path, {"manifest.json": manifest}))


def changed(tmp_path: Path, **fields: object) -> Path:
    archive.save(CAPTURE, tmp_path / "first.zip")
    with zipfile.ZipFile(tmp_path / "first.zip") as file:
        manifest = json.loads(file.read("manifest.json"))
    return edited(tmp_path, {"manifest.json": json.dumps({**manifest, **fields}).encode()})


@pytest.mark.parametrize("name", ["../x.txt", "/etc/passwd", "a/b.txt", "", "manifest.json"])
def test_refuses_names_that_lead_elsewhere(tmp_path: Path, name: str) -> None:
    answer = {
        "key": "x",
        "file": name,
        "outcome": "complete",
        "exit_code": 0,
        "duration_ms": 0,
        "size": 0,
        "sha256": "",
    }
    with pytest.raises(PostureError, match="is not one of `posture capture`"):
        open_capture(changed(tmp_path, answers=[answer]))


@pytest.mark.parametrize("sentence", ["{why.__class__}", "{why!r}", "{why:>9999999999}", "{}", "{", "{gone}"])
def test_a_strangers_sentence_is_never_a_format(tmp_path: Path, sentence: str) -> None:
    path = changed(tmp_path, broken={"sentence": sentence, "values": {"why": "x"}})
    assert open_capture(path).broken == Message("the look ended early")


@pytest.mark.parametrize("part", [0.2, 0.6, 0.95])
def test_refuses_a_part_of_a_file(tmp_path: Path, part: float) -> None:
    archive.save(CAPTURE, tmp_path / "whole.zip")
    whole = (tmp_path / "whole.zip").read_bytes()
    (tmp_path / "x.zip").write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(PostureError, match="damaged or was not copied whole"):
        open_capture(tmp_path / "x.zip")
