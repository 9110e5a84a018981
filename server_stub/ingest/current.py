"""Moving the phones' current state: each phone's newest look counts, whatever the order of arrival."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agent.report.model import Report
from server_stub.alerts.changes import changed as noted
from server_stub.decisions.applying import (
    Decisions,
    as_it_stands,
    decided,
    decisions_of,
    statements_of,
    waivers_of,
)
from server_stub.ingest import extract
from server_stub.ingest.by_hand import written
from server_stub.ingest.envelope import payload_of
from server_stub.phones.models import Phone, Rank, RuleState, StoredReport
from server_stub.phones.standing import holds_until
from server_stub.phones.tally import FLEET, Moves, places
from server_stub.policies.published import Published
from server_stub.web.text import clean
from server_stub.web.words import in_every_language

Rules = dict[str, RuleState]


@dataclass(frozen=True, slots=True)
class Found:
    """Locked phones by key, the keys of those with statements and with exceptions, and the policies."""

    phones: Mapping[str, Phone]
    stated: Collection[str]
    excepted: Collection[str]
    policies: Published


@dataclass(frozen=True, slots=True)
class Look:
    """One report: of which phone, when it was looked at, and how each rule stands."""

    report: Report
    key: str
    at: datetime
    rules: Mapping[str, extract.Columns]
    digest: str

    @classmethod
    def of(cls, report: Report, key: str, at: datetime) -> "Look":
        """The look that a report tells of."""
        rules = extract.rules(report)
        return cls(report, key, at, rules, extract.digest_of(rules))

    @property
    def order(self) -> tuple[datetime, str]:
        """The later one of two is the newer look, whatever the order of arrival."""
        return self.at, self.report.report_id

    def judged(self, people: Decisions, now: datetime) -> "Look":
        """The look with what people decided laid over it."""
        report = decided(self.report, people, now)
        return self if report is self.report else Look.of(report, self.key, self.at)

    def differs_from(self, phone: Phone) -> bool:
        """Whether any rule, or the verdict, would stand otherwise."""
        return phone.rules_digest != self.digest or phone.rank != extract.rank(self.report)


LAPSED = _("An exception or a statement has lapsed; scan the phone again.")
_AT_ONCE = 200
_PHONE = (
    "manufacturer", "model", "android_version", "security_patch", "report_id", "scanned_at", "rank", "rank_since",
    "holds_until", "profile", "headline", "policy_sha256", "rules_digest",
)  # fmt: skip
_REJUDGED = ("rank", "rank_since", "holds_until", "headline", "policy_sha256", "rules_digest")
_COLUMNS = ("clause", "status", "severity", "strength", "in_the_way")  # as in extract.Columns
_RULE = (*_COLUMNS, "since", "failed_since")


def move(found: Found, looks: Iterable[Look]) -> None:
    """Apply looks to locked phones, and write what differs in few statements.

    From one night to the next most phones stand as they stood: of these no rule is read or written.
    """
    phones, looks, now = found.phones, sorted(looks, key=lambda look: look.order), timezone.now()
    people = _decisions(found, {look.key for look in looks})
    ordered = [look.judged(people[look.key], now) for look in looks]
    before = _rules_of({each.key for each in ordered if each.differs_from(phones[each.key])})
    after, moves, moved = dict(before), Moves(), dict[str, Phone]()
    for look in ordered:
        phone = phones[look.key]
        if phone.scanned_at is not None and look.order <= (phone.scanned_at, str(phone.report_id)):
            continue
        moved[look.key] = phone
        if look.key not in before:
            _move_phone(phone, look)
            continue
        stood = places(phone, after[look.key].values())
        _move_phone(phone, look)
        after[look.key] = _moved_rules(after[look.key], look.key, look.rules, look.at)
        moves.add(look.key, stood, places(phone, after[look.key].values()), look.at)
    written(list(moved.values()), key=("key",), update=_PHONE)
    _write_rules(before, after)
    moves.write()


def _decisions(found: Found, keys: Collection[str]) -> dict[str, Decisions]:
    """What people decided about locked phones; asked only of those of which there is something."""
    phones = [found.phones[key] for key in keys]
    statements = statements_of(phone for phone in phones if phone.key in found.stated)
    excepted = [phone for phone in phones if phone.key in found.excepted]
    waivers = waivers_of(excepted) if excepted else {}
    return {
        phone.key: Decisions(waivers.get(phone.key, ()), statements.get(phone.key, ()), found.policies.over(phone))
        for phone in phones
    }


def settle(now: datetime) -> None:
    """Let what lapsed count no longer: a phone that met by an exception or a statement is not proved from then on.

    Whoever reads the fleet calls it; it finds nothing to do by an index, but when something has just lapsed.
    """
    after, due = "", Phone.objects.filter(holds_until__lte=now).order_by("key")
    while keys := list(due.filter(key__gt=after).values_list("key", flat=True)[:_AT_ONCE]):
        after = keys[-1]  # each once: whatever a report says, this ends
        rejudge(keys, now)


def rejudge(keys: Sequence[str], now: datetime) -> None:
    """Judge phones anew by their current reports: somebody decided something, or something lapsed."""
    for start in range(0, len(keys), _AT_ONCE):
        with transaction.atomic():
            seen = Phone.objects.filter(key__in=keys[start : start + _AT_ONCE], scanned_at__isnull=False)
            phones = {phone.key: phone for phone in seen.order_by("key").select_for_update()}
            before, people, moves = _rules_of(phones), decisions_of(phones.values()), Moves()
            after = {key: _rejudge(phone, before[key], people[key], moves, now) for key, phone in phones.items()}
            Phone.objects.bulk_update(phones.values(), _REJUDGED)
            _write_rules(before, after)
            moves.write()


def _rejudge(phone: Phone, rules: Rules, people: Decisions, moves: Moves, now: datetime) -> Rules:
    lapsed_at = phone.holds_until if phone.holds_until and phone.holds_until <= now else None
    stood, since = places(phone, rules.values()), lapsed_at or now
    stored = StoredReport.objects.get(phone=phone, report_id=str(phone.report_id))
    if stored.erased_at is not None:
        return _rejudge_erased(phone, rules, moves, since)
    report = as_it_stands(payload_of(bytes(stored.signed), stored.media_type), people, now)
    rank = extract.rank(report)
    if rank != phone.rank:
        phone.rank, phone.rank_since = rank, since
    fell = lapsed_at is not None and stood.get(FLEET) == Rank.MEETS and rank is not Rank.MEETS
    phone.headline = in_every_language(LAPSED) if fell else extract.headline(report)
    phone.holds_until, phone.policy_sha256 = holds_until(report), report.policy.sha256
    stands = extract.rules(report)
    phone.rules_digest = extract.digest_of(stands)
    after = _moved_rules(rules, phone.key, stands, since)
    moves.add(phone.key, stood, places(phone, after.values()), since)
    return after


def _rejudge_erased(phone: Phone, rules: Rules, moves: Moves, at: datetime) -> Rules:
    """Of a report without contents only the worst can be said: what was excepted or stated is not proved."""
    stood, after = places(phone, rules.values()), {name: copy(rule) for name, rule in rules.items()}
    if phone.holds_until is not None and phone.rank == Rank.MEETS:
        phone.rank, phone.rank_since = Rank.NOT_PROVED, at
        phone.headline = in_every_language(LAPSED)
    for rule in after.values():
        if rule.status == "waived":
            rule.status, rule.in_the_way, rule.since = "inconclusive", True, at
    phone.holds_until, phone.rules_digest = None, ""
    moves.add(phone.key, stood, places(phone, after.values()), at)
    return after


def _rules_of(phones: Iterable[str]) -> dict[str, Rules]:
    found: dict[str, Rules] = {key: {} for key in phones}
    for state in RuleState.objects.filter(phone__in=list(found)) if found else ():
        found[state.phone_id][state.rule] = state
    return found


def _move_phone(phone: Phone, look: Look) -> None:
    report, at = look.report, look.at
    device, rank = report.device, extract.rank(report)
    if phone.scanned_at is None or phone.rank != rank:
        phone.rank, phone.rank_since = rank, at
    phone.report_id, phone.scanned_at, phone.profile = report.report_id, at, report.profile
    phone.manufacturer, phone.model = clean(device.manufacturer or "", 120), clean(device.model or "", 120)
    phone.android_version = clean(device.android_version or "", 40)
    phone.security_patch = clean(device.security_patch or "", 40)
    phone.headline, phone.holds_until = extract.headline(report), holds_until(report)
    phone.policy_sha256, phone.rules_digest = report.policy.sha256, look.digest


def _moved_rules(before: Rules, key: str, rules: Mapping[str, extract.Columns], at: datetime) -> Rules:
    """The new states; one that is as it was keeps the instant since when."""
    after: Rules = {}
    for rule, columns in rules.items():
        old = before.get(rule)
        since = old.since if old is not None and old.status == columns[1] else at
        after[rule] = RuleState(phone_id=key, rule=rule, since=since, **dict(zip(_COLUMNS, columns, strict=True)))
        after[rule].failed_since = _failed_since(old, after[rule])
    return after


def _failed_since(old: RuleState | None, new: RuleState) -> datetime | None:
    """A failure that was only not proved in between is the same one."""
    if new.status not in extract.OPEN:
        return None
    before = None if old is None else old.failed_since or (old.since if old.status == "fail" else None)
    return before or (new.since if new.status == "fail" else None)


def _write_rules(before: Mapping[str, Rules], after: Mapping[str, Rules]) -> None:
    """Write what changed only: from one night to the next it is mostly nothing."""
    gone = [(key, rule) for key, rules in before.items() for rule in rules if rule not in after[key]]
    changed = [
        state
        for key, rules in after.items()
        for rule, state in rules.items()
        if rule not in before[key] or _columns(before[key][rule]) != _columns(state)
    ]
    if gone:
        RuleState.objects.filter(pk__in=gone).delete()
    RuleState.objects.bulk_create(
        sorted(changed, key=lambda state: (state.phone_id, state.rule)),
        update_conflicts=True,
        unique_fields=["phone", "rule"],
        update_fields=_RULE,
    )
    noted({state.phone_id for state in changed} | {key for key, _ in gone})


def _columns(state: RuleState) -> tuple[object, ...]:
    return tuple(getattr(state, name) for name in _RULE)
