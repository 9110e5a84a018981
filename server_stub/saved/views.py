"""What a person sees of the saved views, and what they do with them."""

from dataclasses import asdict, dataclass, replace
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from server_stub.audit.chain import by, record
from server_stub.people.models import Person
from server_stub.phones.fleet import Filters
from server_stub.saved.models import Opening, SavedView
from server_stub.web.text import clean

MOST = 40  # of one person's own
_SHOWN = 100
_ALL = "view=all"  # says nothing but that the person wants the fleet page as it is


@dataclass(frozen=True, slots=True)
class ViewRow:
    """One view. `by` shared it with everybody; `opens` says that this person's fleet page opens with it."""

    id: int
    name: str
    address: str
    shared: bool
    own: bool
    by: str
    current: bool
    opens: bool


def rows(person: Person, filters: Filters) -> list[ViewRow]:
    """The person's own views and those that others share, by name; `current` is the one that the filters are."""
    found = _seen_by(person).select_related("owner").order_by("name", "id")[:_SHOWN]
    opening = Opening.objects.filter(person=person.pk).values_list("view_id", flat=True).first()
    now = query_of(filters)
    return [
        ViewRow(
            id=view.pk,
            name=view.name,
            address=_address(view),
            shared=view.shared,
            own=view.owner_id == person.pk,
            by=view.owner.username if view.shared else "",
            current=view.query == now,
            opens=view.pk == opening,
        )
        for view in found
    ]


def opening_of(person: Person) -> str | None:
    """The address with which the person's fleet page opens; None: as it is."""
    view = _seen_by(person).filter(pk__in=Opening.objects.filter(person=person.pk).values("view_id")).first()
    return None if view is None else _address(view)


def save(person: Person, name: str, query: str, *, shared: bool) -> SavedView | None:
    """Keep these filters under this name, in the place of the person's own view of that name. None: too many."""
    kept = query_of(Filters.read(QueryDict(query).dict()))
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=person.pk)
        view = SavedView.objects.filter(owner=person.pk, name=name).first()
        if view is None and SavedView.objects.filter(owner=person.pk).count() >= MOST:
            return None
        view = view or SavedView(owner_id=person.pk, name=name)
        was_shared, view.shared = view.shared, shared
        view.query, view.made_at = kept, timezone.now()
        view.save()
        if shared or was_shared:
            _record("view.shared" if shared else "view.unshared", person, view)
    return view


def delete(person: Person, view_id: int) -> bool:
    """Delete one of the person's own views. False when there is none."""
    with transaction.atomic():
        view = SavedView.objects.select_for_update().filter(pk=view_id, owner=person.pk).first()
        if view is None:
            return False
        if view.shared:
            _record("view.unshared", person, view)
        view.delete()
    return True


def open_with(person: Person, view_id: int, *, opens: bool) -> bool:
    """Let the person's fleet page open with this view, or as it is. False when the person sees no such view."""
    view = _seen_by(person).filter(pk=view_id).first()
    if view is None:
        return False
    if opens:
        Opening.objects.update_or_create(person_id=person.pk, defaults={"view": view})
    else:
        Opening.objects.filter(person=person.pk, view=view).delete()
    return True


def query_of(filters: Filters) -> str:
    """The filters as in an address, without those that ask for nothing, always in one order."""
    told = {name: value for name, value in asdict(filters).items() if value and (name, value) != ("sort", "attention")}
    return urlencode(told)


def name_of(text: str) -> str:
    """A name as it is kept; "" is none."""
    return clean(text.strip(), 60)


def forget_name(name: str) -> None:
    """Delete the views by which people looked for this person, or called after them."""
    name = name.casefold()
    for view in SavedView.objects.all():
        searched = QueryDict(view.query).get("q", "").casefold()
        if name in view.name.casefold() or name in searched or (len(searched) > 1 and searched in name):
            view.delete()


def _record(action: str, person: Person, view: SavedView) -> None:
    """Without what was searched for and without the name: either may be a holder's, and the log is for ever."""
    query = query_of(replace(Filters.read(QueryDict(view.query).dict()), q=""))
    record(action, by(person), f"view {view.pk}", query=query)


def _seen_by(person: Person) -> "QuerySet[SavedView]":
    return SavedView.objects.filter(Q(owner=person.pk) | Q(shared=True))


def _address(view: SavedView) -> str:
    return f"/?{view.query or _ALL}"
