"""Saved views: the fleet page's filters under a name, one's own and everybody's."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from server_stub.audit.chain import TERMINAL
from server_stub.audit.models import Entry
from server_stub.holders.models import Assignment, Holder
from server_stub.people.models import Person
from server_stub.privacy.erasure import erase_holder
from server_stub.saved.models import SavedView
from server_stub.tokens.bearer import make_token
from tests.collector.signing import NOW, result

pytestmark = pytest.mark.django_db
QUERY = "status=non_compliant&group=Press"


@pytest.fixture(autouse=True)
def phones(scan: Callable[..., Any]) -> None:
    scan("P1", results=(result("lock", "7", "fail"),))


def save(client: Client, name: str, query: str = QUERY, **form: str) -> Any:
    return client.post("/views/", {"name": name, "query": query} | form)


def seen(client: Client, address: str = "/?view=all") -> list[tuple[str, str, bool, bool]]:
    views = client.get(f"{address}&format=json").json()["views"]
    return [(view["name"], view["address"], view["own"], view["opens"]) for view in views]


def number(client: Client, name: str) -> int:
    views = client.get("/?format=json").json()["views"]
    return next(int(view["id"]) for view in views if view["name"] == name)


def test_filters_are_kept_under_a_name_and_stand_as_a_link_above_the_table(viewer: Client) -> None:
    answer = save(viewer, " Press, failing ", f"{QUERY}&q=&sort=attention&after=x&junk=1")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/?{QUERY}")
    page = viewer.get(f"/?{QUERY}").content.decode()
    assert '<a href="/?status=non_compliant&amp;group=Press" aria-current="page">Press, failing</a>' in page
    assert "is saved" in page
    assert seen(viewer) == [("Press, failing", f"/?{QUERY}", True, False)]


def test_the_same_name_again_takes_the_views_place(viewer: Client) -> None:
    save(viewer, "Mine")
    save(viewer, "Mine", "late=yes")
    assert seen(viewer) == [("Mine", "/?late=yes", True, False)]
    with pytest.raises(IntegrityError), transaction.atomic():
        SavedView.objects.create(owner=Person.objects.get(), name="Mine", made_at=NOW)


def test_nobody_sees_anothers_view_that_is_not_shared(viewer: Client, sign_in: Callable[[str], Client]) -> None:
    save(viewer, "Mine")
    auditor = sign_in("auditor")
    assert seen(auditor) == []
    for path in ("delete", "opening"):
        assert auditor.post(f"/views/{number(viewer, 'Mine')}/{path}/", {"opens": "yes"}).status_code == 404
    assert viewer.post(f"/views/{number(viewer, 'Mine')}/delete/").status_code == 302
    assert seen(viewer) == []
    assert not Entry.objects.filter(action__startswith="view.").exists()


@pytest.mark.parametrize(
    ("role", "may"),
    [("viewer", False), ("auditor", False), ("operator", True), ("approver", True), ("administrator", True)],
)
def test_who_may_share(role: str, sign_in: Callable[[str], Client], *, may: bool) -> None:
    client, reader = sign_in(role), Client()
    reader.force_login(Person.objects.create(username="reader", is_superuser=True))
    assert ("Share it with everybody" in client.get(f"/?{QUERY}").content.decode()) == may
    assert save(client, "Press", shared="yes").status_code == (302 if may else 403)
    assert seen(reader) == ([("Press", f"/?{QUERY}", False, False)] if may else [])
    if may:
        assert f"by {role}" in reader.get("/?view=all").content.decode()
        assert reader.post(f"/views/{number(reader, 'Press')}/delete/").status_code == 404
        assert client.post(f"/views/{number(client, 'Press')}/delete/").status_code == 302
    rows = Entry.objects.filter(action__startswith="view.").order_by("number").values_list("actor", "action", "subject")
    told = [(actor, action, subject.partition(" ")[0]) for actor, action, subject in rows]
    assert told == ([(role, "view.shared", "view"), (role, "view.unshared", "view")] if may else [])


def test_no_longer_sharing_a_view_is_audited_and_takes_it_from_others(
    viewer: Client, sign_in: Callable[[str], Client]
) -> None:
    operator = sign_in("operator")
    save(operator, "Press", shared="yes")
    viewer.post(f"/views/{number(viewer, 'Press')}/opening/", {"opens": "yes"})
    assert viewer.get("/").headers["Location"] == f"/?{QUERY}"
    save(operator, "Press")
    assert seen(viewer) == []
    assert viewer.get("/").status_code == 200
    assert Entry.objects.filter(action="view.unshared", subject__startswith="view ").count() == 1


def test_the_fleet_opens_with_the_view_that_a_person_chose(viewer: Client) -> None:
    save(viewer, "Mine", opens="yes")
    assert viewer.get("/").headers["Location"] == f"/?{QUERY}"
    assert viewer.get("/?view=all").status_code == 200
    assert viewer.get("/", headers={"Accept": "application/json"}).status_code == 200  # programs get what they ask for
    assert seen(viewer) == [("Mine", f"/?{QUERY}", True, True)]
    viewer.post(f"/views/{number(viewer, 'Mine')}/opening/", {})
    assert viewer.get("/").status_code == 200


def test_a_view_without_a_name_and_one_too_many_are_refused_in_words(viewer: Client) -> None:
    save(viewer, "  ")
    assert "A view needs a name." in viewer.get("/?view=all").content.decode()
    person = Person.objects.get()
    SavedView.objects.bulk_create(SavedView(owner=person, name=f"V{n}", made_at=NOW) for n in range(40))
    save(viewer, "One more")
    assert "You have 40 views already" in viewer.get("/?view=all").content.decode()
    assert not SavedView.objects.filter(name="One more").exists()


def test_a_hostile_name_and_query_are_kept_as_text(viewer: Client) -> None:
    save(viewer, "<b>\u202e", "q=%3Cscript%3E&status=%00&clause=" + "x" * 5000)
    page = viewer.get("/?view=all").content.decode()
    assert "<script>" not in page
    assert "&lt;b&gt;\N{REPLACEMENT CHARACTER}" in page
    assert SavedView.objects.get().query.startswith("q=%3Cscript%3E&clause=")


def test_a_program_sees_the_views_of_its_user(viewer: Client, client: Client) -> None:
    save(viewer, "Mine")
    token, _ = make_token("nightly", "viewer", ["fleet:read"], 1)
    answer = client.get("/", headers={"Authorization": f"Bearer {token}", "Accept": "application/json"})
    assert [view["name"] for view in answer.json()["views"]] == ["Mine"]


def test_views_go_with_the_person_and_searches_with_the_holder(viewer: Client) -> None:
    holder = Holder.objects.create(reference="E-1", name="Ana Pérez")
    Assignment.objects.create(phone_key="P1", serial="P1", holder=holder)
    save(viewer, "Ana's", "q=Ana P%C3%A9rez")
    save(viewer, "Late", "late=yes")
    erase_holder("E-1", TERMINAL)
    assert seen(viewer) == [("Late", "/?late=yes", True, False)]
    Person.objects.get(username="viewer").delete()
    assert SavedView.objects.count() == 0
