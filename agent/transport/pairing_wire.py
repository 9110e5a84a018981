"""What a computer and a phone say to each other while they pair, inside TLS; both sides say the same things.

Source: packages/modules/adb, pairing_connection/pairing_connection.cpp and pairing_auth/ (API 30 to 36). A packet is
version 1, its kind, its length (big-endian) and its content: first each side's SPAKE2 message, then, encrypted by the
key that follows from both, who each side is: a computer's public key, a phone's name of itself (its GUID).
"""

import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from agent.transport.spake2 import MESSAGE_BYTES, Disagreement, Role, Spake2
from agent.transport.tls import TlsSocket

COMPUTERS_KEY, PHONES_GUID = 0, 1

_HEADER = struct.Struct(">BBI")
_VERSION = 1
_SPAKE2, _WHO = 0, 1
_WHO_BYTES = 8192
_TAG_BYTES = 16
_LABEL = b"adb-label\0"  # sizeof: the NUL belongs to it
_INFO = b"adb pairing_auth aes-128-gcm key"
_NONCE = bytes(12)  # counts what each side sends, and each sends one


class WrongCode(Exception):
    """The two sides do not know the same code."""


class Garbled(Exception):
    """The other side does not speak this protocol, or closed the connection."""


@dataclass(frozen=True, slots=True)
class Who:
    """What one side says of itself: `COMPUTERS_KEY` or `PHONES_GUID`, and its text."""

    kind: int
    text: bytes


def meet(tls: TlsSocket, role: Role, code: bytes, own: Who) -> Who:
    """Prove the code to the other side and learn who it is. Errors: WrongCode, Garbled, and the connection's own."""
    # The code is bound to this connection: who sits between two connections has two codes.
    spake2 = Spake2(role, code + tls.exported(_LABEL, 64))
    _send(tls, _SPAKE2, spake2.message)
    try:
        secret = spake2.key(_receive(tls, _SPAKE2, MESSAGE_BYTES))
    except Disagreement as error:
        raise Garbled from error
    cipher = AESGCM(HKDF(SHA256(), 16, None, _INFO).derive(secret))
    plain = bytes([own.kind]) + own.text
    _send(tls, _WHO, cipher.encrypt(_NONCE, plain.ljust(_WHO_BYTES, b"\0"), None))
    try:
        theirs = cipher.decrypt(_NONCE, _receive(tls, _WHO, _WHO_BYTES + _TAG_BYTES), None)
    except InvalidTag as error:
        raise WrongCode from error
    return Who(theirs[0], theirs[1:].partition(b"\0")[0])


def _send(tls: TlsSocket, kind: int, content: bytes) -> None:
    tls.sendall(_HEADER.pack(_VERSION, kind, len(content)) + content)


def _receive(tls: TlsSocket, kind: int, size: int) -> bytes:
    if _HEADER.unpack(_exactly(tls, _HEADER.size)) != (_VERSION, kind, size):
        raise Garbled
    return _exactly(tls, size)


def _exactly(tls: TlsSocket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        part = tls.recv(size - len(received))
        if not part:
            raise Garbled
        received += part
    return received
