"""`posture pair` as a person runs it, with the simulated phone that `posture simulate --wireless` is."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.conftest import BIN, Workstation, free_port

SERIAL = "2A7SIM00000014"


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(free_port()))


@contextmanager
def simulated(*options: str) -> Iterator[str]:
    """A simulated phone with wireless debugging; gives what its second line says."""
    words = [BIN, "simulate", "pixel-a14-healthy", "--port", "0", "--wireless", *options, "--lang", "en"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as phone:
        assert phone.stdout is not None
        phone.stdout.readline()
        yield phone.stdout.readline()
        phone.terminate()


def test_pair_by_code_and_scan_by_serial(workstation: Workstation) -> None:
    with simulated() as line:
        found = re.search(r"posture pair --code (\d{6}) --address (\S+)", line)
        assert found is not None
        code, address = found.groups()
        wrong = workstation.posture("pair", "--code", "12345x", "--address", address, "--lang", "en")
        assert (wrong.returncode, wrong.stdout) == (4, "")
        assert "the code is not the one" in wrong.stderr
        wrong = workstation.posture("pair", "--code", "\udcff", "--address", address, "--lang", "en")
        assert "the code is not the one" in wrong.stderr  # a byte that is no text
        paired = workstation.posture("pair", "--code", code, "--address", address, "--lang", "en")
        assert (paired.returncode, paired.stderr) == (0, "")
        assert paired.stdout.startswith(f"Paired with {SERIAL}.\n")
        until, scanned = time.monotonic() + 60, ""
        while SERIAL not in scanned and time.monotonic() < until:
            scanned = workstation.posture("scan", "--serial", SERIAL, "--no-post", "--json").stdout
        report = json.loads(scanned)
        assert (report["device"]["serial"], report["verdict"]) == (SERIAL, "inconclusive")
        assert report["agent"]["workstation"]["phone_reach"] == "this-computer"
    listed = workstation.posture("pair", "--list").stdout.split()
    assert (listed[0], listed[1][: len(SERIAL) + 5]) == (SERIAL, f"adb-{SERIAL}-")
    assert workstation.posture("pair", "--forget", SERIAL).returncode == 0
    assert workstation.posture("pair", "--list").stdout == ""
    assert workstation.posture("pair", "--forget", SERIAL).returncode == 4


def test_pair_by_code_alone_where_one_phone_offers_it(workstation: Workstation) -> None:
    with simulated() as line:
        code = line.split()[4]
        until, said = time.monotonic() + 60, ""
        while "Paired" not in said and time.monotonic() < until:  # other tests' phones may offer pairing meanwhile
            done = workstation.posture("pair", "--code", code, "--lang", "en")
            said = done.stdout + done.stderr
            assert done.returncode == (0 if "Paired" in said else 4), said
    assert said.startswith(f"Paired with {SERIAL}.\n")


def test_pair_by_qr_code(workstation: Workstation) -> None:
    words = [BIN, "pair", "--data", workstation.data, "--lang", "en"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as pairing:
        assert pairing.stdout is not None
        text = pairing.stdout.readline().strip()  # without a terminal, what the QR code says
        with simulated("--qr", text) as line:
            assert line.startswith("Pairing by the QR code at 127.0.0.1:")
            assert pairing.stdout.readline() == f"Paired with {SERIAL}.\n"
            pairing.communicate(timeout=60)
    assert pairing.returncode == 0


def test_a_qr_code_that_nobody_reads_and_one_that_is_none(workstation: Workstation) -> None:
    alone = workstation.posture("pair", "--wait", "1", "--lang", "en")
    assert alone.returncode == 4
    assert "no phone read the QR code in 1 seconds" in alone.stderr
    other = workstation.posture("simulate", "pixel-a14-healthy", "--port", "0", "--wireless", "--qr", "https://x")
    assert other.returncode == 2


def test_a_qr_code_alone_makes_no_phone_wireless() -> None:
    words = [BIN, "simulate", "pixel-a14-healthy", "--port", "0", "--qr", "x", "--lang", "en"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("--qr needs --wireless.\n")
