"""`posture indicators`, and that an import is used by the next judgement."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BIN = Path(sys.executable).parent / "posture"
LIST = "- name: Mirón\n  type: stalkerware\n  packages: [net.miron.app]\n"
DIGEST = hashlib.sha256(LIST.encode()).hexdigest()
BARE = '{"type": "bundle", "objects": [{"type": "indicator", "pattern": "[ipv4-addr:value=\'192.0.2.1\']"}]}'


@pytest.fixture
def posture(tmp_path: Path) -> Any:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "POSTURE_LANG": "en", "POSTURE_DATA": str(tmp_path / "data")}
        return subprocess.run([BIN, *arguments], capture_output=True, text=True, check=False, env=environment)

    return run


def saved_phone(folder: Path, package: str) -> str:
    folder.mkdir()
    (folder / "pm-list-packages-3.txt").write_text(f"package:org.ejemplo.correo\npackage:{package}\n")
    return str(folder)


def spyware(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    fact: dict[str, Any] = json.loads(done.stdout)["facts"]["apps.spyware"]
    return fact


def test_what_is_imported_is_listed_and_used_until_it_is_forgotten(tmp_path: Path, posture: Any) -> None:
    (tmp_path / "ioc.yaml").write_text(LIST)
    (tmp_path / "bare.stix2").write_text(BARE)
    phone = saved_phone(tmp_path / "phone", "net.miron.app")
    assert "is imported" in spyware(posture("evaluate", "--json", phone))["reason"]

    done = posture("indicators", "import", str(tmp_path / "ioc.yaml"), str(tmp_path / "bare.stix2"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 apps, 0 certificates" in done.stdout
    assert "No scan can see anything of it" in done.stdout
    assert DIGEST in posture("indicators", "list").stdout

    found = spyware(posture("evaluate", "--json", phone))
    assert found["value"] == [{"package": "net.miron.app", "indicator": "Mirón (stalkerware)"}]
    assert [line["source"] for line in found["evidence"]] == ["pm list packages -3", "ioc.yaml"]
    assert DIGEST in found["evidence"][1]["line"]
    # a list that somebody saved proves no absence
    other = spyware(posture("evaluate", "--json", saved_phone(tmp_path / "other", "org.ejemplo.otra")))
    assert other["state"] == "unknown"

    assert posture("indicators", "remove", "ioc.yaml").returncode == 0
    assert spyware(posture("evaluate", "--json", phone))["state"] == "unknown"
    assert posture("indicators", "remove", "ioc.yaml").returncode == 2


def test_one_bad_file_costs_the_others_nothing(tmp_path: Path, posture: Any) -> None:
    (tmp_path / "ioc.yaml").write_text(LIST)
    (tmp_path / "mala.yaml").write_text("a: &x [1]\nb: *x\n")
    done = posture("indicators", "import", str(tmp_path / "mala.yaml"), str(tmp_path / "ioc.yaml"))
    assert done.returncode == 2
    assert done.stderr.startswith("posture: mala.yaml is no plain YAML")
    assert "ioc.yaml" in posture("indicators", "list").stdout


def test_nothing_imported_says_how_to_begin(posture: Any) -> None:
    assert "posture indicators import FILE" in posture("indicators", "list").stdout
