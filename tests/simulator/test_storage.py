"""The phone's files: backups that WhatsApp's own tools recognise, in all the states that they can be in."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from wa_crypt_tools.proto.backup_prefix_pb2 import BackupPrefix

from agent.simulator import Scenario
from agent.simulator.moments import Clock
from agent.simulator.storage import build

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
CLOCK = Clock(NOW, ZoneInfo("America/Bogota"))


def lay_out(root: Path, **changes: object) -> Path:
    build(root, Scenario.model_validate(changes), CLOCK)
    return root


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(("kind", "field", "iv_bytes"), [("crypt14", "c14_cipher", 16), ("crypt15", "c15_iv", 16)])
def test_a_backup_has_a_true_header(tmp_path: Path, kind: str, field: str, iv_bytes: int) -> None:
    entry = {"path": "sdcard/msgstore.db", "kind": kind, "size": "48 MB", "at": "last 02:00"}
    backup = lay_out(tmp_path, files=[entry]) / "sdcard" / "msgstore.db"
    data = backup.read_bytes()[:512]
    assert data[1] == 1
    prefix = BackupPrefix.FromString(data[2 : 2 + data[0]])
    assert [name for name in ("c14_cipher", "c15_iv") if prefix.HasField(name)] == [field]
    assert len(getattr(prefix, field).IV) == iv_bytes
    assert backup.stat().st_size == 48_000_000
    assert backup.stat().st_blocks * 512 < 1_000_000
    assert backup.stat().st_mtime == datetime(2026, 3, 10, 7, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(("size", "left"), [(0, 0), (20, 20), ("1 KiB", 1024)])
def test_a_backup_can_be_cut_short(tmp_path: Path, size: object, left: int) -> None:
    root = lay_out(tmp_path, files=[{"path": "sdcard/a", "kind": "crypt15", "size": size, "at": "now+3d"}])
    assert (root / "sdcard" / "a").stat().st_size == left
    assert (root / "sdcard" / "a").stat().st_mtime == (NOW + timedelta(days=3)).timestamp()


def test_every_place_and_many_files(tmp_path: Path) -> None:
    root = lay_out(
        tmp_path,
        users=[{"id": 0, "name": "O"}, {"id": 10, "name": "W"}, {"id": 11, "name": "Off", "running": False}],
        files=[
            {"path": "sdcard/DCIM/IMG{n}.jpg", "kind": "jpeg", "count": 3},
            {"path": "storage/emulated/10/b", "kind": "text", "text": "ten"},
            {"path": "storage/1A2B-3C4D/c"},
            {"path": "data/local", "kind": "folder", "at": "now-90d"},
            {"path": "root/data/data/x/y.db"},
        ],
    )
    assert names(root / "storage" / "emulated" / "0" / "DCIM") == ["IMG1.jpg", "IMG2.jpg", "IMG3.jpg"]
    assert names(root / "storage" / "emulated") == ["0", "10"]
    assert (root / "storage" / "emulated" / "10" / "b").read_text() == "ten"
    assert (root / "storage" / "1A2B-3C4D" / "c").stat().st_size == 1024
    assert (root / "data" / "local").stat().st_mtime == (NOW - timedelta(days=90)).timestamp()
    assert (root / "root-data" / "data" / "x" / "y.db").is_file()


def test_storage_is_empty_before_the_first_unlock(tmp_path: Path) -> None:
    root = lay_out(tmp_path, locked_since_boot=True, files=[{"path": "sdcard/a"}, {"path": "data/local/b"}])
    assert names(root / "sdcard") == []
    assert (root / "data" / "local" / "b").is_file()
