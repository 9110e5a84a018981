"""Who may enter by the provider, and with which roles: read anew at each sign-in, none by default."""

from collections.abc import Mapping
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from server_stub.audit.chain import STRANGER, Actor, by, record
from server_stub.audit.often import too_often
from server_stub.openid.configuration import PROVIDER, OpenId
from server_stub.openid.provider import configured
from server_stub.people.models import Person

_WHY: Mapping[str, str | Promise] = {
    "no-role": _("Your account is known there, but none of its groups has a role here. Ask an administrator."),
    "email-taken": _("Another account here has your e-mail address, and it may not be linked. Ask an administrator."),
    "other-account": _("The account here with your e-mail address belongs to another account there."),
}


class RolesByGroup(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Lets in whom the provider knows and the configuration gives a role; makes their account at the first time."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Refuse, or give an existing person the roles of now. Raises ImmediateHttpResponse: the page that says why.

        Somebody whose groups have no role any more loses those that they had, in every session.
        """
        known = sociallogin.user if sociallogin.is_existing else None
        roles = roles_of(sociallogin.claims, configured())
        if known is not None and not sociallogin.account.pk and self._has_another(known):
            raise self._refused(request, "other-account")
        if known is not None:
            give(known, roles)
        if not roles:
            raise self._refused(request, "no-role", known)
        if known is None and self._email_taken(sociallogin):
            raise self._refused(request, "email-taken")

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Open: `pre_social_login` has turned away whoever has no role."""
        return True

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> Person:
        """Make the account of somebody who comes for the first time."""
        person: Person = super().save_user(request, sociallogin, form)
        record("person.created", Actor("person", person.username), person.username, by="OpenID Connect")
        give(person, roles_of(sociallogin.claims, configured()))
        return person

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        """Name it in the audit log: what the provider's answer lacked, in our words or its library's."""
        why = f"{type(exception).__name__}: {exception}" if exception else str(error)
        why = why.partition(": b'")[0]  # never the body of an answer: tokens stand in some
        _note(STRANGER, "provider", why)

    def _has_another(self, person: Person) -> bool:
        return bool(SocialAccount.objects.filter(user=person, provider=PROVIDER).exists())

    def _email_taken(self, sociallogin: SocialLogin) -> bool:
        addresses = [address.email for address in sociallogin.email_addresses]
        return any(Person.objects.filter(email__iexact=address).exists() for address in addresses)

    def _refused(self, request: HttpRequest, kind: str, person: Person | None = None) -> ImmediateHttpResponse:
        _note(by(person) if person else STRANGER, kind, kind)
        page = {"why": _WHY[kind], "name": configured().name}
        return ImmediateHttpResponse(render(request, "openid/refused.html", page, status=403))


def roles_of(claims: Mapping[str, Any], openid: OpenId) -> list[str]:
    """The roles that these claims have by the configuration; none when the claim is absent or of another form."""
    told = claims.get(openid.claim)
    groups = [told] if isinstance(told, str) else told if isinstance(told, list) else []
    return sorted({openid.roles[group] for group in groups if isinstance(group, str) and group in openid.roles})


def give(person: Person, roles: list[str]) -> None:
    """Make these the person's roles, and no others."""
    before = sorted(person.groups.values_list("name", flat=True))
    if before != roles:
        person.groups.set(Group.objects.filter(name__in=roles))
        record("person.roles-read", by(person), person.username, before=", ".join(before), now=", ".join(roles))


def _note(actor: Actor, kind: str, why: str) -> None:
    if not too_often("person.sign-in-refused", actor.name, kind):
        record("person.sign-in-refused", actor, kind, why=why)
