"""The real adb client, old and new, uses the phone as it uses any other."""

import hashlib
import os
import subprocess
import time
from collections.abc import Callable

import adbutils
import psutil
import pytest

from agent.simulator import Reply, SimulatedPhone
from tests.simulator.conftest import Adb

MakePhone = Callable[..., SimulatedPhone]

NAP = str(300_000 + os.getpid())  # seconds: a number that names our processes
PIXEL = {"model": "Pixel 7", "product": "panther", "device": "panther"}


def test_lists_the_phone_with_its_product(adb: Adb, make_phone: MakePhone) -> None:
    phone = make_phone(**PIXEL)
    assert adb.connect(phone) == f"connected to {phone.address}"
    listed = adb.run("devices", "-l").stdout.decode().splitlines()[1].split()
    assert listed[:5] == [phone.address, "device", "product:panther", "model:Pixel_7", "device:panther"]


@pytest.mark.parametrize("android", [8, 9, 14, 16])
def test_separates_output_errors_and_status(adb: Adb, make_phone: MakePhone, android: int) -> None:
    phone = make_phone(android=android)
    adb.connect(phone)
    done = adb.on(phone, "shell", "echo good; echo bad >&2; exit 7")
    assert (done.stdout, done.stderr, done.returncode) == (b"good\n", b"bad\n", 7)


def test_reports_death_by_signal_as_adbd_does(adb: Adb, make_phone: MakePhone) -> None:
    phone = make_phone()
    adb.connect(phone)
    assert adb.on(phone, "shell", "kill -9 $$").returncode == 137


def test_shell_v1_merges_errors_and_hides_the_status(adb: Adb, make_phone: MakePhone) -> None:
    phone = make_phone(shell="v1")
    adb.connect(phone)
    done = adb.on(phone, "shell", "echo good; echo bad >&2; exit 7")
    assert (done.stdout.replace(b"\r\n", b"\n"), done.stderr, done.returncode) == (b"good\nbad\n", b"", 0)


@pytest.mark.parametrize("android", [8, 14])
@pytest.mark.parametrize("service", ["shell", "exec-out"])
def test_a_megabyte_comes_out_unchanged(adb: Adb, make_phone: MakePhone, android: int, service: str) -> None:
    data = b"x" * 700_000 + b"\n" + os.urandom(700_000)
    phone = make_phone({"dumpsys-large.txt": data}, android=android)
    adb.connect(phone)
    assert adb.on(phone, service, "dumpsys large").stdout == data


@pytest.mark.parametrize("android", [8, 14])
def test_a_megabyte_goes_in_unchanged(adb: Adb, make_phone: MakePhone, android: int) -> None:
    data = b"y" * 600_000 + os.urandom(600_000)
    phone = make_phone(android=android)
    adb.connect(phone)
    done = adb.on(phone, "shell", "sha256sum", stdin=data)
    assert done.stdout.split()[0].decode() == hashlib.sha256(data).hexdigest()


def test_an_interactive_shell_is_a_terminal(adb: Adb, make_phone: MakePhone) -> None:
    phone = make_phone()
    adb.connect(phone)
    done = adb.on(phone, "shell", "-tt", "test -t 0 && test -t 1 && echo terminal")
    assert done.stdout.replace(b"\r\n", b"\n") == b"terminal\n"


def test_two_streams_at_once(adb: Adb, make_phone: MakePhone) -> None:
    phone = make_phone()
    adb.connect(phone)
    # Each waits for the other: it ends only if both run side by side.
    pipe = "$TMPDIR/pipe"
    adb.on(phone, "shell", f"mkfifo {pipe}")
    base = [adb.program, "-P", str(adb.port), "-s", phone.address, "shell"]
    reader = subprocess.Popen([*base, f"cat {pipe}"], stdout=subprocess.PIPE, env=adb.environment)
    adb.on(phone, "shell", f"echo hello > {pipe}")
    assert reader.communicate(timeout=60)[0] == b"hello\n"


def test_adbutils_uses_it_through_the_server(adb: Adb, make_phone: MakePhone) -> None:
    phone = make_phone({"dumpsys-wifi.txt": b"on\n"})
    adb.connect(phone)
    device = adbutils.AdbClient(port=adb.port).device(phone.address)
    assert device.shell("dumpsys wifi") == "on"
    done = device.shell2("dumpsys wifi; echo bad >&2; exit 5", v2=True)
    assert (done.stdout, done.stderr, done.returncode) == ("on\n", "bad\n", 5)


def test_an_unauthorised_computer_is_told_so(adb: Adb, make_phone: MakePhone) -> None:
    phone = make_phone(authorise="never")
    adb.connect(phone)
    assert _state(adb, phone) == "unauthorized"
    assert phone.log == []


def test_the_computer_gets_in_when_somebody_taps_allow(adb: Adb, make_phone: MakePhone) -> None:
    phone = make_phone(authorise="after 0.5 s")
    adb.connect(phone)
    deadline = time.monotonic() + 30
    while _state(adb, phone) != "device" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert adb.on(phone, "shell", "echo in").stdout == b"in\n"


def _state(adb: Adb, phone: SimulatedPhone) -> str:
    rows = [line.split() for line in adb.run("devices").stdout.decode().splitlines()]
    return next((row[1] for row in rows if row and row[0] == phone.address), "absent")


def test_services_that_it_does_not_have_are_refused(adb: Adb, make_phone: MakePhone) -> None:
    phone = make_phone()
    adb.connect(phone)
    assert adb.on(phone, "root").stderr.startswith((b"error: closed", b"adb: unable to connect for root: closed"))
    assert adb.on(phone, "shell", "echo still there").stdout == b"still there\n"


def test_the_cable_is_pulled_in_the_middle(adb: Adb, make_phone: MakePhone) -> None:
    phone = make_phone({"dumpsys-large.txt": b"z" * 500_000}, drop_after_bytes=100_000)
    adb.connect(phone)
    done = adb.on(phone, "shell", "dumpsys large")
    # adb 29 ends with status 0 all the same: an exit status alone proves nothing.
    assert done.stdout == b"z" * len(done.stdout)
    assert len(done.stdout) <= 100_000


def test_nothing_is_left_running(adb: Adb, make_phone: MakePhone) -> None:
    phone = make_phone(answers={"dumpsys stuck": Reply(hang="forever"), "dumpsys loud": Reply(text="n\n", flood=True)})
    adb.connect(phone)
    stubborn = (
        f"trap '' HUP TERM; (setsid sleep {NAP} &); dumpsys stuck & nohup sleep {NAP} & env -i $(which sleep) {NAP} & "
        "echo ready; dumpsys loud"
    )
    client = [adb.program, "-P", str(adb.port), "-s", phone.address, "shell", stubborn]
    with subprocess.Popen(client, stdout=subprocess.PIPE, env=adb.environment) as shell:
        assert shell.stdout is not None
        assert shell.stdout.readline() == b"ready\n"
        phone.stop()
        shell.communicate(timeout=60)
    assert [process for process in psutil.process_iter(["cmdline"]) if NAP in (process.info["cmdline"] or [])] == []
