"""Settings from the environment: what is read, what is made once, what is refused with one sentence."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from server_stub.environment import Environment
from server_stub.openid.configuration import OpenId


def test_defaults(tmp_path: Path) -> None:
    found = Environment.read({"POSTURE_DATA": str(tmp_path)})
    assert (found.data, found.allowed_hosts, found.behind_tls, found.late_after) == (
        tmp_path,
        ("*",),
        False,
        timedelta(hours=26),
    )
    assert found.database["NAME"] == str(tmp_path / "collector.sqlite3")


def test_on_sqlite_a_commit_is_on_the_disk_and_readers_do_not_wait(tmp_path: Path) -> None:
    """An agent deletes a report once it was answered: with less than FULL a power cut would lose it."""
    database = Environment.read({"POSTURE_DATA": str(tmp_path)}).database
    with closing(sqlite3.connect(database["NAME"])) as connection:
        connection.executescript(database["OPTIONS"]["init_command"])
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
    full = 2
    assert (mode, synchronous) == ("wal", full)


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
    assert found.prepares
    behind_a_pooler = Environment.read({"POSTURE_DATABASE_URL": "postgresql://u@h/posture?prepare=off"})
    assert (behind_a_pooler.database["OPTIONS"], behind_a_pooler.prepares) == ({"server_side_binding": True}, False)


def test_sqlite_by_url() -> None:
    assert Environment.read({"POSTURE_DATABASE_URL": "sqlite:///srv/x.sqlite3"}).database["NAME"] == "/srv/x.sqlite3"


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"POSTURE_DATABASE_URL": "mysql://x/y"}, "postgresql://"),
        ({"POSTURE_LATE_AFTER_HOURS": "a day"}, "whole hours"),
        ({"POSTURE_LATE_AFTER_HOURS": "0"}, "whole hours"),
        ({"POSTURE_SECOND_FACTOR_FOR": "operator, boss"}, "names “boss”"),
        ({"POSTURE_OPENID": "/nowhere/openid.toml"}, "/nowhere/openid.toml: No such file"),
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


OPENID = {
    "issuer": "https://id.example.org/realms/press",
    "client_id": "posture",
    "client_secret_file": "secret",
    "roles": {"Mobile security": "operator"},
}


def openid(folder: Path, secret: str = "s3cret\n", **changes: object) -> OpenId | None:
    described = {name: value for name, value in (OPENID | changes).items() if value is not None}
    roles = described.pop("roles", None)
    lines = [f"{name} = {json.dumps(value)}" for name, value in described.items()]
    if isinstance(roles, dict):
        lines += ["[roles]", *(f"{json.dumps(group)} = {json.dumps(role)}" for group, role in roles.items())]
    (folder / "openid.toml").write_text("\n".join(lines))
    (folder / "secret").write_text(secret)
    return Environment.read({"POSTURE_OPENID": str(folder / "openid.toml")}).openid


def test_an_openid_connect_provider_is_described_by_a_file(tmp_path: Path) -> None:
    issuer, roles = "https://id.example.org/realms/press", {"Mobile security": "operator"}
    assert openid(tmp_path) == OpenId(
        issuer, "posture", "s3cret", "id.example.org", "groups", roles, link_by_email=False
    )
    assert openid(tmp_path, name="Press", claim="roles", link_by_email=True) == OpenId(
        issuer, "posture", "s3cret", "Press", "roles", roles, link_by_email=True
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"issuer": None}, "lacks issuer"),
        ({"roles": {}}, "lacks roles"),
        ({"issuer": "http://id.example.org"}, "https://"),
        ({"roles": {"Mobile security": "boss"}}, "the role of “Mobile security” is “boss”"),
        ({"client_secret": "in the clear"}, "knows no “client_secret”"),
        ({"client_id": 7}, "client_id should be a text"),
        ({"link_by_email": "no"}, "link_by_email should be true or false"),
        ({"client_secret_file": "elsewhere"}, "No such file"),
        ({"secret": " \n"}, "secret is empty"),
    ],
)
def test_a_wrong_description_of_a_provider_is_refused(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        openid(tmp_path, **changes)
