import base64
import hashlib
import platform
import re
import stat
import threading
from pathlib import Path

import pytest

from agent.transport import TransportError
from agent.transport.keys import WorkstationKey, workstation_key


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_one_key_for_its_owner_alone(tmp_path: Path) -> None:
    data = tmp_path / "not" / "there" / "yet"
    public = workstation_key(data).GetPublicKey()
    assert workstation_key(data).GetPublicKey() == public
    assert {path.name: mode(path) for path in (data / "adb-key").iterdir()} == {"adbkey": 0o600, "adbkey.pub": 0o600}
    assert mode(data / "adb-key") == 0o700
    assert [path.name for path in data.iterdir()] == ["adb-key"]


def test_two_that_start_at_once_get_the_same_key(tmp_path: Path) -> None:
    keys: list[bytes] = []
    threads = [threading.Thread(target=lambda: keys.append(workstation_key(tmp_path).GetPublicKey())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert keys == [keys[0]] * 4
    assert [path.name for path in tmp_path.iterdir()] == ["adb-key"]


def test_a_key_that_cannot_be_read_or_made_says_where_it_is(tmp_path: Path) -> None:
    workstation_key(tmp_path)
    (tmp_path / "adb-key" / "adbkey").write_text("not a key")
    with pytest.raises(TransportError, match="adb-key") as caught:
        workstation_key(tmp_path)
    assert caught.value.permanent
    (tmp_path / "file").write_text("")
    with pytest.raises(TransportError, match="cannot be used"):
        workstation_key(tmp_path / "file")


def test_a_new_key_takes_the_place_of_the_old(tmp_path: Path) -> None:
    key = WorkstationKey(tmp_path)
    assert not key.exists
    key.rotate()
    first = key.open().GetPublicKey()
    digest = hashlib.md5(base64.b64decode(key.file.with_suffix(".pub").read_bytes().split()[0])).digest()
    assert key.fingerprint == ":".join(f"{byte:02X}" for byte in digest)
    assert key.name == f"posture@{re.sub(r'[^A-Za-z0-9._-]+', '-', platform.node())[:64]}"
    key.rotate()
    assert key.open().GetPublicKey() != first
    assert [path.name for path in tmp_path.iterdir()] == ["adb-key"]
    assert mode(key.file) == 0o600


def test_a_damaged_public_half_is_said(tmp_path: Path) -> None:
    key = WorkstationKey(tmp_path)
    key.open()
    key.file.with_suffix(".pub").write_text("%% somebody@here")
    with pytest.raises(TransportError, match="cannot be used"):
        _ = key.fingerprint
    key.file.with_suffix(".pub").unlink()
    with pytest.raises(TransportError, match="cannot be used"):
        _ = key.name
