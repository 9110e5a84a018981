"""The addresses of the phones: fleet, one phone, a report's signed bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.text import get_valid_filename
from django.views.decorators.http import require_safe

from server_stub.ingest.current import settle
from server_stub.phones import fleet
from server_stub.phones.models import Phone, StoredReport
from server_stub.phones.phone import Instant, phone_view
from server_stub.phones.status import PhoneStatus, headline_of, late_before, status_of
from server_stub.web.answer import answer
from server_stub.web.clauses import CLAUSES
from server_stub.web.keyset import cut


@dataclass(frozen=True, slots=True)
class PhoneRow:
    """One line of the fleet's table."""

    address: str
    serial: str
    model: str
    maker: str
    android: str
    holder: str
    status: PhoneStatus
    headline: str


@dataclass(frozen=True, slots=True)
class FleetPage:
    """What the fleet page shows."""

    counts: fleet.Counts
    filters: fleet.Filters
    makers: list[str]
    androids: list[str]
    phones: list[PhoneRow]
    after: str | None
    before: str | None


@require_safe
@permission_required("phones.view_phone", raise_exception=True)
def fleet_page(request: HttpRequest) -> HttpResponse:
    """Who fails, who is not proved, who is late."""
    settle(timezone.now())
    filters, limit = fleet.Filters.read(_query(request)), late_before()
    found = cut(fleet.select(filters, limit), fleet.ORDERS[filters.sort], _query(request), settings.PAGE_SIZE)
    page = FleetPage(
        counts=fleet.count(limit),
        filters=filters,
        makers=fleet.choices("manufacturer"),
        androids=fleet.choices("android_version"),
        phones=[_row(phone) for phone in found.rows],
        after=found.after,
        before=found.before,
    )
    return answer(request, "fleet.html", page, clauses=CLAUSES.values())


def _row(phone: Phone) -> PhoneRow:
    return PhoneRow(
        address=reverse("phone", args=[phone.key]),
        serial=phone.serial,
        model=phone.model,
        maker=phone.manufacturer,
        android=phone.android_version,
        holder=phone.holder,
        status=status_of(phone),
        headline=headline_of(phone),
    )


@require_safe
@permission_required("phones.view_phone", raise_exception=True)
def phone_page(request: HttpRequest, key: str) -> HttpResponse:
    """One phone now, or at a past instant (`?at=`)."""
    settle(timezone.now())
    phone = get_object_or_404(Phone, key=key, scanned_at__isnull=False)
    return answer(request, "phone.html", phone_view(phone, Instant.read(_query(request).get("at")), _query(request)))


@require_safe
@permission_required("phones.view_phone", raise_exception=True)
def signed_report(request: HttpRequest, key: str, report_id: UUID) -> HttpResponse:
    """Exactly the bytes that the agent signed and sent."""
    report = get_object_or_404(StoredReport, phone_id=key, report_id=report_id)
    ending = "jws" if report.media_type == "application/jose" else "jws.json"
    name = get_valid_filename(f"{key}-{report.scanned_at:%Y%m%dT%H%M%SZ}.{ending}")
    response = HttpResponse(bytes(report.signed), content_type=report.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _query(request: HttpRequest) -> Mapping[str, str]:
    return request.GET.dict()
