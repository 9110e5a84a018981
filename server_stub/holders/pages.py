"""The holders' page: who has which phone, the groups, and a CSV to bring both up to date."""

from collections.abc import Iterator
from dataclasses import dataclass

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.db.models import Count, Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from server_stub.audit.chain import by
from server_stub.holders.importing import Outcome, import_holders, set_period
from server_stub.holders.models import Assignment, Group
from server_stub.holders.reading import COLUMNS
from server_stub.phones.models import Phone
from server_stub.web.answer import answer
from server_stub.web.keyset import cut, windows
from server_stub.web.sheet import sheet, wants_csv
from server_stub.web.text import clean


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """One phone and whose it is; `address` and `seen_at` are None while it was never scanned."""

    serial: str
    holder: str
    holder_id: str
    group: str
    asset_tag: str
    address: str | None
    seen_at: str | None


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One group; `late_after_hours` None: as for all others."""

    id: int
    name: str
    phones: int
    late_after_hours: int | None


@dataclass(frozen=True, slots=True)
class HoldersPage:
    """What the holders' page shows. `outcome` is there right after an import."""

    q: str
    seen: str  # "never": only those that were never scanned
    phones: list[AssignmentRow]
    groups: list[GroupRow]
    usual_hours: int
    outcome: Outcome | None
    after: str | None
    before: str | None


def _lines() -> Iterator[tuple[object, ...]]:
    for row in windows(Assignment.objects.select_related("holder", "group"), ("phone_key",)):
        holder, group = row.holder, row.group
        reference = holder.reference if holder and holder.reference != holder.name else ""
        yield (
            *(row.serial, holder.name if holder else "", reference, group.name if group else "", row.asset_tag),
            group.late_after_hours if group else None,
        )


class _Upload(forms.Form):
    """A file, and whether to only try it."""

    file = forms.FileField(allow_empty_file=True)
    dry_run = forms.BooleanField(required=False)


class _Period(forms.Form):
    """Hours, or nothing for the usual period."""

    hours = forms.IntegerField(required=False, min_value=1, max_value=8784)


@require_safe
@permission_required("holders.view_holder", raise_exception=True)
def holders_page(request: HttpRequest) -> HttpResponseBase:
    """Who has which phone; as CSV in the form that is imported."""
    if wants_csv(request):
        return sheet("holders", list(COLUMNS), _lines())
    return answer(request, "holders.html", _page(request))


@require_POST
@permission_required("holders.import_holder", raise_exception=True)
def import_file(request: HttpRequest) -> HttpResponse:
    """Import a CSV, or say what it would change."""
    form = _Upload(request.POST, request.FILES)
    content = form.cleaned_data["file"].read() if form.is_valid() else b""
    outcome = import_holders(content, by(request.user), dry_run=bool(request.POST.get("dry_run")))
    response = answer(request, "holders.html", _page(request, outcome))
    response.status_code = 422 if outcome.problems else 200
    return response


@require_POST
@permission_required("holders.import_holder", raise_exception=True)
def group_period(request: HttpRequest, group_id: int) -> HttpResponse:
    """Say when a phone of the group is late. A number that is none changes nothing."""
    group, form = get_object_or_404(Group, id=group_id), _Period(request.POST)
    if form.is_valid():
        set_period(group, form.cleaned_data["hours"], by(request.user))
    return redirect("holders")


def _page(request: HttpRequest, outcome: Outcome | None = None) -> HoldersPage:
    q = clean(request.GET.get("q", "").strip(), 100)
    rows = Assignment.objects.select_related("holder", "group")
    if q:
        words = Q(serial__icontains=q) | Q(holder__name__icontains=q) | Q(asset_tag__icontains=q)
        rows = rows.filter(words | Q(group__name__icontains=q))
    seen_never = request.GET.get("seen") == "never"
    if seen_never:
        scanned = Phone.objects.filter(key=OuterRef("phone_key"), scanned_at__isnull=False)
        rows = rows.filter(~Exists(scanned))
    found = cut(rows, ("phone_key",), request.GET.dict(), settings.PAGE_SIZE)
    seen = dict(Phone.objects.filter(key__in=[row.phone_key for row in found.rows]).values_list("key", "scanned_at"))
    return HoldersPage(
        q=q,
        seen="never" if seen_never else "",
        phones=[
            AssignmentRow(
                serial=row.serial,
                holder=row.holder.name if row.holder else "",
                holder_id=row.holder.reference if row.holder and row.holder.reference != row.holder.name else "",
                group=row.group.name if row.group else "",
                asset_tag=row.asset_tag,
                address=reverse("phone", args=[row.phone_key]) if seen.get(row.phone_key) else None,
                seen_at=at.isoformat() if (at := seen.get(row.phone_key)) else None,
            )
            for row in found.rows
        ],
        groups=[
            GroupRow(group.pk, group.name, group.held, group.late_after_hours)
            for group in Group.objects.annotate(held=Count("phones")).order_by("name")[:200]
        ],
        usual_hours=int(settings.LATE_AFTER.total_seconds() // 3600),
        outcome=outcome,
        after=found.after,
        before=found.before,
    )
