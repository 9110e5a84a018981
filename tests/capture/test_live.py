import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import sleep

import pytest

from agent.capture import Answer, Capture, Command, Outcome, Unanswered
from agent.capture.live import capture_phone
from agent.messages import Message
from agent.transport import TransportError
from tests.capture.shells import command

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LOST = Message("the phone went away")


@dataclass
class Shell:
    """A transport to a shell on this computer, which may break after so many bytes."""

    serial: str = "R58N000TEST"
    breaks_after: int | None = None
    says: bytes | None = None

    def stream(self, shell_line: str, *, idle_timeout_s: float) -> Iterator[bytes]:
        assert idle_timeout_s > 0
        said = self.says
        if said is None:
            said = subprocess.run(
                [str(shutil.which("bash")), "-c", shell_line], capture_output=True, check=False
            ).stdout
        yield from (said[n : n + 7] for n in range(0, len(said[: self.breaks_after]), 7))
        if self.breaks_after is not None:
            raise TransportError(LOST)

    def close(self) -> None:
        pass


def scan(shell: Shell, commands: Sequence[Command]) -> Capture:
    capture = capture_phone(shell, commands, now=lambda: NOW)
    answers = {key: replace(answer, duration_ms=None) for key, answer in capture.answers.items()}
    return replace(capture, answers=answers, duration_ms=0)


COMMANDS = [command("echo one", key="first"), command("echo two; exit 7"), command("yes", limit_bytes=3)]


def test_a_whole_scan() -> None:
    progress: list[tuple[str, int, int]] = []
    capture = capture_phone(Shell(), COMMANDS, on_answer=lambda c, done, total: progress.append((c.key, done, total)))
    assert sorted(key for key, _, _ in progress) == ["echo two; exit 7", "first", "yes"]
    assert [(done, total) for _, done, total in progress] == [(1, 3), (2, 3), (3, 3)]
    assert capture.captured_at.utcoffset() is not None
    assert scan(Shell(), COMMANDS) == Capture(
        "live",
        NOW,
        {
            "first": Answer(b"one\n", exit_code=0),
            "echo two; exit 7": Answer(b"two\n", exit_code=7),
            "yes": Answer(b"y\ny", Outcome.TRUNCATED, exit_code=141),
        },
        "R58N000TEST",
    )


def test_a_phone_that_goes_away_keeps_what_it_has_said() -> None:
    commands = [command("sleep 0.4; echo late; head -c 3000 /dev/zero", key="late"), command("echo early")]
    capture = scan(Shell(breaks_after=1000), commands)
    assert capture.broken == LOST
    assert capture.text("echo early") == "early\n"
    assert capture.answers["late"].outcome is Outcome.CUT
    with pytest.raises(Unanswered, match="went away"):
        capture.text("late")


@pytest.mark.parametrize("kept", [0, 1, 20])
def test_a_phone_that_goes_away_before_it_began_is_not_scanned(kept: int) -> None:
    with pytest.raises(TransportError, match="went away"):
        scan(Shell(breaks_after=kept), COMMANDS)


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        (b"", "said nothing"),
        (b"error: fork failed: Out of memory\n", "it said: error: fork failed: Out of memory"),
        (b"\x1b[31m\xe2\x80\xaeevil\xff", "it said: \N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}evil"),
        (b"\n" * 1000, "said nothing"),
    ],
)
def test_a_shell_that_did_not_run_the_scan_is_quoted(says: bytes, sentence: str) -> None:
    with pytest.raises(TransportError) as caught:
        scan(Shell(says=says), COMMANDS)
    assert sentence in str(caught.value)


def test_a_script_that_ends_before_its_end_is_said() -> None:
    commands = [command("kill -9 $$", key="killer"), command("echo x")]
    capture = scan(Shell(), commands)
    assert capture.broken is not None
    assert "scan again" in str(capture.broken)


def test_a_phone_that_sends_without_end_is_left() -> None:
    @dataclass
    class Endless(Shell):
        left_open: bool = True

        def stream(self, shell_line: str, *, idle_timeout_s: float) -> Iterator[bytes]:
            assert idle_timeout_s > 0
            nonce = shell_line.split("n=@")[1][:16]
            try:
                yield f"@{nonce} begin mksh\n".encode()
                while True:
                    yield b"A" * 100_000
            finally:
                self.left_open = False

    phone = Endless()
    capture = scan(phone, COMMANDS)
    assert "more than it was asked" in str(capture.broken)
    assert not phone.left_open


def test_a_phone_that_drips_for_ever_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass
    class Dripping(Shell):
        def stream(self, shell_line: str, *, idle_timeout_s: float) -> Iterator[bytes]:
            assert idle_timeout_s > 0
            yield f"{shell_line.split(' k=plain', maxsplit=1)[0].split('n=')[1]} begin mksh\n".encode()
            while True:
                sleep(0.01)
                yield b"."

    monkeypatch.setattr("agent.capture.live._SLACK_S", 0)
    capture = scan(Dripping(), [command("echo x", timeout_s=1)])
    assert "did not finish in 2 seconds" in str(capture.broken)
    with pytest.raises(Unanswered, match="did not finish"):
        capture.text("echo x")
