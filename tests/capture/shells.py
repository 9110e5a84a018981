"""The shells that the scan's script must run under, and a way to run it there as adbd does."""

import os
import pty
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from agent.capture import Answer, Command
from agent.capture.frames import Decoder
from agent.capture.script import build
from agent.messages import Message

NONCE = "00112233aabbccdd"
SIDE_BY_SIDE = ("mksh", "mksh without timeout", "bash")
ALL = (*SIDE_BY_SIDE, "dash")
# What the script and these tests use of toybox 0.7.4, which Android 8 has.
_APPLETS = ["base64", "cat", "grep", "head", "ls", "od", "printf", "ps", "seq", "sleep", "timeout", "tr", "xxd", "yes"]


def command(line: str, *, timeout_s: int = 20, limit_bytes: int = 100_000, key: str = "") -> Command:
    return Command(key or line, Message("for a test"), line, timeout_s, limit_bytes)


@dataclass
class Phone:
    """A shell with Android's few tools alone in its PATH, in an empty directory that nothing may be written to."""

    shell: str
    directory: Path
    without: Sequence[str] = ()
    environment: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        applets = self.directory / "bin"
        applets.mkdir()
        (self.directory / "cwd").mkdir()
        for applet in set(_APPLETS) - set(self.without) - ({"timeout"} if "without" in self.shell else set()):
            # dash stands for a developer's machine, which has the GNU tools.
            (applets / applet).symlink_to(str(shutil.which(applet if self.shell == "dash" else "toybox")))
        (applets / "sh").symlink_to(self.program)
        self.environment = {"PATH": str(applets), "POSTURE_TEST": str(self.directory)}

    @property
    def program(self) -> str:
        return str(shutil.which(self.shell.split()[0]))

    def tree(self) -> list[tuple[str, int]]:
        return sorted((str(path), path.lstat().st_mtime_ns) for path in self.directory.rglob("*"))

    def processes(self) -> list[str]:
        """Command lines of what still runs with this phone's environment, zombies left out."""
        mark = f"POSTURE_TEST={self.directory}".encode()
        left = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "environ").read_bytes().split(b"\0"):
                    left.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
            except OSError:
                continue
        return [line for line in left if line]

    def is_quiet(self, within_s: float = 10) -> bool:
        """Whether everything has ended, or does within a time that only a fault can reach."""
        deadline = time.monotonic() + within_s
        while self.processes():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    @contextmanager
    def started(self, script: str) -> Iterator["subprocess.Popen[bytes]"]:
        with subprocess.Popen(
            [self.program, "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self.environment,
            cwd=self.directory / "cwd",
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)

    @contextmanager
    def on_a_terminal(self, script: str) -> Iterator["Terminal"]:
        """As adbd runs a command without the second shell protocol, but for the terminal's raw mode."""
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.directory / "cwd")
            os.execve(self.program, [self.program, "-c", script], self.environment)
        try:
            yield Terminal(fd)
        finally:
            os.close(fd)
            os.waitpid(pid, 0)

    def scan(self, commands: Sequence[Command], workers: int = 4) -> dict[str, Answer]:
        with self.started(build(commands, NONCE, workers)) as process:
            output, _ = process.communicate(timeout=30)
        return read(output, commands)


@dataclass
class Terminal:
    """The other end of the shell's terminal."""

    fd: int

    def read_all(self) -> bytes:
        return self.read_until(b"")

    def read_until(self, mark: bytes) -> bytes:
        """Read until `mark`, or to the end for an empty one: the last process that had the terminal has left it."""
        output = b""
        while not mark or mark not in output:
            try:
                output += os.read(self.fd, 65536)
            except OSError:
                assert not mark, output
                break
        return output


def read(output: bytes, commands: Sequence[Command]) -> dict[str, Answer]:
    decoder = Decoder(NONCE, [c.limit_bytes for c in commands])
    answers = {commands[framed.index].key: framed.answer for framed in decoder.feed(output)}
    assert decoder.finished, output[-2000:]
    assert decoder.unfinished is None
    return answers


def hang_up(process: "subprocess.Popen[bytes]") -> None:
    """What adbd does when a stream is closed: the other end is gone, and SIGHUP to the shell alone."""
    assert process.stdout is not None
    process.stdout.close()
    os.kill(process.pid, signal.SIGHUP)
