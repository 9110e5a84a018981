"""One phone's page: its state at an instant, clause by clause, with proof, changes and history."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.core.exceptions import BadRequest
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from agent.report.model import Report
from server_stub.alerts.grace import in_grace
from server_stub.decisions.applying import as_it_stands, by_policy, decisions_of
from server_stub.phones.compare import Change, changes
from server_stub.phones.models import Phone, Rank, StoredReport
from server_stub.phones.reading import ClauseView, FactView, Step, clauses_of, facts_of, graced, steps_of
from server_stub.phones.status import PhoneStatus, status_of
from server_stub.phones.stored import report_of
from server_stub.privacy.hiding import without_names
from server_stub.web.keyset import cut
from server_stub.web.text import clean
from server_stub.web.words import PROFILES, SOURCES, WORDS

_HISTORY = 10
_TIMELINE = 30
_FIRST_STEPS = 6
_ORDER = ("-scanned_at", "-report_id")


@dataclass(frozen=True, slots=True)
class Instant:
    """The instant that a page shows; None is now."""

    at: datetime | None

    @classmethod
    def read(cls, text: str | None) -> "Instant":
        """Read RFC 3339. Raises BadRequest for anything else."""
        if not text:
            return cls(None)
        try:
            at = datetime.fromisoformat(text.replace(" ", "+"))
        except ValueError as error:
            raise BadRequest("`at` should be an instant like 2026-11-24T10:00:00Z") from error
        return cls(at if at.tzinfo else at.replace(tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One report of the past."""

    report_id: str
    scanned_at: str
    status: str
    word: str
    sign: str
    failed: int
    not_proved: int
    source: str
    policy: str
    agent: str
    page: str
    signed: str
    erased: bool
    shown: bool


@dataclass(frozen=True, slots=True)
class PhonePage:
    """What a phone's page shows."""

    key: str
    serial: str
    model: str
    maker: str
    android: str
    security_patch: str
    holder: str
    group: str
    asset_tag: str
    status: PhoneStatus
    erased_at: str | None  # when the shown report was emptied: then no clauses and facts
    past: bool  # the page shows an instant before the newest report
    report: HistoryRow
    profile: str
    certificate: bool  # of a hand-over: its PDF is the certificate
    policy_sha256: str
    published_policy: str  # by which the collector judged again; "": the agent judged by the same one
    steps: list[Step]
    more_steps: list[Step]  # advice, and what would make the first list too long to read
    clauses: list[ClauseView]
    changes: list[Change]
    changed_since: str | None
    facts: list[FactView]
    timeline: list[HistoryRow]
    history: list[HistoryRow]
    after: str | None
    before: str | None


def phone_view(phone: Phone, instant: Instant, query: Mapping[str, str], *, private: bool) -> PhonePage:
    """Read everything for the page; `private`: with the names of networks and devices.

    Raises Http404 when the phone was not yet known at that instant.
    """
    reports = StoredReport.objects.filter(phone=phone)
    upto = reports if instant.at is None else reports.filter(scanned_at__lte=instant.at)
    newest = list(upto.order_by(*_ORDER)[:2])
    if not newest:
        raise Http404
    shown = newest[0]
    past = str(shown.report_id) != str(phone.report_id)
    told, people, moment = report_of(phone, shown), decisions_of([phone])[phone.key], _moment(instant, shown, past=past)
    report = told if shown.erased_at else as_it_stands(told, people, moment)
    before = newest[1] if len(newest) > 1 and not shown.erased_at and not newest[1].erased_at else None
    # By the same policy, so that what changed is the phone and not the policy.
    previous = by_policy(report_of(phone, before), people, moment) if before else None
    if not private:
        report, previous = without_names(report), without_names(previous) if previous else None
    rows = reports.select_related("agent").defer("signed")
    steps = steps_of(report)
    history = cut(rows, _ORDER, query, _HISTORY)
    return PhonePage(
        key=phone.key,
        serial=phone.serial,
        model=phone.model,
        maker=phone.manufacturer,
        android=phone.android_version,
        security_patch=phone.security_patch,
        holder=phone.holder,
        group=phone.group,
        asset_tag=phone.asset_tag,
        status=status_of(phone),
        erased_at=shown.erased_at.isoformat() if shown.erased_at else None,
        past=past,
        report=_history_row(shown, shown),
        profile=str(PROFILES[report.profile]),
        certificate=report.profile == "handover",
        policy_sha256=report.policy.sha256,
        published_policy=_published(told, report),
        steps=[step for n, step in enumerate(steps) if _comes_first(step, n)],
        more_steps=[step for n, step in enumerate(steps) if not _comes_first(step, n)],
        clauses=graced(clauses_of(report), {} if past else in_grace([phone.key], timezone.now()).get(phone.key, {})),
        changes=changes(previous, report) if previous else [],
        changed_since=before.scanned_at.isoformat() if before else None,
        facts=facts_of(report),
        timeline=[_history_row(row, shown) for row in rows.order_by(*_ORDER)[:_TIMELINE]][::-1],
        history=[_history_row(row, shown) for row in history.rows],
        after=history.after,
        before=history.before,
    )


def _published(told: Report, report: Report) -> str:
    same = told.policy.sha256 == report.policy.sha256
    return "" if same else clean(f"{report.policy.id} {report.policy.version}", 120)


def _moment(instant: Instant, shown: StoredReport, *, past: bool) -> datetime:
    """By when what people decided is judged: the instant that was asked for, else now."""
    now = timezone.now()
    return min(instant.at or (shown.scanned_at if past else now), now)


def _comes_first(step: Step, place: int) -> bool:
    return not step.advice and (step.status == "fail" or place < _FIRST_STEPS)


def _history_row(report: StoredReport, shown: StoredReport) -> HistoryRow:
    rank = Rank(report.rank)
    word = WORDS[rank.label]
    at = report.scanned_at.isoformat().replace("+00:00", "Z")
    return HistoryRow(
        report_id=str(report.report_id),
        scanned_at=at,
        status=rank.label,
        word=str(word.text),
        sign=word.sign,
        failed=report.failed,
        not_proved=report.not_proved,
        source=str(SOURCES.get(report.source, "")),
        policy=report.policy,
        agent=report.agent.name,
        page=reverse("phone", args=[report.phone_id]) + f"?at={at}",
        signed=reverse("signed-report", args=[report.phone_id, report.report_id]),
        erased=report.erased_at is not None,
        shown=report.report_id == shown.report_id,
    )
