"""`posture.yaml`: what is set for a workstation, how mistakes in it are told, and who follows it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent import configuration
from agent.configuration import Configuration
from agent.data_dir import DataDir
from agent.policy import PolicyError
from agent.policy.loading import shipped

BIN = Path(sys.executable).parent / "posture"
HEAD = "schema: posture-configuration/1\n"
FULL = HEAD + "language: es # aquí\ncollector: https://posture.example.org\noverlays: [organisation.yaml]\n"


def written(folder: Path, text: str) -> DataDir:
    (folder / "posture.yaml").write_text(text)
    return DataDir(folder)


def posture(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {**os.environ, "LANG": "C.UTF-8", "LC_ALL": "", "POSTURE_LANG": "", "POSTURE_DATA": str(data)}
    return subprocess.run([BIN, *arguments], capture_output=True, text=True, check=False, env={**clean, **environment})


def test_nothing_is_set_where_there_is_no_file(tmp_path: Path) -> None:
    assert configuration.load(DataDir(tmp_path)) == Configuration()


def test_what_is_set(tmp_path: Path) -> None:
    folder = written(tmp_path, FULL)
    assert configuration.load(folder) == Configuration(
        "es", "https://posture.example.org", (tmp_path / "organisation.yaml",)
    )
    folder.remember_collector("https://other.example.org")
    assert configuration.collector(folder) == "https://posture.example.org"
    written(tmp_path, HEAD)
    assert configuration.collector(folder) == "https://other.example.org"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1:1: keys and values are needed here"),
        (HEAD + "languaje: es\n", "2:1: there is no key “languaje”; did you mean “language”?"),
        (HEAD + "language: fr\n", "2:11: one of these is needed here: 'en', 'es'"),
        (HEAD + "language: es\nlanguage: en\n", "3:1: “language” stands here twice"),
        (HEAD + "collector: posture.example.org\n",
         "2:12: “posture.example.org” is no collector's address; it should look like https://posture.example.org"),
        (HEAD + "collector: 'http://['\n",
         "2:12: “http://[” is no collector's address; it should look like https://posture.example.org"),
        (HEAD + "overlays: organisation.yaml\n", "2:11: a list is needed here"),
        ("language: es\n", "1:1: “schema” is missing"),
    ],
)  # fmt: skip
def test_mistakes(text: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as told:
        configuration.load(written(tmp_path, text))
    assert str(told.value.message) == f"{tmp_path / 'posture.yaml'}:{problem}"


def test_commands_judge_by_the_configured_overlays_and_say_so(tmp_path: Path) -> None:
    dump = tmp_path / "phone"
    dump.mkdir()
    (dump / "getprop.txt").write_text("[ro.product.model]: [Modelo]\n")
    data = tmp_path / "data"
    data.mkdir()
    (data / "organisation.yaml").write_text(
        "schema: posture-overlay/1\noverlays: CM-G-03\nlayer: organisation\nname: Ejemplo\n"
        "parameters:\n  patch_age: {days: 31}\n"
    )
    written(data, FULL)

    def used(*options: str) -> Any:
        done = posture(data, "evaluate", "--json", *options, str(dump))
        assert done.stderr == ""
        rules = {each["rule"]: each for each in json.loads(done.stdout)["results"]}
        return rules["patched"]["parameters"]["patch_age"]

    assert used() == {"value": 31, "unit": "days", "layer": "organisation Ejemplo"}
    assert used("--policy", str(shipped() / "cm-g-03")) == {"value": 120, "unit": "days", "layer": "policy"}

    (data / "organisation.yaml").unlink()
    done = posture(data, "evaluate", str(dump))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"posture: {data / 'organisation.yaml'}: ")


@pytest.mark.parametrize(
    ("environment", "options", "spanish"),
    [
        ({}, (), True),
        ({"LANG": "en_GB.UTF-8"}, (), True),
        ({"POSTURE_LANG": "en"}, (), False),
        ({}, ("--lang", "en"), False),
    ],
)
def test_the_configured_language_is_spoken(
    environment: dict[str, str], options: tuple[str, ...], tmp_path: Path, *, spanish: bool
) -> None:
    written(tmp_path, FULL)
    for where in (("--data", str(tmp_path)), (f"--data={tmp_path}",)):
        done = posture(tmp_path / "elsewhere", "outbox", *where, *options, **environment)
        assert done.returncode == 0
        assert (done.stdout != "Nothing waits: every report has been delivered.\n") is spanish


def test_a_broken_configuration_is_one_sentence(tmp_path: Path) -> None:
    written(tmp_path, HEAD + "colector: https://posture.example.org\n")
    done = posture(tmp_path, "evaluate", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr == (
        f"posture: {tmp_path / 'posture.yaml'}:2:1: there is no key “colector”; did you mean “collector”?\n"
    )
