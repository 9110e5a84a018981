"""What the phone's commands print, taken from files or as Android says no."""

import shutil
from collections.abc import Callable

import pytest
from adb_shell.adb_device import AdbDeviceTcp

from agent.simulator import Ran, Reply, SimulatedPhone
from tests.simulator.host import OPEN, Host

MakePhone = Callable[..., SimulatedPhone]
Connect = Callable[..., AdbDeviceTcp]
Run = Callable[..., tuple[bytes, bytes, int]]

PROPERTIES = b"[ro.product.model]: [X]\n[ro.empty]: []\n[ro.odd]: [it's $HOME `id` [x]]\n[ro.bytes]: [\xff\xfe]\n"
GLOBAL = b"adb_enabled=1\nname=a=b\nquoted='; echo no\n"


@pytest.fixture
def run() -> Run:
    """Run one line over the shell protocol: stdout, stderr and status."""

    def run_(phone: SimulatedPhone, line: str) -> tuple[bytes, bytes, int]:
        texts = {1: b"", 2: b"", 3: b""}
        with Host(phone) as host:
            host.log_in()
            host.send(OPEN, 1, 0, f"shell,v2,raw:{line}\0".encode())
            for data in host.collect(1):
                texts[data[0]] += data[5:]
        return texts[1], texts[2], texts[3][0]

    return run_


@pytest.mark.parametrize(
    ("line", "stdout", "stderr", "status"),
    [
        ("dumpsys nope", b"", b"Can't find service: nope\n", 0),
        ("cmd nope status", b"", b"cmd: Can't find service: nope\n", 20),
        ("pm list users", b"", b"cmd: Can't find service: package\n", 20),
        ("wm size", b"", b"cmd: Can't find service: window\n", 20),
        ("settings get global nope", b"null\n", b"", 0),
        ("settings list global", b"", b"", 0),
        ("getprop ro.nope", b"\n", b"", 0),
        ("getprop ro.nope fallback", b"fallback\n", b"", 0),
        ("settings put global x 1", b"", b"Invalid command: this phone only simulates reading\n", 255),
        ("service check nope", b"Service nope: not found\n", b"", 0),
        ("id -u", b"2000\n", b"", 0),
        ("getenforce", b"Enforcing\n", b"", 0),
        ("which su", b"", b"", 1),
    ],
)
def test_says_no_as_android_does(
    make_phone: MakePhone, run: Run, line: str, stdout: bytes, stderr: bytes, status: int
) -> None:
    assert run(make_phone(), line) == (stdout, stderr, status)


def test_what_is_not_there_is_not_found(make_phone: MakePhone, run: Run) -> None:
    phone = make_phone()
    for program in ("su", "awk", "python3", "adb"):
        stdout, stderr, status = run(phone, program)
        assert (stdout, status) == (b"", 127)
        assert f"/system/bin/sh: {program}: ".encode() in stderr.replace(b"line 1: ", b"").replace(b"1: ", b"")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("dumpsys wifi", b"WIFI"),
        ("dumpsys -t 5 wifi", b"WIFI"),
        ("dumpsys wifi --verbose now", b"WIFI"),
        ("dumpsys netstats --full --uid", b"FULL UID"),
        ("dumpsys netstats --full", b"PLAIN"),
        ("dumpsys netstats detail", b"PLAIN"),
        ("cmd wifi status", b"STATUS"),
        ("pm list packages -i -U --user 0", b"OWNER"),
        ("pm list packages -i -U --user 10", b"TEN"),
        ("pm list packages -f --user 10", b"TEN ANY"),
        ("cmd package list packages -i -U", b"OWNER"),
        ("settings --user 10 list secure", b"only=10\n"),
        ("settings list --user 10 secure", b"only=10\n"),
        ("settings get --user 10 secure only", b"10\n"),
        ("settings get secure only", b"null\n"),
        ("settings get --user 0 global name", b"a=b\n"),
        ("settings get global quoted", b"'; echo no\n"),
        ("settings list global", GLOBAL),
        ("getprop", PROPERTIES),
        ("getprop ro.product.model", b"X\n"),
        ("getprop ro.empty", b"\n"),
        ("getprop ro.odd", b"it's $HOME `id` [x]\n"),
        ("getprop ro.bytes", b"\xff\xfe\n"),
        ("logcat -d", b"LOG"),
        ("content query --uri content://x/y", b"ROW"),
        ("service check wifi", b"Service wifi: found\n"),
    ],
)
def test_answers_from_the_nearest_file(make_phone: MakePhone, run: Run, line: str, answer: bytes) -> None:
    files = {
        "dumpsys-wifi.txt": b"WIFI",
        "dumpsys-netstats.txt": b"PLAIN",
        "dumpsys-netstats-full-uid.txt": b"FULL UID",
        "cmd-wifi-status.txt": b"STATUS",
        "pm-list-packages-i-U.txt": b"OWNER",
        "pm-list-packages-i-U-user-10.txt": b"TEN",
        "pm-list-packages-user-10.txt": b"TEN ANY",
        "settings-secure-user-10.txt": b"only=10\n",
        "settings-global.txt": GLOBAL,
        "getprop.txt": PROPERTIES,
        "logcat.txt": b"LOG",
        "content-query-uri-content___x_y.txt": b"ROW",
        "expected.yaml": b"not an answer",
    }
    assert run(make_phone(files), line) == (answer, b"", 0)


def test_another_users_packages_are_never_the_owners(make_phone: MakePhone, run: Run) -> None:
    phone = make_phone({"pm-list-packages.txt": b"package:x\n"})
    assert run(phone, "pm list packages --user 10") == (b"", b"cmd: Can't find service: package\n", 20)


def test_a_list_of_some_apps_is_never_the_list_of_all(make_phone: MakePhone, run: Run) -> None:
    listing = b"package:a.b  installer=null uid:10001\npackage:c.d  installer=x uid:10002\n"
    phone = make_phone({"pm-list-packages-i-U.txt": listing, "pm-list-packages-3.txt": b"package:c.d\n"})
    assert run(phone, "pm list packages -u")[0] == b"package:a.b\npackage:c.d\n"
    assert run(phone, "pm list packages -3 --user 0")[0] == b"package:c.d\n"
    assert run(phone, "pm list packages -d") == (b"", b"cmd: Can't find service: package\n", 20)


@pytest.mark.parametrize(
    ("android", "said"),
    [
        (12, b"\nDexopt state:\n  Unable to find package: c.d\n"),
        (13, b"Unable to find package: c.d\n"),
    ],
)
def test_an_app_that_nobody_has(make_phone: MakePhone, run: Run, android: int, said: bytes) -> None:
    phone = make_phone({"dumpsys-package-a.b.txt": b"Packages:\n"}, android=android)
    assert run(phone, "dumpsys package c.d") == (said, b"", 0)
    assert run(phone, "dumpsys package a.b") == (b"Packages:\n", b"", 0)


def test_a_verb_that_wifi_does_not_know(make_phone: MakePhone, run: Run) -> None:
    files = {"cmd-wifi-status.txt": b"STATUS"}
    said = b"java.lang.SecurityException: Uid 2000 does not have access to dump wifi command "
    said += b"(or such command doesn't exist)\n"
    assert run(make_phone(files), "cmd wifi dump") == (b"", said, 255)
    assert run(make_phone(files, android=10), "cmd wifi dump") == (b"Unknown command: dump\n", b"", 255)


@pytest.mark.parametrize(("android", "shown"), [(8, "1s"), (14, "1000ms")])
def test_dumpsys_gives_up_on_a_service_that_hangs(make_phone: MakePhone, run: Run, android: int, shown: str) -> None:
    phone = make_phone(android=android, answers={"dumpsys trust": Reply(hang=True)})
    said = f"\n*** SERVICE 'trust' DUMP TIMEOUT ({shown}) EXPIRED ***\n\n".encode()
    assert run(phone, "dumpsys -t 1 trust") == (said, b"", 0)


def test_faults_of_one_command(make_phone: MakePhone, run: Run) -> None:
    answers = {
        "dumpsys a": Reply(text="half", errors="oops\n", exit_code=9),
        "dumpsys b": Reply(text="line\n", flood=True),
        "dumpsys c": Reply(garbage=5000),
        "dumpsys d": Reply(missing=True),
        "dumpsys e": Reply(hang="forever"),
        "settings list global": Reply(exit_code=4),
    }
    phone = make_phone({"dumpsys-d.txt": b"there", "settings-global.txt": b"a=1\n"}, answers=answers)
    assert run(phone, "dumpsys a") == (b"half", b"oops\n", 9)
    assert run(phone, "dumpsys b | head -n 4000")[0] == b"line\n" * 4000
    assert len(run(phone, "dumpsys c")[0]) == 5000
    assert run(phone, "dumpsys d") == (b"", b"Can't find service: d\n", 0)
    assert run(phone, "timeout 0.2 dumpsys e; echo $?") == (b"124\n", b"", 0)
    assert run(phone, "settings list global") == (b"a=1\n", b"", 4)


@pytest.mark.parametrize(("android", "status"), [(8, b"142\n"), (9, b"142\n"), (10, b"124\n")])
def test_timeout_has_its_own_status_before_10(make_phone: MakePhone, run: Run, android: int, status: bytes) -> None:
    assert run(make_phone(android=android), "timeout 0.1 sleep 20; echo $?")[0] == status


def test_a_phone_without_timeout(make_phone: MakePhone, run: Run) -> None:
    assert run(make_phone(has_timeout=False), "which timeout; echo $?")[0] == b"1\n"


def test_root_only_on_a_rooted_phone(make_phone: MakePhone, run: Run) -> None:
    secret = {"path": "root/data/data/com.whatsapp/databases/companion_devices.db", "kind": "text", "text": "rows"}
    phone = make_phone(rooted=True, stored=[secret])
    line = "cat $ANDROID_DATA/data/com.whatsapp/databases/companion_devices.db"
    assert run(phone, f"{line} 2>/dev/null; echo $?")[0] == b"1\n"
    assert run(phone, f"su -c 'id -u; {line}'")[0] == b"0\nrows"


def test_the_phones_clock_and_zone(make_phone: MakePhone, run: Run) -> None:
    phone = make_phone(timezone="America/Bogota", clock_offset_s=86_400 * 400)
    here = make_phone()
    assert run(phone, "date +%z")[0] == b"-0500\n"
    ahead = int(run(phone, "date +%s")[0]) - int(run(here, "date +%s")[0])
    assert ahead // 60 == 86_400 * 400 // 60 or ahead // 60 == 86_400 * 400 // 60 - 1


@pytest.mark.parametrize("interpreter", [name for name in ("mksh", "bash", "sh") if shutil.which(name)])
def test_each_shell_runs_the_line(make_phone: MakePhone, run: Run, interpreter: str) -> None:
    phone = make_phone({"dumpsys-a.txt": b"A"}, interpreter=interpreter)
    assert run(phone, "x=$(dumpsys a); echo \"[$x]\"; sh -c 'dumpsys a'") == (b"[A]\nA", b"", 0)


def test_notes_every_line_and_every_command_in_order(make_phone: MakePhone, connect: Connect) -> None:
    phone = make_phone({"getprop.txt": PROPERTIES})
    line = "getprop ro.product.model; dumpsys 'a b' \"c\nd\" ''; echo done"
    connect(phone).shell(line)
    phone.stop()
    assert phone.log == [
        Ran("line", (line,)),
        Ran("command", ("getprop", "ro.product.model")),
        Ran("command", ("dumpsys", "a b", "c\nd", "")),
    ]


def test_arguments_are_never_run(make_phone: MakePhone, run: Run) -> None:
    phone = make_phone()
    line = "pm list packages --user '$(echo no)' '`touch x`' \"it's\"; settings get --user '0; echo no' secure a; ls"
    stdout, _, _ = run(phone, line)
    assert b"no\n" not in stdout
    assert b"x\n" not in stdout
