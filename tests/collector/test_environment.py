"""Settings from the environment: what is read, what is made once, what is refused with one sentence."""

from datetime import timedelta
from pathlib import Path

import pytest

from server_stub.environment import Environment


def test_defaults(tmp_path: Path) -> None:
    found = Environment.read({"POSTURE_DATA": str(tmp_path)})
    assert (found.data, found.allowed_hosts, found.behind_tls, found.late_after) == (
        tmp_path,
        ("*",),
        False,
        timedelta(hours=26),
    )
    assert found.database["NAME"] == str(tmp_path / "collector.sqlite3")
    assert "journal_mode=WAL" in found.database["OPTIONS"]["init_command"]


def test_postgresql_by_url() -> None:
    found = Environment.read({"POSTURE_DATABASE_URL": "postgresql://us%40er:p%2Fw@db.example:5433/posture"})
    assert {key: found.database[key] for key in ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")} == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "posture",
        "USER": "us@er",
        "PASSWORD": "p/w",
        "HOST": "db.example",
        "PORT": "5433",
    }


def test_postgresql_by_a_socket_and_with_libpqs_own_words() -> None:
    found = Environment.read({"POSTURE_DATABASE_URL": "postgresql://u@/posture?host=%2Frun%2FPg&sslmode=require"})
    assert (found.database["HOST"], found.database["OPTIONS"]) == (
        "/run/Pg",
        {"server_side_binding": True, "sslmode": "require"},
    )


def test_sqlite_by_url() -> None:
    assert Environment.read({"POSTURE_DATABASE_URL": "sqlite:///srv/x.sqlite3"}).database["NAME"] == "/srv/x.sqlite3"


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"POSTURE_DATABASE_URL": "mysql://x/y"}, "postgresql://"),
        ({"POSTURE_LATE_AFTER_HOURS": "a day"}, "whole hours"),
        ({"POSTURE_LATE_AFTER_HOURS": "0"}, "whole hours"),
    ],
)
def test_nonsense_is_refused(variables: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Environment.read(variables)


def test_the_secret_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    found = Environment.read({"POSTURE_DATA": str(tmp_path / "new")})
    assert found.secret_key() != found.secret_key()
    found.prepare()
    key = found.secret_key()
    found.prepare()
    assert found.secret_key() == key
    assert [(path.name, oct(path.stat().st_mode)[-3:]) for path in (tmp_path / "new").iterdir()] == [
        ("collector-secret-key", "600")
    ]
