"""SPAKE2 as adb pairs by it: two sides prove to each other that they know one short code, and come to share a key.

Source: BoringSSL's crypto/curve25519/spake25519.cc, which is no RFC 9382: points, transcript and the handling of the
cofactor are its own. The curve's arithmetic is libsodium's (PyNaCl), in constant time.
"""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Literal

from nacl.bindings import (
    crypto_core_ed25519_add,
    crypto_core_ed25519_sub,
    crypto_scalarmult_ed25519_base_noclamp,
    crypto_scalarmult_ed25519_noclamp,
)
from nacl.exceptions import CryptoError

Role = Literal["computer", "phone"]

MESSAGE_BYTES = 32

# The order of the curve's large subgroup.
_ORDER = 2**252 + 27742317777372353535851937790883648493
# SHA-256 of "edwards25519 point generation seed (M)" and of the same with (N): both happen to be points of the curve.
_M = hashlib.sha256(b"edwards25519 point generation seed (M)").digest()
_N = hashlib.sha256(b"edwards25519 point generation seed (N)").digest()
# pairing_auth.cpp hands over sizeof(name), so the NUL belongs to it.
_COMPUTER, _PHONE = b"adb pair client\0", b"adb pair server\0"


class Disagreement(Exception):
    """What the other side sent is no point that an honest one could send."""


@dataclass(frozen=True, slots=True)
class _Secret:
    role: Role
    password: bytes  # SHA-512 of what both should know
    scalar: int  # the ephemeral one, without its factor of eight


class Spake2:
    """One side of one attempt. Send `message`, then give the other side's to `key`."""

    def __init__(self, role: Role, password: bytes) -> None:
        self._secret = _Secret(role, hashlib.sha512(password).digest(), secrets.randbelow(_ORDER - 1) + 1)
        own = crypto_scalarmult_ed25519_base_noclamp(_scalar(8 * self._secret.scalar))
        self.message = crypto_core_ed25519_add(own, self._mask(_M if role == "computer" else _N))

    def key(self, message: bytes) -> bytes:
        """The 64 bytes that both sides share when both knew the password; others do not fit. Errors: Disagreement."""
        try:
            theirs = crypto_core_ed25519_sub(message, self._mask(_N if self._secret.role == "computer" else _M))
            shared = crypto_scalarmult_ed25519_noclamp(_scalar(self._secret.scalar), _eightfold(theirs))
        except (CryptoError, ValueError, TypeError) as error:
            raise Disagreement from error
        first, second = (self.message, message) if self._secret.role == "computer" else (message, self.message)
        transcript = hashlib.sha512()
        for part in (_COMPUTER, _PHONE, first, second, shared, self._secret.password):
            transcript.update(len(part).to_bytes(8, "little") + part)
        return transcript.digest()

    def _mask(self, point: bytes) -> bytes:
        """The password times the point. BoringSSL adds the order until the scalar is a multiple of eight."""
        scalar = int.from_bytes(self._secret.password, "little") % _ORDER
        while scalar % 8:
            scalar += _ORDER
        return crypto_scalarmult_ed25519_noclamp(_scalar(scalar // 8), _eightfold(point))


def _eightfold(point: bytes) -> bytes:
    """Eight times the point: what lies in a small subgroup of it is gone, and libsodium multiplies no other."""
    for _ in range(3):
        point = crypto_core_ed25519_add(point, point)
    return point


def _scalar(number: int) -> bytes:
    return (number % _ORDER).to_bytes(32, "little")
