"""What a file is, is decided by what stands in it; what cannot be read is said in one sentence."""

import gzip
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from agent.capture import Answer, Capture, archive
from agent.capture.sources import open_capture
from agent.messages import PostureError
from tests.capture.conftest import BUGREPORT, zipped

AT = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
WIFI = Capture("bugreport", AT, {"dumpsys wifi": Answer(b"Wi-Fi is enabled\n")})


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "text": lambda text: text,
    "gzip": gzip.compress,
    "zip of Android 7 and later": lambda text: zipped({"main_entry.txt": b"b.txt\n", "b.txt": text}),
    "zip without main entry": lambda text: zipped({"bugreport-2026.txt": text}),
    "zip whose main entry is lost": lambda text: zipped({"main_entry.txt": b"a", "a.txt": b"x", "b.txt": text}),
    "Samsung's dumpState": lambda text: zipped({"log/dumpState_X.log": text, "log/a.txt": b"x"}),
    "UTF-16": lambda text: text.decode().encode("utf-16"),
}


@pytest.mark.parametrize("form", PACKED)
@pytest.mark.parametrize("name", ["bugreport.zip", "bugreport.txt", "a phone"])
def test_opens_every_form_of_a_bugreport_whatever_its_name(tmp_path: Path, form: str, name: str) -> None:
    (tmp_path / name).write_bytes(PACKED[form](BUGREPORT))
    assert open_capture(tmp_path / name) == WIFI


def test_opens_a_zipped_folder_of_dumps(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(zipped({"phone/dumpsys-wifi.txt": b"on\n", "phone/getprop.txt": b"[a]: [b]\n"}))
    assert open_capture(tmp_path / "x.zip").answers == {
        "dumpsys wifi": Answer(b"on\n"),
        "getprop": Answer(b"[a]: [b]\n"),
    }


def test_a_zip_of_several_phones_is_none_of_them(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(zipped({"a/getprop.txt": b"[a]: [b]", "b/dumpsys-wifi.txt": b"on"}))
    with pytest.raises(PostureError, match="the dumps of several phones; unpack it and give one folder at a time"):
        open_capture(tmp_path / "x.zip")


def test_an_old_report_among_androidqfs_logs_is_not_the_phone_today(tmp_path: Path) -> None:
    files = {"id/packages.json": b"[]", "id/logs/dumpState.log": BUGREPORT, "id/logs/getprop.txt": b"[a]: [old]"}
    (tmp_path / "x.zip").write_bytes(zipped(files))
    assert open_capture(tmp_path / "x.zip").answers == {"androidqf packages.json": Answer(b"[]")}


def test_opens_a_saved_capture_by_any_name(tmp_path: Path) -> None:
    archive.save(WIFI, tmp_path / "saved")
    assert open_capture(tmp_path / "saved") == WIFI


SENTENCES = [
    (b"", "the file is empty"),
    (b"\n\n", "the file is empty"),
    (b"hello", "this is no capture; what can be read is a capture of `posture capture`, an Android bugreport"),
    (b"\x7fELF\x00\xff", "this is no capture"),
    (b"age-encryption.org/v1\n-> X25519 x\n", "the file is encrypted; decrypt it with age first"),
    (b"PK\x03\x04 and no more", "the file is damaged or was not copied whole"),
    (b"\x1f\x8b and no more", "the file is damaged or was not copied whole"),
    (gzip.compress(b"hello"), "no bugreport"),
    (zipped({}), "no file in this ZIP is a dump"),
    (zipped({"holiday.jpg": b"x"}), "no file in this ZIP is a dump"),
    (zipped({"manifest.json": b"{}"}), "its manifest.json is not one of `posture capture`"),
]


@pytest.mark.parametrize(("data", "sentence"), SENTENCES, ids=[sentence[:30] for _, sentence in SENTENCES])
def test_says_what_is_wrong_and_where(tmp_path: Path, data: bytes, sentence: str) -> None:
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(PostureError) as error:
        open_capture(tmp_path / "x")
    assert str(error.value).startswith(f"{tmp_path / 'x'}: ")
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)
    assert error.value.permanent


def test_says_that_there_is_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(PostureError, match="there is no such file or folder"):
        open_capture(tmp_path / "gone.zip")


def test_says_that_this_user_may_not_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "x").write_bytes(b"x")
    monkeypatch.setattr(Path, "open", denied)  # root, who runs some of these tests, may read everything
    with pytest.raises(PostureError, match="this user may not read it"):
        open_capture(tmp_path / "x")


@pytest.mark.parametrize(
    ("places", "bits", "says"),
    [
        ((6, 8), 1, "the file is encrypted; unpack it with its password first"),
        ((8, 10), 97, "it is packed as few programs do; unpack it and name the folder"),  # WavPack
    ],
    ids=["encrypted", "unknown compression"],
)
def test_says_how_a_zip_is_packed(
    tmp_path: Path, bugreport_zip: bytes, places: tuple[int, int], bits: int, says: str
) -> None:
    data = bytearray(bugreport_zip)
    for signature, place in zip((b"PK\x03\x04", b"PK\x01\x02"), places, strict=True):
        at = data.find(signature)
        while at >= 0:
            data[at + place] |= bits
            at = data.find(signature, at + 1)
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(PostureError, match=says):
        open_capture(tmp_path / "x.zip")


def test_a_zip_bomb_is_no_capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "TOTAL_LIMIT_BYTES", 1000)
    (tmp_path / "x.zip").write_bytes(zipped({"dumpsys-a.txt": bytes(600), "dumpsys-b.txt": bytes(600)}))
    with pytest.raises(PostureError, match="unpacked it would be larger than any capture"):
        open_capture(tmp_path / "x.zip")


def test_a_zip_of_very_many_files_is_no_capture(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(zipped({f"{n}": b"" for n in range(10_001)}))
    with pytest.raises(PostureError, match="more files than any capture"):
        open_capture(tmp_path / "x.zip")


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
def test_a_bugreport_that_was_not_copied_whole_is_damaged(tmp_path: Path, bugreport_zip: bytes, part: float) -> None:
    (tmp_path / "x.zip").write_bytes(bugreport_zip[: int(len(bugreport_zip) * part)])
    with pytest.raises(PostureError, match="damaged or was not copied whole"):
        open_capture(tmp_path / "x.zip")


FORMS = {
    "bugreport": PACKED["zip of Android 7 and later"](BUGREPORT),
    "text": BUGREPORT,
    "gzip": gzip.compress(BUGREPORT),
    "dumps": zipped({"getprop.txt": b"[a]: [b]\n", "dumpsys-wifi.txt": b"on\n" * 30}),
    "androidqf": zipped({"packages.json": b"[]", "dumpsys.txt": BUGREPORT, "acquisition.json": b"{}"}),
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(form=st.sampled_from(sorted(FORMS)), at=st.integers(0, 2000), byte=st.sampled_from([0, 1, 128, 255]))
@example(form="dumps", at=FORMS["dumps"].rindex(b"PK\x01\x02") + 46, byte=255)
@example(form="dumps", at=FORMS["dumps"].rindex(b"PK\x01\x02") + 14, byte=0)
def test_one_wrong_byte_gives_a_capture_or_a_sentence(tmp_path: Path, form: str, at: int, byte: int) -> None:
    data = bytearray(FORMS[form])
    data[at % len(data)] = byte
    (tmp_path / "x").write_bytes(data)
    with suppress(PostureError):  # anything else would be a traceback
        open_capture(tmp_path / "x")


def test_a_zip_without_dates_is_as_old_as_its_file(tmp_path: Path) -> None:
    data = bytearray(FORMS["dumps"])
    for signature, date in ((b"PK\x03\x04", 10), (b"PK\x01\x02", 12)):
        at = data.find(signature)
        while at >= 0:
            data[at + date : at + date + 4] = bytes(4)
            at = data.find(signature, at + 1)
    (tmp_path / "x.zip").write_bytes(data)
    os.utime(tmp_path / "x.zip", (4e9, 4e9))
    assert open_capture(tmp_path / "x.zip").captured_at == datetime.fromtimestamp(4e9, UTC)
