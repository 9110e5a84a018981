"""The process behind one shell stream, started as adbd starts it.

Source: packages/modules/adb, daemon/shell_service.cpp. With the shell protocol, and no terminal wanted:
a socket pair for stdin and stdout, another for stderr. Without the protocol adbd always takes a
terminal, a raw one unless the shell is interactive, since closing it sends SIGHUP.
"""

import fcntl
import os
import select
import signal
import socket
import struct
import subprocess
import termios
import threading
import tty
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

SHELL_NAME = "/system/bin/sh"  # what the messages of a phone's shell begin with
_CHUNK = 64 * 1024
# A session's first terminal that is opened without O_NOCTTY becomes its own: so the shell opens it once more.
_TAKE_TERMINAL = ': <"$POSTURE_TTY"; unset POSTURE_TTY; '
_INTERACTIVE = _TAKE_TERMINAL + 'exec "$POSTURE_SHELL"'
_ONE_LINE = _TAKE_TERMINAL + '_line=$1; shift; eval "$_line"'


class Console(Enum):
    """What stdin, stdout and stderr of a shell are."""

    SOCKETS = "sockets"
    RAW_TERMINAL = "raw terminal"
    TERMINAL = "terminal"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The shell, environment and working folder of every process on one phone."""

    shell: Path
    environment: Mapping[str, str]
    folder: Path


class Child:
    """A running shell. One thread may read stdout, one stderr, one write stdin, all at once."""

    def __init__(self, line: str, console: Console, around: Surroundings, terminal_type: str) -> None:
        """Start it; OSError when the kernel refuses (a line longer than one argument may be)."""
        self._errors: socket.socket | None = None
        self._pipe: socket.socket | None = None
        self._terminal = self._woken = self._wake = -1
        self._hung_up = threading.Event()
        self._ending = threading.Lock()
        environment = {**around.environment, "TERM": terminal_type}
        if console is Console.SOCKETS:
            pipe, child_pipe = socket.socketpair()
            errors, child_errors = socket.socketpair()
            words = [SHELL_NAME, "-c", line] if line else [SHELL_NAME]
            with child_pipe, child_errors:
                try:
                    self._process = _spawn(words, around, environment, child_pipe.fileno(), child_errors.fileno())
                except OSError:
                    pipe.close()
                    errors.close()
                    raise
            self._pipe, self._errors = pipe, errors
            return
        master, slave = os.openpty()
        try:
            if console is Console.RAW_TERMINAL:
                tty.setraw(slave)
            environment |= {"POSTURE_TTY": os.ttyname(slave), "POSTURE_SHELL": str(around.shell)}
            words = [SHELL_NAME, "-c", _ONE_LINE if line else _INTERACTIVE, SHELL_NAME, line]
            self._process = _spawn(words, around, environment, slave, slave)
        except OSError:
            os.close(master)
            raise
        finally:
            os.close(slave)
        os.set_blocking(master, False)
        self._terminal = master
        self._woken, self._wake = os.pipe()

    @property
    def session(self) -> int:
        """The session of the shell and of all that it starts and that does not leave it."""
        return self._process.pid

    @property
    def has_errors(self) -> bool:
        """Whether stderr is a stream of its own."""
        return self._errors is not None

    def read(self) -> bytes:
        """Wait for output; b"" when no process holds stdout any more, or after `hang_up`."""
        try:
            if self._pipe is not None:
                return self._pipe.recv(_CHUNK)
            return os.read(self._terminal, _CHUNK) if self._await_terminal(select.POLLIN) else b""
        except OSError:
            return b""  # EIO is how a terminal ends

    def read_errors(self) -> bytes:
        """Wait for stderr; b"" at its end."""
        try:
            return self._errors.recv(_CHUNK) if self._errors is not None else b""
        except OSError:
            return b""

    def write(self, data: bytes) -> None:
        """Give it stdin; what nobody reads any more is dropped."""
        with suppress(OSError):
            if self._pipe is not None:
                self._pipe.sendall(data)
                return
            while data and self._await_terminal(select.POLLOUT):
                data = data[os.write(self._terminal, data) :]

    def end_input(self) -> None:
        """Close stdin. A terminal cannot close its input alone: adbd leaves it open, so do we."""
        if self._pipe is not None:
            with suppress(OSError):
                self._pipe.shutdown(socket.SHUT_WR)

    def resize(self, rows: int, columns: int) -> None:
        """Tell the terminal, if there is one, how large the host's window is."""
        if self._terminal >= 0:
            with suppress(OSError, struct.error):
                fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def wait(self) -> int:
        """Wait for the shell's end; its status as adbd reports it (128 + signal when killed)."""
        status = self._process.wait()
        return status if status >= 0 else 0x80 | -status

    def hang_up(self) -> None:
        """Do what adbd does when the host closes the stream: no more pipes, and SIGHUP for the shell alone.

        Whoever waits in `read` or `write` wakes up. The kernel hangs up a terminal itself, in `close`.
        What ignores the signal lives on, as on a phone.
        """
        with self._ending:
            self._hung_up.set()
            if self._terminal >= 0:
                os.write(self._wake, b"\0")
            if self._pipe is None or self._errors is None:
                return
            self._process.send_signal(signal.SIGHUP)
            for end in (self._pipe, self._errors):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give back what the parent holds; only after the last `read` and `write`."""
        with self._ending:
            for end in (self._pipe, self._errors):
                if end is not None:
                    end.close()
            if self._terminal >= 0:
                for descriptor in (self._terminal, self._woken, self._wake):
                    os.close(descriptor)
                self._terminal = -1

    def _await_terminal(self, event: int) -> bool:
        """Wait until the terminal is ready for `event`; False once hung up."""
        poll = select.poll()
        poll.register(self._terminal, event)
        poll.register(self._woken, select.POLLIN)
        poll.poll()
        return not self._hung_up.is_set()


def _spawn(
    words: list[str], around: Surroundings, environment: Mapping[str, str], stdio: int, stderr: int
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - to run what the host asks for is the phone's job
        [word.encode("utf-8", "surrogateescape") for word in words],
        executable=around.shell,
        stdin=stdio,
        stdout=stdio,
        stderr=stderr,
        env=environment,
        cwd=around.folder,
        start_new_session=True,
    )
