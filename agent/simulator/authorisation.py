"""Who may use the phone: adbd's challenge, and the person who taps "Allow USB debugging".

Source: packages/modules/adb, daemon/auth.cpp; the key's form is RSAPublicKey of libcrypto_utils'
android_pubkey.cpp: word count, n0inv, modulus and R squared (256 bytes each, little-endian), exponent.
"""

import base64
import binascii
import re
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA1

TOKEN_BYTES = 20

_KEY = struct.Struct("<II256s256sI")
_AFTER = re.compile(r"after (\d{1,5}(?:\.\d{1,3})?) ?s")


@dataclass(frozen=True, slots=True)
class Authorisation:
    """What happens to a computer that connects: trusted at once, after a tap some seconds later, or never."""

    any_key: bool = True
    tap_after_s: float | None = None

    @classmethod
    def of(cls, text: str) -> "Authorisation":
        """Read `always`, `never` or `after 3 s`; anything else is a ValueError."""
        if text == "always":
            return cls()
        if text == "never":
            return cls(any_key=False)
        if found := _AFTER.fullmatch(text):
            return cls(any_key=False, tap_after_s=float(found[1]))
        raise ValueError("expected always, never or `after N s`")


def read_key(payload: bytes) -> RSAPublicKey | None:
    """Read a computer's key as adb sends it (`BASE64 user@host`, NUL at the end); None if it is none."""
    try:
        blob = base64.b64decode(payload.rstrip(b"\0").split(b" ")[0], validate=True)
        words, _, modulus, _, exponent = _KEY.unpack(blob)
        if words != 64:
            return None
        return RSAPublicNumbers(exponent, int.from_bytes(modulus, "little")).public_key()
    except (ValueError, struct.error, binascii.Error):
        return None


def signed_by(key: RSAPublicKey, token: bytes, signature: bytes) -> bool:
    """Tell whether `signature` is this key's over the token (which stands in for a SHA-1 digest)."""
    try:
        key.verify(signature, token, PKCS1v15(), Prehashed(SHA1()))  # noqa: S303 - the protocol is SHA-1
    except InvalidSignature:
        return False
    return True
