"""Removing an account: no more way in, and nothing of the person that is not needed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from server_stub.audit.models import Entry
from server_stub.decisions.models import Waiver
from server_stub.people.models import Person
from server_stub.run import remove_person
from server_stub.saved.models import SavedView
from server_stub.tokens.bearer import make_token
from tests.collector.serving import posture_collector
from tests.collector.signing import NOW
from tests.collector.test_policies import overlay, submit

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("asked", [False, True])
def test_a_removed_account_is_gone_or_empty(sign_in: Callable[[str], Client], client: Client, *, asked: bool) -> None:
    browser = sign_in("operator")
    person = Person.objects.get()
    person.email, person.first_name = "olga@example.org", "Olga"
    person.save()
    TOTP.activate(person, generate_totp_secret())
    SocialAccount.objects.create(user=person, provider="openid_connect", uid="7")
    SavedView.objects.create(owner=person, name="Mine", made_at=NOW)
    token, _ = make_token("nightly", "operator", ["fleet:read"], 1)
    if asked:
        Waiver.objects.create(rule="lock", phone_key="P1", requested_by=person, requested_at=NOW, until=NOW)
    assert remove_person("operator") == ("emptied" if asked else "deleted")
    assert browser.get("/").status_code == 302
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    assert client.get("/", headers=headers).status_code == 401
    assert [each.objects.count() for each in (Authenticator, SocialAccount, SavedView)] == [0, 0, 0]
    left = [(each.username, each.email, each.first_name, each.is_active) for each in Person.objects.all()]
    assert left == ([("operator", "", "", False)] if asked else [])
    assert Entry.objects.get(action="person.removed").details == {"how": "emptied" if asked else "deleted"}


def test_what_a_removed_person_asked_for_cannot_be_approved(sign_in: Callable[[str], Client]) -> None:
    """Else whoever came back under another account, by a provider say, could approve their own."""
    asking, approver = sign_in("approver"), sign_in("administrator")
    person = Person.objects.get(username="approver")
    waiver = Waiver.objects.create(rule="lock", phone_key="P1", requested_by=person, requested_at=NOW, until=NOW)
    address = submit(asking, overlay(30)).headers["Location"]
    assert remove_person("approver") == "emptied"
    for path in (f"/waivers/{waiver.pk}/approve/", f"{address}approve/"):
        refused = approver.post(path)
        assert refused.status_code == 409
        assert "has no account here any more" in refused.content.decode()
    assert approver.post(f"/waivers/{waiver.pk}/refuse/").status_code == 302
    assert approver.post(f"{address}refuse/").status_code == 302


def test_by_the_command(tmp_path: Path) -> None:
    posture_collector(tmp_path, "create-user", "ana")
    ended = posture_collector(tmp_path, "remove-user", "ana")
    assert (ended.returncode, ended.stdout) == (0, "ana was removed.\n")
