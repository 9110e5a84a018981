"""Making, ending and recognising API tokens (RFC 6750). Every scope only reads, but for one that brings holders in."""

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from server_stub.ingest.api import problem
from server_stub.ingest.refusal import Refusal
from server_stub.people.models import Person
from server_stub.tokens.models import ApiToken, Bearer
from server_stub.web.text import clean

_PREFIX = "posture_"  # so that scanners of source code recognise a leaked one
_READS = ("GET", "HEAD", "OPTIONS")
SCOPES: Mapping[str, frozenset[str]] = {
    "fleet:read": frozenset({"phones.view_phone"}),
    "agents:read": frozenset({"agents.view_agent"}),
    "holders:read": frozenset({"holders.view_holder"}),
    "holders:write": frozenset({"holders.import_holder"}),  # by POST /api/holders alone
    "audit:read": frozenset({"audit.view_entry"}),
    "decisions:read": frozenset({"decisions.view_waiver"}),
    "reports:read": frozenset({"phones.view_private"}),  # names of networks and devices, and whole reports
    "alerts:read": frozenset({"alerts.view_channel"}),
}


def make_token(name: str, person: str, scopes: Sequence[str], days: int) -> tuple[str, datetime]:
    """Make a token for a person, to be shown once. Raises ValueError with a sentence: no such person or scope."""
    holder = Person.objects.filter(username=person, is_active=True).first()
    if holder is None:
        raise ValueError(f"there is no user “{person}”")
    if unknown := sorted(set(scopes) - set(SCOPES)):
        raise ValueError(f"there is no scope “{unknown[0]}”; there are: {', '.join(SCOPES)}")
    token, now = _PREFIX + secrets.token_urlsafe(20), timezone.now()
    found = ApiToken(digest=_digest(token), name=clean(name, 120), person=holder, scopes=sorted(set(scopes)))
    found.made_at, found.expires_at = now, now + timedelta(days=days)
    found.save()
    return token, found.expires_at


def revoke_tokens(name: str) -> int:
    """End all tokens of that name. Returns how many."""
    return ApiToken.objects.filter(name=name, revoked_at=None).update(revoked_at=timezone.now())


def by_token(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Let a program in by `Authorization: Bearer`. A wrong token is refused, never taken for a stranger."""

    def answer(request: HttpRequest) -> HttpResponse:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return get_response(request)
        bearer = _bearer(token.strip())
        if bearer is None:
            refused = problem(Refusal(401, "wrong-token", "This token is not known here, has expired or was revoked."))
            refused.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
            return refused
        if request.method not in _READS and not request.path_info.startswith("/api/"):  # there, whoever signs counts
            return problem(Refusal(403, "read-only", "On the pages a token only reads; sign in to change something."))
        request.user = bearer
        return get_response(request)

    return answer


def _bearer(token: str) -> Bearer | None:
    now = timezone.now()
    found = ApiToken.objects.filter(digest=_digest(token), revoked_at=None, expires_at__gt=now).first()
    if found is None:
        return None
    bearer = Bearer.objects.filter(pk=found.person_id, is_active=True).first()
    if bearer is not None:
        bearer.allowed = frozenset().union(*(SCOPES.get(scope, frozenset()) for scope in found.scopes))
    return bearer


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
