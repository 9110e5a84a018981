"""Every way in which Android says no, for every probe: nothing is ever concluded from it."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from types import ModuleType

import pytest

from agent.capture import Answer, Capture, Outcome, Unanswered
from agent.capture.model import refusal
from agent.facts import Fact, State
from agent.indicators import IndicatorFile
from agent.messages import Message
from agent.probes import PROBES, commands, read_facts

AT = datetime(2026, 5, 4, 15, 30, tzinfo=UTC)

# What a phone printed instead of an answer; {name} is the service asked for. Sources: AOSP's dumpsys.cpp, cmd.cpp,
# Binder.java, DumpUtils.java, WifiShellCommand.java, mksh and toybox; the words are theirs, the phones invented.
REFUSALS = {
    "empty": "",
    "newlines": "\n\n\n",
    "null": "null\n",
    "absent service": "Can't find service: {name}\n",
    "absent service of cmd": "cmd: Can't find service: {name}\n",
    "transaction failed": "cmd: Failure calling service {name}: Failed transaction (2147483646)\n",
    "no shell command": "No shell command implementation.\n",
    "unknown command": "Unknown command: {name}\n",
    "denied": "Permission Denial: can't dump {name} from from pid=4242, uid=10318 due to missing DUMP permission\n",
    "denied by an exception": (
        "\nSecurity exception: Neither user 2000 nor current process has android.permission.DUMP.\n\n"
        "java.lang.SecurityException: Neither user 2000 nor current process has android.permission.DUMP.\n"
        "\tat android.app.ContextImpl.enforce(ContextImpl.java:2390)\n"
        "\tat android.os.Binder.shellCommand(Binder.java:1092)\n"
    ),
    "denied by a bare exception": "java.lang.SecurityException: Requires DUMP permission\n",
    "denied to shell": "Uid 2000 does not have access to {name} wifi command (or such command doesn't exist)\n",
    "failed": "Error dumping service info: (Unknown error -2147483646) {name}\n",
    "error": "Error: could not access the Package Manager.  Is the system running?\n",
    "threw": "\nException occurred while dumping:\njava.lang.NullPointerException\n\tat a.b.C.dump(C.java:1)\n",
    "program absent": "/system/bin/sh: {name}: inaccessible or not found\n",
    "program absent on 8": "/system/bin/sh: {name}: not found\n",
    "file denied": "ls: /storage/emulated/0/Android: Permission denied\n",
    "file absent": "stat: '/data/x': No such file or directory\n",
    "usage": "usage: dumpsys\n         To dump all services.\nor:\n       dumpsys [-t TIMEOUT] [--help | -l]\n",
    "killed": "Killed\n",
    "timed out on 8": "\n*** SERVICE '{name}' DUMP TIMEOUT (10s) EXPIRED ***\n\n",
    "timed out from 9": "\n*** SERVICE '{name}' DUMP TIMEOUT (10000ms) EXPIRED ***\n\n",
    "timed out in a bugreport": "*** command '{name}' timed out after 10.001s (killing pid 4242)\n",
    "another language": "Permiso denegado: no se puede consultar {name}\n",
    "another script": "الخدمة {name} غير متوفرة ٠١٢٣\n",
    "a page of nothing": "{name}\n" * 200,
}
WRITTEN = {
    "as it is": str.encode,
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "CR CR LF": lambda text: text.replace("\n", "\r\r\n").encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "with invalid UTF-8": lambda text: text.encode() + b"\xff\xfe\xe9\x80\n",
}


def asked_of(probe: ModuleType) -> set[str]:
    """The commands of a probe, and every other source that some probe reads: dumps of a bugreport and androidqf's."""
    return {command.key for command in (*probe.COMMANDS, *commands())} | {
        f"dumpsys {name}"
        for name in ("settings", "package", "wifi", "notification", "usagestats", "netstats", "connectivity", "window")
    }


# Without an imported file nothing is looked for, and so nothing could be concluded.
INDICATORS = IndicatorFile(
    name="lista.yaml",
    version=None,
    sha256="5e" * 32,
    imported_at="2026-04-01T08:00:00Z",
    packages={"net.ajena.espia": "Ajena"},
    certificates={"ab" * 32: "Ajena"},
    unread=0,
)


def facts_of(probe: ModuleType, capture: Capture) -> list[Fact]:
    facts = read_facts(capture, [INDICATORS])
    return [facts[name] for name in probe.FACTS]


def refused(probe: ModuleType, text: str, write: str, outcome: Outcome = Outcome.COMPLETE) -> Capture:
    answers = {
        key: Answer(WRITTEN[write](text.replace("{name}", key.split()[-1])), outcome, 0) for key in asked_of(probe)
    }
    return Capture("live", AT, answers)


def assert_nothing_is_concluded(facts: Iterable[Fact]) -> None:
    assert [fact for fact in facts if fact.state is not State.UNKNOWN or fact.reason is None] == []


def names(probe: ModuleType) -> str:
    return probe.__name__.rpartition(".")[2]


@pytest.mark.parametrize("write", WRITTEN)
@pytest.mark.parametrize("refusal_", REFUSALS)
@pytest.mark.parametrize("probe", PROBES, ids=names)
def test_a_refusal_gives_no_fact(
    probe: ModuleType, refusal_: str, write: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        assert_nothing_is_concluded(facts_of(probe, refused(probe, REFUSALS[refusal_], write)))
    assert caplog.text == "", "a refusal is expected, not an accident"


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.COMPLETE])
@pytest.mark.parametrize("probe", PROBES, ids=names)
def test_nothing_read_before_the_end_came_early_gives_no_fact(probe: ModuleType, outcome: Outcome) -> None:
    assert_nothing_is_concluded(facts_of(probe, refused(probe, "", "as it is", outcome)))


@pytest.mark.parametrize("broken", [None, Message("the phone was unplugged")])
@pytest.mark.parametrize("source", ["live", "capture"])  # a bugreport's header is an answer: it tells the clock
@pytest.mark.parametrize("probe", PROBES, ids=names)
def test_a_capture_without_answers_gives_no_fact(probe: ModuleType, source: str, broken: Message | None) -> None:
    capture = replace(Capture("live", AT, {}, None, broken), source=source)
    assert_nothing_is_concluded(facts_of(probe, capture))


@pytest.mark.parametrize("refusal_", [name for name in REFUSALS if "another" not in name and "nothing" not in name])
@pytest.mark.parametrize("write", ["as it is", "CRLF"])
@pytest.mark.parametrize("partial", ["whole", "partial"])
def test_a_refusal_is_no_answer(refusal_: str, write: str, partial: str) -> None:
    text = REFUSALS[refusal_].replace("{name}", "wifi")
    capture = Capture("live", AT, {"dumpsys wifi": Answer(WRITTEN[write](text), exit_code=0)})
    with pytest.raises(Unanswered):
        capture.text("dumpsys wifi", partial=partial == "partial")


LONG = "".join(f'  ID: {n} SSID: "Taller {n}" KeyMgmt: WPA_PSK\n' for n in range(100))


@pytest.mark.parametrize(
    "text",
    [
        'Wifi is connected to "Permission denied"\nWifiInfo: SSID: "Permission Denial: can\'t dump"\n',
        f"Wi-Fi is enabled\n{LONG}Permission Denial: can't dump wifi\n",
        f"Error: {LONG}",
        f"Wi-Fi is enabled\nException occurred while dumping:\n{LONG}",
        f"{LONG}  *** SERVICE 'wifi' DUMP TIMEOUT (10000ms) EXPIRED ***\n",
        "[ro.build.version.release]: [16]\n[x]: [Can't find service: x]\n",
    ],
)
def test_a_dump_that_quotes_a_refusal_is_an_answer(text: str) -> None:
    assert refusal(text) is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"Wi-Fi is enabled\n{LONG}\n*** SERVICE 'wifi' DUMP TIMEOUT (10s) EXPIRED ***\n\n", "*** SERVICE 'wifi' DUMP"),
        (
            f"{LONG}\nException occurred while dumping:\njava.lang.NullPointerException: x\n\tat a.B.c(B.java:1)\n",
            "Exc",
        ),
        (f"{LONG}Security exception: x\njava.lang.SecurityException: x\n\tat a.B.c(B.java:1)\n", "Security exception"),
        ("java.lang.SecurityException: x\n" + "\tat a.B.c(B.java:1)\n" * 80, "java.lang.SecurityException: x"),
    ],
)
def test_a_dump_that_breaks_off_is_no_answer(text: str, line: str) -> None:
    assert (refusal(text) or "").startswith(line)


def test_an_exception_is_named_and_not_only_announced() -> None:
    thrown = "java.lang.SecurityException: Uid 2000 does not have access to wifi commands"
    trace = "    at com.android.server.wifi.WifiShellCommand.checkRootPermission(WifiShellCommand.java:286)"
    assert refusal(f"\nException occurred while executing:\n{thrown}\n{trace}\n") == thrown
    assert refusal("Exception occurred while dumping:\n") == "Exception occurred while dumping:"
