"""What throttles remember: under keyed digests, since their own keys hold network addresses; until it expires."""

from datetime import datetime

from django.utils.crypto import salted_hmac

from server_stub.people.models import Remembered

_SALT = "people.throttles"


def sealed(key: str, prefix: str, version: int) -> str:
    """The key under which Django's cache keeps a value (`KEY_FUNCTION`)."""
    return salted_hmac(_SALT, f"{prefix}:{version}:{key}", algorithm="sha256").hexdigest()


def forget(now: datetime) -> None:
    """Delete what has expired."""
    Remembered.objects.filter(expires__lt=now).delete()
