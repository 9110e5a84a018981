"""Indicator files: the forms that are read, what of them a phone can show, and files made to harm."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.indicators import IndicatorError, IndicatorFile, read_file
from agent.indicators.model import Found
from agent.indicators.reading import LIMIT_BYTES
from agent.indicators.stix import read as read_stix

NOW = datetime(2026, 4, 1, 8, 0, tzinfo=UTC)


def written(folder: Path, content: str | bytes, name: str = "lista.stix2") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def indicator(number: int, pattern: str, **more: Any) -> dict[str, Any]:
    return {"type": "indicator", "id": f"indicator--{number}", "pattern": pattern, "pattern_type": "stix", **more}


def bundle(*objects: dict[str, Any]) -> dict[str, Any]:
    return {"type": "bundle", "id": "bundle--1", "objects": list(objects)}


BUNDLE = bundle(
    {"type": "malware", "id": "malware--1", "name": "Mirón", "modified": "2025-11-02T10:00:00.5Z"},
    indicator(1, "[app:id = 'net.miron.app']", modified="2025-12-17T08:41:10.162825Z"),
    indicator(2, "[app:cert.sha256='" + "AB" * 32 + "']"),
    indicator(3, "[domain-name:value='miron.example.org']"),
    indicator(4, "[app:id='net.miron.otra'] OR [app:cert.sha1='" + ":".join(["0F"] * 20) + "']", name="Mirón 2"),
    {
        "type": "relationship",
        "id": "relationship--1",
        "relationship_type": "indicates",
        "source_ref": "indicator--1",
        "target_ref": "malware--1",
    },
)


def test_reads_a_bundle(tmp_path: Path) -> None:
    text = json.dumps(BUNDLE)
    assert read_file(written(tmp_path, text), now=NOW) == IndicatorFile(
        name="lista.stix2",
        version="2025-12-17T08:41:10Z",
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        imported_at="2026-04-01T08:00:00Z",
        packages={"net.miron.app": "Mirón", "net.miron.otra": "Mirón 2"},
        certificates={"ab" * 32: "known spyware", "0f" * 20: "Mirón 2"},
        unread=1,
    )


PRODUCTS = f"""\
- name: Mirón
  names: [Otro nombre]
  type: stalkerware
  packages:
  - net.miron.app
  - 'no es un paquete'
  certificates:
  - {"AB" * 20}
  - 1234
  websites: [miron.example.org]
  c2:
    ips: [192.0.2.7]
    domains: [a.example.org, b.example.org]

- name: Abuela
  type: watchware
  packages: [org.abuela.cuida]
- solo texto
"""


def test_reads_a_list_of_products(tmp_path: Path) -> None:
    file = read_file(written(tmp_path, PRODUCTS, "ioc.yaml"), version="2026-03", now=NOW)
    assert (file.packages, file.certificates, file.version, file.unread) == (
        {"net.miron.app": "Mirón (stalkerware)", "org.abuela.cuida": "Abuela (watchware)"},
        {"ab" * 20: "Mirón (stalkerware)"},
        "2026-03",
        7,
    )
    assert read_file(written(tmp_path, PRODUCTS, "ioc.yaml")).version is None


@pytest.mark.parametrize(
    "pattern",
    [
        "[app:id='a.b' AND app:id='c.d']",
        "[app:id='a.b'] FOLLOWEDBY [app:id='c.d']",
        "[app:id!='a.b']",
        "[app:id NOT = 'a.b']",
        "[app:id LIKE 'a.%']",
        "[app:id MATCHES 'a.b']",
        "[app:id='a.b' OR domain-name:value='x.org']",
        "[app:id='a.b'",
        "[app:id='a.b'] OR ",
        "[app:id='a\\'b']",
        "[app:id='a.b' START t'2020-01-01T00:00:00Z']",
        "[app:id='nicht gut']",
        pytest.param(" " * 300_000 + "[" + " " * 300_000 + "x", id="spaces without end"),
        "",
    ],
)
def test_a_pattern_that_says_more_is_not_read_in_part(pattern: str) -> None:
    found, _ = read_stix(bundle(indicator(1, pattern)), NOW)
    assert found == Found(unread=1)


@pytest.mark.parametrize(
    ("more", "read"),
    [
        ({"revoked": True}, False),
        ({"valid_until": "2026-01-01T00:00:00Z"}, False),
        ({"valid_until": "2026-04-01T12:00:00+05:00"}, False),
        ({"valid_until": "2027-01-01T00:00:00.000Z"}, True),
        ({"valid_until": "soon"}, True),
        ({"revoked": False}, True),
    ],
)
def test_what_is_revoked_or_expired_is_left_out(more: dict[str, Any], *, read: bool) -> None:
    found, _ = read_stix(bundle(indicator(1, "[app:id='a.b']", **more)), NOW)
    assert bool(found.packages) is read


BOMB = "- &a [x, x]\n" + "".join(f"- &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(9))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "neither a STIX 2 bundle nor a list"),
        (b"[]", "holds no indicator"),
        (b"- \n", "x"),
        (b"{", "neither JSON nor YAML"),
        (b"{}", "neither a STIX 2 bundle"),
        (b'{"type": "bundle", "objects": 3}', "neither a STIX 2 bundle"),
        (b'{"type": "bundle", "objects": []}', "holds no indicator"),
        (b"\xff\xfe\x00", "neither JSON nor YAML in UTF-8"),
        (b"name: [a", "no plain YAML"),
        (BOMB.encode(), "by an alias"),
        (b"- !!python/object/apply:os.system ['true']\n", "no plain YAML"),
        (b"[" * 100_000, "nested deeper"),
        (b"- " * 500 + b"x", "nested too deep"),
        (b"x: " + b"{a: " * 500, "no plain YAML"),
        (b"- 2026-99-99\n", "a date that is none"),
        (b"[" + b"9" * 5000 + b"]", "a number"),
        (b"<html></html>", "neither a STIX 2 bundle nor a list"),
    ],
)
def test_a_file_that_is_none_or_means_harm_is_refused(content: bytes, why: str, tmp_path: Path) -> None:
    path = written(tmp_path, content, "mala\u202e.yaml")
    if why == "x":  # a list of nothing holds one entry that is not read
        assert not read_file(path).visible
        return
    with pytest.raises(IndicatorError, match=why) as caught:
        read_file(path)
    assert str(caught.value).startswith("mala\N{REPLACEMENT CHARACTER}.yaml ")
    assert caught.value.permanent


def test_a_file_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "grande.yaml"
    with path.open("wb") as file:
        file.truncate(LIMIT_BYTES + 1)
    with pytest.raises(IndicatorError, match="larger than 32 MB"):
        read_file(path)
    with pytest.raises(IndicatorError, match="No such file"):
        read_file(tmp_path / "no.yaml")


def test_a_file_that_no_phone_can_show_is_kept_but_looked_for_is_nothing(tmp_path: Path) -> None:
    file = read_file(written(tmp_path, json.dumps(bundle(indicator(1, "[domain-name:value='x.org']")))))
    assert (file.visible, file.unread) == (False, 1)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "objects", "id", "pattern", "name", "packages", "c2"]), inner)
    ),
    max_leaves=12,
)


@given(value=JSON | st.lists(JSON, max_size=3).map(lambda objects: {"type": "bundle", "objects": objects}))
def test_any_json_is_read_or_refused(value: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = written(tmp_path_factory.mktemp("any"), json.dumps(value))
    try:
        file = read_file(path, now=NOW)
    except IndicatorError:
        return
    assert IndicatorFile.model_validate_json(file.model_dump_json()) == file


@given(pattern=st.text(alphabet="[]app:id cert.sha1='xOR ", max_size=60))
def test_any_pattern_is_read_or_counted(pattern: str) -> None:
    found, _ = read_stix(bundle(indicator(1, pattern)), NOW)
    assert found.packages or found.unread
