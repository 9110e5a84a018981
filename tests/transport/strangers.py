"""What may listen at a phone's address and is none, or is one that does not go on."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def listening(serve: Callable[[socket.socket], None], connections: int = 1) -> Iterator[int]:
    """A port where `serve` gets each of so many connections in turn; its end closes it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            for _ in range(connections):
                connection, _ = listener.accept()
                with connection, suppress(ConnectionResetError, BrokenPipeError):
                    serve(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield int(listener.getsockname()[1])
        thread.join(20)
        assert not thread.is_alive()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def packet(command: bytes, arg0: int = 0, arg1: int = 0, data: bytes = b"") -> bytes:
    """An ADB packet as protocol.txt in AOSP's packages/modules/adb has it."""
    (word,) = struct.unpack("<I", command)
    return struct.pack("<6I", word, arg0, arg1, len(data), sum(data), word ^ 0xFFFFFFFF) + data


def until_closed(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass
