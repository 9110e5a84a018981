"""The addresses of the phones: fleet, one phone, a report's signed bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseGone, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.text import get_valid_filename
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from server_stub.alerts.grace import all_in_grace
from server_stub.alerts.lateness import never_now
from server_stub.holders.models import Group
from server_stub.ingest.current import settle
from server_stub.phones import fleet
from server_stub.phones.models import Phone, Rank, StoredReport
from server_stub.phones.phone import Instant, phone_view
from server_stub.phones.status import PhoneStatus, headline_of, status_of
from server_stub.phones.trend import Trend, trend_of
from server_stub.privacy.hiding import PERMISSION
from server_stub.saved.views import ViewRow, opening_of
from server_stub.saved.views import rows as saved_views
from server_stub.web.answer import answer, wants_json
from server_stub.web.clauses import CLAUSES
from server_stub.web.keyset import cut, windows
from server_stub.web.sheet import sheet, wants_csv
from server_stub.web.words import SEVERITIES

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from server_stub.people.models import Person


@dataclass(frozen=True, slots=True)
class PhoneRow:
    """One line of the fleet's table."""

    address: str
    serial: str
    model: str
    maker: str
    android: str
    holder: str
    group: str
    asset_tag: str
    status: PhoneStatus
    headline: str
    grace_until: str | None = None  # it fails, but all that fails is in its grace until then or later


@dataclass(frozen=True, slots=True)
class FleetPage:
    """What the fleet page shows."""

    counts: fleet.Counts
    never_scanned: int  # listed with the holders, and not one of the phones counted above
    trend: Trend
    filters: fleet.Filters
    makers: list[str]
    androids: list[str]
    groups: list[str]
    views: list[ViewRow]
    phones: list[PhoneRow]
    after: str | None
    before: str | None


@require_safe
@permission_required("phones.view_phone", raise_exception=True)
def fleet_page(request: HttpRequest) -> HttpResponseBase:
    """Who fails, who is not proved, who is late."""
    settle(timezone.now())
    person = cast("Person", request.user)
    if not request.GET and not wants_json(request) and (opening := opening_of(person)):
        return HttpResponseRedirect(opening)
    filters = fleet.Filters.read(_query(request))
    if wants_csv(request):
        return fleet_sheet("phones", fleet.select(filters))
    found = cut(fleet.select(filters), fleet.order(filters), _query(request), settings.PAGE_SIZE)
    counts = fleet.count()
    page = FleetPage(
        counts=counts,
        never_scanned=never_now(),
        trend=trend_of(late=counts.late),
        filters=filters,
        makers=fleet.choices("manufacturer"),
        androids=fleet.choices("android_version"),
        views=saved_views(person, filters),
        groups=list(Group.objects.order_by("name").values_list("name", flat=True)[:200]),
        phones=phone_rows(found.rows),
        after=found.after,
        before=found.before,
    )
    return answer(request, "fleet.html", page, clauses=CLAUSES.values(), severities=SEVERITIES.items())


def phone_rows(phones: Sequence[Phone]) -> list[PhoneRow]:
    """The phones as lines of a list, with the graces of those that fail."""
    graces = all_in_grace([phone.key for phone in phones if phone.rank == Rank.FAIL], timezone.now())
    return [phone_row(phone, graces.get(phone.key)) for phone in phones]


def phone_row(phone: Phone, grace_until: datetime | None = None) -> PhoneRow:
    """One phone as a line of a list."""
    return PhoneRow(
        address=reverse("phone", args=[phone.key]),
        serial=phone.serial,
        model=phone.model,
        maker=phone.manufacturer,
        android=phone.android_version,
        holder=phone.holder,
        group=phone.group,
        asset_tag=phone.asset_tag,
        status=status_of(phone),
        headline=headline_of(phone),
        grace_until=grace_until.isoformat() if grace_until else None,
    )


@require_safe
@permission_required("phones.view_phone", raise_exception=True)
def phone_page(request: HttpRequest, key: str) -> HttpResponseBase:
    """One phone now, or at a past instant (`?at=`)."""
    settle(timezone.now())
    phone = get_object_or_404(Phone, key=key, scanned_at__isnull=False)
    if wants_csv(request):
        return _history_sheet(phone)
    instant, private = Instant.read(_query(request).get("at")), request.user.has_perm(PERMISSION)
    page = phone_view(phone, instant, _query(request), private=private)
    return answer(request, "phone.html", page)


@require_safe
@permission_required(PERMISSION, raise_exception=True)
def signed_report(request: HttpRequest, key: str, report_id: UUID) -> HttpResponse:
    """Exactly the bytes that the agent signed and sent; gone once they were erased."""
    report = get_object_or_404(StoredReport, phone_id=key, report_id=report_id)
    if report.erased_at is not None:
        return HttpResponseGone(gettext("The contents of this report were erased."), content_type="text/plain")
    ending = "jws" if report.media_type == "application/jose" else "jws.json"
    name = get_valid_filename(f"{key}-{report.scanned_at:%Y%m%dT%H%M%SZ}.{ending}")
    response = HttpResponse(bytes(report.signed), content_type=report.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def fleet_sheet(name: str, phones: "QuerySet[Phone]") -> HttpResponseBase:
    """These phones as CSV, by key, which never changes: each stands there once, whatever moves meanwhile."""
    columns = (
        "serial", "asset_tag", "manufacturer", "model", "android_version", "security_patch", "holder", "group",
    )  # fmt: skip
    header = (*columns, "status", "since", "late", "scanned_at", "headline")
    return sheet(
        name,
        header,
        (
            (*(getattr(phone, c) for c in columns), s.status, s.since, s.late, s.seen_at, headline_of(phone))
            for phone in windows(phones, ("key",))
            for s in (status_of(phone),)
        ),
    )


def _history_sheet(phone: Phone) -> HttpResponseBase:
    reports = StoredReport.objects.filter(phone=phone).select_related("agent").defer("signed")
    header = ("report_id", "scanned_at", "received_at", "status", "failed", "not_proved", "profile", "source")
    return sheet(
        get_valid_filename(f"{phone.key}-history"),
        (*header, "policy", "agent"),
        (
            (
                *(str(r.report_id), r.scanned_at.isoformat(), r.received_at.isoformat(), Rank(r.rank).label),
                *(r.failed, r.not_proved, r.profile, r.source, r.policy, r.agent.name),
            )
            for r in windows(reports, ("-scanned_at", "-report_id"))
        ),
    )


def _query(request: HttpRequest) -> Mapping[str, str]:
    return request.GET.dict()
