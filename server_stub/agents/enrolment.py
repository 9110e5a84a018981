"""Enrolment: a one-time code for an agent's public key."""

import hashlib
import secrets
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from server_stub.agents.models import Agent, EnrolmentCode
from server_stub.audit.chain import TERMINAL, Actor, by, record
from server_stub.ingest.refusal import Refusal
from server_stub.people.models import Person
from server_stub.web.text import clean

# Crockford's alphabet: no I, L, O, U, so that a code survives being read aloud and typed.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans("ILO", "110", "- \t")


def make_code(made_by: Person | None = None) -> tuple[str, datetime]:
    """Make a code, to be shown once. Returns it and when it expires."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))
    code, now = "-".join(groups), timezone.now()
    expires_at = now + settings.ENROLMENT_CODE_LIFETIME
    with transaction.atomic():
        EnrolmentCode.objects.create(digest=_digest(code), made_by=made_by, made_at=now, expires_at=expires_at)
        record("agent.code-made", by(made_by) if made_by else TERMINAL, f"code {_digest(code)[:8]}")
    return code, expires_at


def enrol(code: str, name: str, public_jwk: dict[str, Any]) -> Agent:
    """Take an agent in. The same key with the same code again gives the same answer, should one get lost.

    Raises Refusal: a code that is unknown, used or expired; no Ed25519 public key; a key that is enrolled already.
    """
    jwk, key_id = read_public_key(public_jwk)
    now = timezone.now()
    with transaction.atomic():
        found = EnrolmentCode.objects.select_for_update().filter(digest=_digest(code)).first()
        if found is None:
            raise Refusal(403, "wrong-code", "This enrolment code is not known here; check it, or ask for a new one.")
        if found.used_at is not None:
            if found.used_by is not None and found.used_by.id == key_id:
                return found.used_by
            raise Refusal(403, "used-code", "This enrolment code was used already; ask for a new one.")
        if found.expires_at <= now:
            raise Refusal(403, "expired-code", "This enrolment code has expired; ask for a new one.")
        if Agent.objects.filter(id=key_id).exists():
            raise Refusal(409, "known-key", "This agent's key is enrolled already; use another key for another agent.")
        agent = Agent.objects.create(id=key_id, name=clean(name, 120), public_jwk=jwk, enrolled_at=now)
        found.used_at, found.used_by = now, agent
        found.save()
        record("agent.enrolled", Actor("agent", agent.id), agent.name, code=found.digest[:8])
    return agent


def _digest(code: str) -> str:
    return hashlib.sha256(code.upper().translate(_READ_AS).encode()).hexdigest()


def read_public_key(jwk: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Returns the key's own members alone, and its id. Raises Refusal for all that is no public Ed25519 key."""
    if "d" in jwk:
        raise Refusal(422, "private-key", "public_jwk holds a private key; it must never be sent: make a new one.")
    try:
        plain = {name: jwk[name] for name in ("kty", "crv", "x")}
        if plain["kty"] != "OKP" or plain["crv"] != "Ed25519":
            raise ValueError
        key = OKPKey.import_key(plain)
    except (KeyError, ValueError, TypeError, AttributeError, JoseError):
        raise Refusal(422, "no-key", "public_jwk should be an Ed25519 public key (kty OKP, crv Ed25519, x).") from None
    return plain, key.thumbprint()
