"""What happens to accounts, written into the audit log: sign-ins, passwords, second factors."""

from typing import Any

from allauth.account import signals as account
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa import signals as mfa
from django.contrib.auth import signals as auth
from django.http import HttpRequest

from server_stub.audit.chain import STRANGER, Actor, by, record
from server_stub.audit.often import too_often
from server_stub.people.models import Person

# allauth's words for how somebody proved who it is, and ours.
_WAYS = {"password": "password", "mfa": "second factor", "socialaccount": "OpenID Connect"}


def listen() -> None:
    """Connect to the signals."""
    auth.user_logged_in.connect(_signed_in, dispatch_uid="audit-in")
    auth.user_logged_out.connect(_did("person.signed-out"), weak=False, dispatch_uid="audit-out")
    auth.user_login_failed.connect(_failed, dispatch_uid="audit-failed")
    account.password_changed.connect(_did("person.password-changed"), weak=False, dispatch_uid="audit-password")
    mfa.authenticator_added.connect(_did("person.factor-added"), weak=False, dispatch_uid="audit-added")
    mfa.authenticator_removed.connect(_did("person.factor-removed"), weak=False, dispatch_uid="audit-removed")
    mfa.authenticator_reset.connect(_did("person.factor-renewed"), weak=False, dispatch_uid="audit-renewed")


def _signed_in(user: Person, request: HttpRequest, **_signal: Any) -> None:
    """With the ways in which the person proved who it is."""
    ways = [_WAYS.get(str(each.get("method")), "") for each in get_authentication_records(request, user)]
    record("person.signed-in", by(user), by=", ".join(way for way in ways if way))


def _did(action: str) -> Any:
    def listener(user: Person | None, authenticator: Any = None, **_signal: Any) -> None:
        if user is not None:
            record(action, by(user), **({"factor": str(authenticator.type)} if authenticator else {}))

    return listener


def _failed(credentials: dict[str, Any], **_signal: Any) -> None:
    """Name the account only when there is one: what is typed into the wrong field may be a password."""
    name = str(credentials.get("username") or "")
    actor = Actor("person", name) if Person.objects.filter(username=name).exists() else STRANGER
    if not too_often("person.sign-in-failed", actor.name):
        record("person.sign-in-failed", actor)
