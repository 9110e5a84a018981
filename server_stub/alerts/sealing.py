"""Addresses and secrets of channels, sealed by the collector's own key: a copy of the database tells nothing."""

import base64
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unreadable(Exception):
    """Sealed by another key than this collector's."""


def seal(what: dict[str, Any]) -> str:
    """For the database."""
    return _box().encrypt(json.dumps(what).encode()).decode()


def unseal(sealed: str) -> dict[str, Any]:
    """Raises Unreadable."""
    try:
        found: dict[str, Any] = json.loads(_box().decrypt(sealed.encode()))
    except InvalidToken as error:
        raise Unreadable from error
    return found


def _box() -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"posture alert channels").derive(settings.SECRET_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
