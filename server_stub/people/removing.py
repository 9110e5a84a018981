"""Removing an account: nobody signs in by it any more, and what was kept of the person goes."""

from typing import Literal

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.db.models import ProtectedError

from server_stub.audit.chain import Actor, record
from server_stub.people.models import Person
from server_stub.saved.models import SavedView
from server_stub.tokens.models import ApiToken


def remove_person(name: str, actor: Actor) -> Literal["deleted", "emptied"] | None:
    """Delete the account; where it asked for or decided something that still stands, empty and lock it.

    Of an emptied account the user name stays, because an exception or a policy says by whom it came. Sessions and
    tokens end at once. None: there is no such account.
    """
    with transaction.atomic():
        person = Person.objects.select_for_update().filter(username=name).first()
        if person is None:
            return None
        try:
            with transaction.atomic():
                person.delete()
            how: Literal["deleted", "emptied"] = "deleted"
        except ProtectedError:
            _empty(person)
            how = "emptied"
        record("person.removed", actor, name, how=how)
    return how


def _empty(person: Person) -> None:
    for model, field in (
        (EmailAddress, "user"),
        (Authenticator, "user"),
        (SocialAccount, "user"),
        (SavedView, "owner"),
        (ApiToken, "person"),
    ):
        model.objects.filter(**{field: person}).delete()
    person.groups.clear()
    person.is_active = False
    person.set_unusable_password()
    person.email = person.first_name = person.last_name = ""
    person.save()
