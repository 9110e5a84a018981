"""`posture init`: what it asks, what it writes, and what follows what it wrote."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import configuration
from agent.configuration import Configuration, writing
from agent.configuration.writing import Answers, Network
from agent.data_dir import DataDir
from agent.policy import load
from agent.policy.document import Duration
from agent.policy.source import parse
from agent.simulator import SimulatedPhone
from agent.simulator import load as scenario
from tests.e2e.conftest import RunningCollector, collector
from tests.transport.strangers import free_port

__all__ = ["collector"]

BIN = Path(sys.executable).parent / "posture"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def posture(tmp_path: Path) -> Run:
    def run(*arguments: str, stdin: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
        clean = {"LANG": "C.UTF-8", "LC_ALL": "", "POSTURE_LANG": "", "ANDROID_ADB_SERVER_PORT": str(free_port())}
        done = subprocess.run(
            [BIN, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **clean, "POSTURE_DATA": str(tmp_path / "data"), **environment},
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    return DataDir(tmp_path / "data")


@pytest.fixture(scope="module")
def phone() -> Iterator[SimulatedPhone]:
    with SimulatedPhone(scenario("pixel-a14-healthy")) as running:
        yield running


def test_without_questions_everything_has_its_default(posture: Run, data: DataDir) -> None:
    done = posture("init", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert configuration.load(data) == Configuration("en", None, (data.organisation,))
    policy = load(overlays=[data.organisation])
    assert policy.layers == ("policy", "organisation Our organisation")
    assert {name: each.value for name, each in policy.parameters.items()} == {
        name: each.value for name, each in load().parameters.items()
    }
    assert posture("policy", "lint", str(data.organisation)).returncode == 0


def test_what_is_given_is_written_and_the_next_scan_goes_by_it(posture: Run, data: DataDir, tmp_path: Path) -> None:
    done = posture(
        "init", "--yes", "--lang", "es", "--organisation", "Entidad “Ñ”", "--collector", "https://posture.example.org/",
        "--network", "Oficina=00:00:5E:00:53:01, 00:00:5e:00:53:02", "--network", "A=B=00:00:5e:00:53:03",
        "--backup-age", "3", "--lock-delay", "2", "--vpn", "com.example.vpn",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert configuration.load(data) == Configuration("es", "https://posture.example.org", (data.organisation,))
    policy = load(overlays=[data.organisation])
    layer = "organisation Entidad “Ñ”"
    assert {name: (each.value, each.layer) for name, each in policy.parameters.items() if each.layer != "policy"} == {
        "backup_age": (Duration(days=3), layer),
        "trusted_vpns": (("com.example.vpn",), layer),
    }
    assert [(each.ssid, each.bssid) for each in policy.trusted_networks] == [
        ("Oficina", ("00:00:5e:00:53:01", "00:00:5e:00:53:02")),
        ("A=B", ("00:00:5e:00:53:03",)),
    ]
    (tmp_path / "phone").mkdir()
    (tmp_path / "phone" / "getprop.txt").write_text("[ro.product.model]: [Modelo]\n")
    report = json.loads(posture("evaluate", "--json", str(tmp_path / "phone")).stdout)
    used = [rule["parameters"].get("backup_age") for rule in report["results"] if "backup_age" in rule["parameters"]]
    assert used
    assert all(each == {"value": 3, "unit": "days", "layer": layer} for each in used)


def test_the_questions_each_with_its_reason(posture: Run, data: DataDir) -> None:
    answers = ["es", "nada", "https://posture.example.org", "", "Entidad", "n", "5", "", "90", "com.a.vpn, com.b.vpn"]
    done = posture("init", stdin="\n".join(answers) + "\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert configuration.load(data) == Configuration("es", "https://posture.example.org", (data.organisation,))
    policy = load(overlays=[data.organisation])
    assert policy.layers == ("policy", "organisation Entidad")
    assert {name: each.value for name, each in policy.parameters.items() if each.layer != "policy"} == {
        "backup_age": Duration(days=5),
        "patch_age": Duration(days=90),
        "trusted_vpns": ("com.a.vpn", "com.b.vpn"),
    }
    text = data.organisation.read_text()
    assert "# Antigüedad máxima" in text


def test_nobody_to_answer_writes_nothing(posture: Run, data: DataDir) -> None:
    assert posture("init", stdin="en\n\n").returncode == 130
    assert not data.configuration.exists()
    assert not data.organisation.exists()


def test_nothing_is_replaced_silently(posture: Run, data: DataDir) -> None:
    assert posture("init", "--yes", "--backup-age", "3").returncode == 0
    before = data.organisation.read_text()
    refused = posture("init", "--yes")
    assert refused.returncode == 2
    assert refused.stderr == (
        f"posture: {data.configuration} is there already; --force writes a new one and keeps the old as "
        f"{data.root / 'posture.before.yaml'}\n"
    )
    assert posture("init", stdin="n\n").returncode == 2
    assert data.organisation.read_text() == before
    assert posture("init", "--yes", "--force").returncode == 0
    assert (data.root / "organisation.before.yaml").read_text() == before
    assert "  # backup_age: {days: 7}" in data.organisation.read_text()


def test_the_network_of_a_phone_on_the_bench(posture: Run, data: DataDir, phone: SimulatedPhone) -> None:
    done = posture("init", "--yes", "--learn", "--tcp", phone.address)
    assert (done.returncode, done.stderr) == (0, "")
    facts = json.loads(posture("facts", "--json", "--tcp", phone.address).stdout)["facts"]
    ssid, bssid = (facts[f"network.wifi.{name}"]["value"] for name in ("ssid", "bssid"))
    assert [(each.ssid, each.bssid) for each in load(overlays=[data.organisation]).trusted_networks] == [
        (ssid, (bssid.lower(),))
    ]


def test_a_person_agrees_to_each_network(posture: Run, data: DataDir, phone: SimulatedPhone) -> None:
    for agreed, count in (("y", 1), ("n", 0), ("quizá\nSÍ", 1)):
        answers = ["", "", "", "y", agreed, "n", "", "", "", ""]
        done = posture("init", "--force", "--tcp", phone.address, stdin="\n".join(answers) + "\n")
        assert (done.returncode, done.stderr) == (0, "")
        assert "Trust " in done.stdout
        assert done.stdout.count("Answer y for yes or n for no.") == agreed.count("\n")
        assert len(load(overlays=[data.organisation]).trusted_networks) == count


def test_an_age_that_no_phone_could_meet_is_asked_again(posture: Run, data: DataDir) -> None:
    done = posture("init", "--lang", "es", stdin="\n\n\nn\n0\nabc\n3\n\n\n\n")
    assert done.returncode == 0
    assert "0 no está en el intervalo 1<=x<=3650" in done.stdout
    assert "integer" not in done.stdout
    assert "[]" not in done.stdout
    assert load(overlays=[data.organisation]).parameters["backup_age"].value == Duration(days=3)


def test_a_phone_that_cannot_be_asked(posture: Run, data: DataDir) -> None:
    address = f"127.0.0.1:{free_port()}"
    done = posture("init", "--tcp", address, stdin="\n\n\ny\nn\n\n\n\n\n")
    assert done.returncode == 0
    assert "refuses the connection" in done.stdout
    assert load(overlays=[data.organisation]).trusted_networks == ()


def test_enrolling_at_once(posture: Run, data: DataDir, collector: RunningCollector) -> None:
    done = posture("init", "--yes", "--collector", collector.url, "--code", collector.administer("enrol-code").strip())
    assert (done.returncode, done.stderr) == (0, "")
    assert data.collector() == collector.url
    wrong = posture("init", "--yes", "--force", "--collector", collector.url, "--code", "WRONG-CODE")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("posture: the files are written, but not enrolled: ")
    assert data.configuration.exists()


def test_enrolling_later_with_the_configured_collector(
    posture: Run, data: DataDir, collector: RunningCollector
) -> None:
    assert posture("enroll", "ABC").returncode == 2  # with whom?
    assert posture("init", "--yes", "--collector", collector.url).returncode == 0
    assert data.collector() is None
    assert posture("enroll", collector.administer("enrol-code").strip()).returncode == 0
    assert data.collector() == collector.url


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--network", "Office"), "“Office” is no network; write Office=00:00:5e:00:53:01"),
        (("--network", "Office=00:00"), "is no network"),
        (("--network", f"{'x' * 33}=00:00:5e:00:53:01"), "is no network"),
        (("--backup-age", "0"), "not in the range"),
        (("--collector", "posture.example.org"), "is no collector's address"),
        (("--code", "ABC"), "--code needs --collector URL."),
        (("--organisation", "x" * 400), "organisation.yaml:"),
    ],
)
def test_mistakes_write_nothing(options: tuple[str, ...], words: str, posture: Run, data: DataDir) -> None:
    done = posture("init", "--yes", *options)
    assert done.returncode == 2
    assert words in done.stderr
    assert not data.configuration.exists()
    assert not data.organisation.exists()


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_value_can_be_set_by_taking_its_sign_away(language: str, tmp_path: Path) -> None:
    text = writing.organisation(Answers(language, "x"))  # type: ignore[arg-type]
    assert max(map(len, text.splitlines())) < 200
    bare = re.sub(r"^(  )?# ((?: {2})?(?:  - .*|[a-z_]+:.*))$", r"\1\2", text, flags=re.MULTILINE)
    path = tmp_path / "organisation.yaml"
    path.write_text(bare)
    policy = load(overlays=[path])
    assert {each.layer for each in policy.parameters.values()} == {"organisation x"}
    assert [each.ssid for each in policy.trusted_networks] == ["Example-Office"]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=32))
def test_any_name_of_a_network_is_written_as_it_is(ssid: str) -> None:
    written = writing.organisation(Answers("en", ssid, networks=[Network(ssid, ("00:00:5e:00:53:01",))]))
    read = parse(written.encode(), "organisation.yaml").data
    assert (read["trusted_networks"][0]["ssid"], read["name"]) == (ssid, ssid)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", written)
