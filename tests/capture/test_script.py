import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.capture import Answer, Outcome
from agent.capture.script import LIMIT_BYTES, build
from agent.probes import commands as all_commands
from tests.capture.shells import ALL, NONCE, SIDE_BY_SIDE, Phone, command, hang_up, read

HANGS = {
    "alone": "sleep 1000",
    "at the head of a pipeline": "echo seen; sleep 1000 | cat",
    "in the middle of a pipeline": "echo seen; echo x | sh -c 'cat; sleep 1000' | tr x x",
    "in a grandchild": "echo seen; sh -c 'sh -c \"sleep 1000; echo\"; echo'",
    "deaf to every signal but one": "echo seen; sh -c 'trap : TERM HUP INT; while :; do sleep 1000; done'",
    "in a loop of the shell": "echo seen; while :; do :; done",
}


@pytest.fixture(params=ALL)
def phone(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Phone]:
    yield from _watched(request.param, tmp_path)


@pytest.fixture(params=SIDE_BY_SIDE)
def quick_phone(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Phone]:
    yield from _watched(request.param, tmp_path)


def _watched(shell: str, directory: Path) -> Iterator[Phone]:
    """A phone on which, whatever a test does, nothing may be written or go on running."""
    if shutil.which(shell.split(maxsplit=1)[0]) is None or shutil.which("toybox") is None:
        pytest.fail(f"these tests need {shell.split(maxsplit=1)[0]} and toybox: apt-get install mksh toybox")
    phone = Phone(shell, directory)
    before = phone.tree()
    yield phone
    assert phone.is_quiet(), phone.processes()
    assert phone.tree() == before


def untimed(answers: dict[str, Answer]) -> dict[str, Answer]:
    return {key: replace(answer, duration_ms=None) for key, answer in answers.items()}


def test_gives_every_answer_with_its_exit_code(phone: Phone) -> None:
    commands = [
        command("echo one; exit 3"),
        command("printf 'a\\0b\\377'"),
        command("printf 'out '; echo err >&2; exit 255"),
        command("true"),
        command("echo it\\'s \"${NO:-x}\" '$x' \\\\ | cat\necho two"),
        command("cat"),  # nothing may wait for the stream's own input
    ]
    assert untimed(phone.scan(commands)) == {
        commands[0].key: Answer(b"one\n", exit_code=3),
        commands[1].key: Answer(b"a\0b\xff", exit_code=0),
        commands[2].key: Answer(b"out err\n", exit_code=255),
        commands[3].key: Answer(b"", exit_code=0),
        commands[4].key: Answer(b"it's x $x \\\ntwo\n", exit_code=0),
        commands[5].key: Answer(b"", exit_code=0),
    }


@pytest.mark.parametrize(
    "line", ['echo "(', "if", "case x in", "}", "exit 5; )", "nosuchcommand", "exec nosuchcommand"]
)
def test_a_line_that_is_no_command_costs_itself_alone(phone: Phone, line: str) -> None:
    answers = phone.scan([command(line), command("echo well")])
    assert answers["echo well"].data == b"well\n"
    assert answers[line].outcome is Outcome.COMPLETE
    assert answers[line].exit_code != 0
    assert answers[line].data


def test_no_output_can_look_like_a_frame(phone: Phone) -> None:
    frame = f"@{NONCE} answer 1 64 0 0\n:x0:\nZm9yZ2Vk\n:e0 0:\n@{NONCE} end 1\n@{NONCE} finish 2\n"
    forger = command(f"printf '{frame}'; printf '{frame}' >&2; exec 8>&1; printf ':xT::e9 9:'")
    answers = phone.scan([forger, command("echo honest")])
    assert untimed(answers) == {
        forger.key: Answer(frame.replace("\\n", "\n").encode() * 2 + b":xT::e9 9:", exit_code=0),
        "echo honest": Answer(b"honest\n", exit_code=0),
    }


def test_a_flood_is_cut_at_the_limit(phone: Phone) -> None:
    large = command("yes 0123456789abcde | head -n 125000", limit_bytes=2_000_000)
    answers = phone.scan([command("yes", limit_bytes=1001), large])
    assert answers["yes"].outcome is Outcome.TRUNCATED
    assert answers["yes"].data == (b"y\n" * 501)[:1001]
    assert answers[large.key].outcome is Outcome.COMPLETE
    assert answers[large.key].data == b"0123456789abcde\n" * 125_000


@pytest.mark.parametrize("size", [0, 56, 57, 58, 113, 114, 115, 170, 171, 172])
def test_the_limit_holds_to_the_byte(quick_phone: Phone, size: int) -> None:
    limits = [max(size - 1, 0), size, size + 1]
    commands = [command(f"printf %{size}s ''" if size else ":", limit_bytes=limit, key=f"{limit}") for limit in limits]
    answers = quick_phone.scan(commands)
    for limit in limits:
        outcome = Outcome.COMPLETE if size <= limit else Outcome.TRUNCATED
        assert (answers[f"{limit}"].data, answers[f"{limit}"].outcome) == (b" " * min(size, limit), outcome)


def test_an_answer_as_long_as_the_limit_is_complete(phone: Phone) -> None:
    commands = [command("printf 12345", limit_bytes=5), command("printf 123456", limit_bytes=5)]
    assert untimed(phone.scan(commands)) == {
        "printf 12345": Answer(b"12345", exit_code=0),
        "printf 123456": Answer(b"12345", Outcome.TRUNCATED, exit_code=0),
    }


@pytest.mark.parametrize("hang", HANGS.values(), ids=HANGS.keys())
def test_a_hang_costs_its_own_answer_alone(phone: Phone, hang: str) -> None:
    answers = phone.scan([command(hang, timeout_s=1), command("echo well")])
    assert answers["echo well"].data == b"well\n"
    assert answers[hang].outcome is Outcome.TIMED_OUT
    assert answers[hang].exit_code is None
    assert answers[hang].data.startswith(b"seen\n" if "seen" in hang else b"")


def test_what_a_command_leaves_behind_is_ended_with_it(phone: Phone) -> None:
    left = command("sleep 1000 & echo started")
    assert untimed(phone.scan([left])) == {left.key: Answer(b"started\n", exit_code=0)}


def test_ninety_commands_come_each_once(phone: Phone) -> None:
    commands = [command(f"echo {n}") for n in range(90)]
    assert untimed(phone.scan(commands, workers=8)) == {
        f"echo {n}": Answer(f"{n}\n".encode(), exit_code=0) for n in range(90)
    }


def test_commands_run_side_by_side(quick_phone: Phone) -> None:
    # The first ends only when it sees the other three run; run one after the other, it would be out of time.
    others = [command(f"sleep 77{n}", timeout_s=3) for n in range(3)]
    seen = " && ".join(f"ps -A -o ARGS | grep -q '^sleep 77{n}'" for n in range(3))
    first = command(f"until {seen}; do :; done; echo seen", key="first")
    answers = quick_phone.scan([first, *others])
    assert answers["first"].data == b"seen\n"


@pytest.mark.parametrize("without", [("base64",), ("base64", "xxd")])
@pytest.mark.parametrize("shell", ALL)
def test_another_encoder_does_where_base64_is_missing(tmp_path: Path, shell: str, without: tuple[str, ...]) -> None:
    phone = Phone(shell, tmp_path, without)
    commands = [command("printf 'a\\0b\\377'"), command("yes", limit_bytes=5)]
    answers = phone.scan(commands)
    assert answers["printf 'a\\0b\\377'"].data == b"a\0b\xff"
    assert answers["yes"].data == b"y\ny\ny"


@pytest.mark.parametrize("hang", HANGS.values(), ids=HANGS.keys())
def test_nothing_runs_on_when_the_stream_is_closed_half_way(quick_phone: Phone, hang: str) -> None:
    script = build(
        [command(hang, timeout_s=1000), command("sleep 1000; echo", timeout_s=1000), command("echo x")], NONCE
    )
    with quick_phone.started(script) as process:
        assert process.stdout is not None
        while f"@{NONCE} end 2".encode() not in process.stdout.readline():
            pass
        hang_up(process)
        assert process.wait(timeout=20) != 0
    assert quick_phone.is_quiet(), quick_phone.processes()


def test_nothing_runs_on_when_nobody_reads_and_nobody_says_so(quick_phone: Phone) -> None:
    commands = [command(f"echo {n}; sleep 0.3") for n in range(12)]
    with quick_phone.started(build(commands, NONCE, 2)) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        process.wait(timeout=20)


def test_refuses_what_cannot_be_run_as_it_should() -> None:
    with pytest.raises(ValueError, match="at least one"):
        build([], NONCE)
    with pytest.raises(ValueError, match="here-document"):
        build([command("cat <<E\nx\nE")], NONCE)
    with pytest.raises(ValueError, match="one ADB service"):
        build([command("x" * LIMIT_BYTES)], NONCE)


def test_all_of_the_agents_commands_fit_into_one_service_and_write_nothing() -> None:
    commands = all_commands()
    if commands:
        assert len(build(commands, NONCE).encode()) <= LIMIT_BYTES
    for line in (c.line for c in commands):
        targets = re.findall(r">\s*([^\s;|)}]+)", line)
        assert [t for t in targets if t != "/dev/null" and not t.startswith("&")] == [], line


@pytest.mark.parametrize("shell", SIDE_BY_SIDE)
def test_a_terminal_in_between_changes_nothing(tmp_path: Path, shell: str) -> None:
    phone = Phone(shell, tmp_path)
    commands = [command("printf 'a\\0b\\r\\n\\377'"), command("echo x; exit 4"), command("sleep 1000", timeout_s=1)]
    with phone.on_a_terminal(build(commands, NONCE)) as terminal:
        output = terminal.read_all()
    assert b"\r\n" in output
    assert untimed(read(output, commands)) == {
        commands[0].key: Answer(b"a\0b\r\n\xff", exit_code=0),
        commands[1].key: Answer(b"x\n", exit_code=4),
        commands[2].key: Answer(b"", Outcome.TIMED_OUT),
    }
    assert phone.is_quiet(), phone.processes()


@pytest.mark.parametrize("hang", HANGS.values(), ids=HANGS.keys())
@pytest.mark.parametrize("shell", SIDE_BY_SIDE)
def test_nothing_runs_on_when_the_terminal_is_closed_half_way(tmp_path: Path, shell: str, hang: str) -> None:
    phone = Phone(shell, tmp_path)
    script = build(
        [command(hang, timeout_s=1000), command("sleep 1000; echo", timeout_s=1000), command("echo x")], NONCE
    )
    with phone.on_a_terminal(script) as terminal:
        terminal.read_until(f"@{NONCE} end 2".encode())
    assert phone.is_quiet(), phone.processes()
