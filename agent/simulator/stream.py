"""One shell stream: a child process on one side, packets of one ADB stream on the other.

Source: packages/modules/adb, protocol.txt (a side sends one WRTE and waits for its OKAY), shell_protocol.h
(a packet is an id, a little-endian length, data) and daemon/shell_service.cpp.
"""

import queue
import re
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress

from agent.simulator.child import Child
from agent.simulator.wire import CLSE, OKAY, WRTE, Disconnected, Wire

STDIN, STDOUT, STDERR, EXIT, CLOSE_STDIN, WINDOW = range(6)

_HEADER = struct.Struct("<BI")
_WINDOW = re.compile(rb"(\d{1,4})x(\d{1,4}),")
# A host may send one WRTE before it has our OKAY. One that does not wait must not fill our memory.
_MAX_WAITING = 8


class Stream:
    """Passes a child's output to the host and the host's input to the child until one of them ends."""

    def __init__(self, wire: Wire, ids: tuple[int, int], child: Child, *, framed: bool) -> None:
        """`ids`: ours, the host's. `framed`: the shell protocol (v2), else bytes as they come."""
        self._wire = wire
        self._ids = ids
        self._child = child
        self._framed = framed
        self._room = threading.Condition()
        self._may_send = True
        self._closed = False
        self._input: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._packets = _Packets()
        self._feeder = threading.Thread(target=self._feed, daemon=True)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to pass output."""
        self._thread.start()

    def join(self) -> None:
        """Wait until it is over and the child reaped."""
        self._thread.join()

    @property
    def session(self) -> int:
        """The session of its processes."""
        return self._child.session

    @property
    def is_over(self) -> bool:
        """Whether its child has ended and everything was given back."""
        return not self._thread.is_alive()

    def acknowledged(self) -> None:
        """The host has taken our last WRTE."""
        with self._room:
            self._may_send = True
            self._room.notify_all()

    def received(self, data: bytes) -> None:
        """Take a WRTE; it is acknowledged when the child has taken it, so a slow child slows the host."""
        if self._input.qsize() >= _MAX_WAITING:
            raise Disconnected("the host sends without waiting")
        with self._room:
            if self._closed:
                return
            if self._feeder.ident is None:
                self._feeder.start()
        self._input.put(data)

    def hang_up(self) -> None:
        """The host has closed the stream, or is gone."""
        with self._room:
            self._closed = True
            self._room.notify_all()
        self._child.hang_up()
        self._input.put(None)

    def _run(self) -> None:
        errors = threading.Thread(target=self._pass_errors, daemon=True)
        if self._child.has_errors:
            errors.start()
        with suppress(Disconnected):
            while data := self._child.read():
                self._send(data, STDOUT)
        if self._child.has_errors:
            errors.join()
        if not self._closed and self._framed:
            with suppress(Disconnected):
                self._send(bytes([self._child.wait()]), EXIT)
        self._finish()

    def _finish(self) -> None:
        with self._room:
            hung_up, self._closed = self._closed, True
        self._child.hang_up()
        self._input.put(None)
        if self._feeder.ident is not None:
            self._feeder.join()
        self._child.close()
        if not hung_up:
            with suppress(Disconnected):
                self._wire.send(CLSE, *self._ids)
        self._child.wait()

    def _pass_errors(self) -> None:
        with suppress(Disconnected):
            while data := self._child.read_errors():
                self._send(data, STDERR)

    def _send(self, data: bytes, kind: int) -> None:
        """Send in pieces that fit, each after the OKAY of the one before; Disconnected once closed."""
        header = _HEADER.size if self._framed else 0
        size = self._wire.max_payload - header
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            if self._framed:
                piece = _HEADER.pack(kind, len(piece)) + piece
            with self._room:
                self._room.wait_for(lambda: self._may_send or self._closed)
                if self._closed:
                    raise Disconnected("the stream is closed")
                self._may_send = False
            self._wire.send(WRTE, *self._ids, piece)

    def _feed(self) -> None:
        while (data := self._input.get()) is not None:
            if not self._framed:
                self._child.write(data)
            else:
                for kind, part in self._packets.split(data):
                    self._take(kind, part)
            with suppress(Disconnected):
                self._wire.send(OKAY, *self._ids)

    def _take(self, kind: int, part: bytes) -> None:
        if kind == STDIN:
            self._child.write(part)
        elif kind == CLOSE_STDIN:
            self._child.end_input()
        elif kind == WINDOW and (size := _WINDOW.match(part)):
            self._child.resize(int(size[1]), int(size[2]))


class _Packets:
    """Takes the shell protocol's packets apart as their bytes come, however they are cut."""

    def __init__(self) -> None:
        self._header = b""
        self._kind = 0
        self._left = 0

    def split(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield (id, bytes); a packet may come in several parts, so a length is never believed in memory."""
        while data:
            if not self._left:
                missing = _HEADER.size - len(self._header)
                self._header, data = self._header + data[:missing], data[missing:]
                if len(self._header) < _HEADER.size:
                    return
                self._kind, self._left = _HEADER.unpack(self._header)
                self._header = b""
                if not self._left:
                    yield self._kind, b""
                continue
            part, data = data[: self._left], data[self._left :]
            self._left -= len(part)
            yield self._kind, part
