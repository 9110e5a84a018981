"""Noticing what changed on phones: what newly fails is told once, when its grace is over; what recovered as well.

Ingest writes a `Change` for a phone whose rules stand otherwise, and pays no more than that; the rest is done here.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from server_stub.alerts.events import FAILS, RECOVERED, SPYWARE, weight
from server_stub.alerts.grace import Graces
from server_stub.alerts.lateness import count_never, never_now
from server_stub.alerts.models import Alert, Change, Trouble
from server_stub.alerts.raising import raise_alerts
from server_stub.guideline.policy import shipped
from server_stub.phones.models import Phone, RuleState
from server_stub.policies.published import in_force

_AT_ONCE = 500
_SPYWARE_FACT = "apps.spyware"


def notice(now: datetime) -> None:
    """Look at every phone that changed, and at every failure whose grace is over."""
    any_changed = Change.objects.exists()
    while changes := list(Change.objects.order_by("id").values_list("id", "phone_key")[:_AT_ONCE]):
        with transaction.atomic():
            _look({key for _, key in changes}, now)
            Change.objects.filter(id__in=[number for number, _ in changes]).delete()
    over = Trouble.objects.filter(event=FAILS, due_at__lte=now).order_by("id")
    while keys := set(over.values_list("subject", flat=True)[:_AT_ONCE]):
        with transaction.atomic():
            _look(keys, now)
    if any_changed and never_now():
        count_never(now)  # a phone that was missing may have come


@dataclass(slots=True)
class _Seen:
    """One phone: its rules that are open, by clause, and what of it is known to be in trouble."""

    rules: dict[str, list[RuleState]] = field(default_factory=lambda: defaultdict(list))
    spyware: list[RuleState] = field(default_factory=list)
    troubles: dict[tuple[str, str], Trouble] = field(default_factory=dict)


@dataclass(slots=True)
class _Writes:
    """What is to be written of many phones, in a statement each."""

    new: list[Trouble] = field(default_factory=list)
    moved: list[Trouble] = field(default_factory=list)
    over: list[int] = field(default_factory=list)

    def write(self) -> None:
        Trouble.objects.filter(id__in=self.over).delete()
        Trouble.objects.bulk_create(self.new, batch_size=_AT_ONCE)
        Trouble.objects.bulk_update(self.moved, ("told", "due_at"), batch_size=_AT_ONCE)


def _look(keys: Collection[str], now: datetime) -> None:
    groups = dict(Phone.objects.filter(key__in=keys).values_list("key", "group"))
    graces, alerts, seen, writes = Graces.read(), list[Alert](), _read(keys), _Writes()
    for key in sorted(keys):
        one = seen[key]
        found = [*_failing(key, one, graces, now, writes), *_spyware(key, one, writes), *_ended(one, writes)]
        for alert in found if key in groups else ():
            alert.at, alert.phone_key, alert.group = now, key, groups[key]
            alerts.append(alert)
    writes.write()
    raise_alerts(alerts)


def _read(keys: Collection[str]) -> dict[str, _Seen]:
    seen = {key: _Seen() for key in keys}
    names = spyware_rules()
    for rule in RuleState.objects.filter(Q(in_the_way=True) | Q(rule__in=names), phone__in=keys):
        if rule.in_the_way:
            seen[rule.phone_id].rules[rule.clause].append(rule)
        if rule.rule in names and rule.status in ("fail", "inconclusive", "error"):
            seen[rule.phone_id].spyware.append(rule)
    for trouble in Trouble.objects.filter(event__in=(FAILS, SPYWARE), subject__in=keys):
        seen[trouble.subject].troubles[trouble.event, trouble.topic] = trouble
    return seen


def spyware_rules() -> Sequence[str]:
    """The rules that look for known spyware, of the policy in force and of the one that agents come with."""
    rules = (*shipped().rules, *in_force().rules)
    return sorted({rule.id for rule in rules if _SPYWARE_FACT in rule.facts})


def _failing(key: str, seen: _Seen, graces: Graces, now: datetime, writes: _Writes) -> Iterable[Alert]:
    """Tell of a clause when it begins to fail, and again only when it fails more severely."""
    for clause, rules in seen.rules.items():
        failing = [rule for rule in rules if rule.status == "fail"]
        known = seen.troubles.get((FAILS, clause))
        if not failing:
            if known is not None and known.due_at is not None:  # nothing fails whose grace could end
                known.due_at = None
                writes.moved.append(known)
            continue
        trouble = known or Trouble(event=FAILS, subject=key, topic=clause, since=min(rule.since for rule in failing))
        ends = {rule.rule: graces.ends(rule) for rule in failing}
        over = [rule for rule in failing if ends[rule.rule] <= now]
        before = (trouble.told, trouble.due_at)
        trouble.due_at = min((end for end in ends.values() if end > now), default=None)
        heaviest = min((weight(rule.severity) for rule in over), default=None)
        if heaviest is not None and (trouble.told is None or heaviest < trouble.told):
            trouble.told = heaviest
            yield Alert(event=FAILS, weight=heaviest, clause=clause)
        if known is None:
            seen.troubles[FAILS, clause] = trouble
            writes.new.append(trouble)
        elif before != (trouble.told, trouble.due_at):
            writes.moved.append(trouble)


def _spyware(key: str, seen: _Seen, writes: _Writes) -> Iterable[Alert]:
    """At once: it has no grace."""
    found = [rule for rule in seen.spyware if rule.status == "fail"]
    if found and (SPYWARE, "") not in seen.troubles:
        writes.new.append(Trouble(event=SPYWARE, subject=key, since=found[0].since, told=0))
        yield Alert(event=SPYWARE, weight=0, clause=found[0].clause)


def _ended(seen: _Seen, writes: _Writes) -> Iterable[Alert]:
    """A clause recovers when it is proved again or excepted; while it is only not proved, its trouble lasts."""
    over = [
        trouble
        for (event, clause), trouble in seen.troubles.items()
        if not (seen.rules.get(clause) if event == FAILS else seen.spyware)
    ]
    writes.over += [trouble.pk for trouble in over]
    told = [trouble.told for trouble in over if trouble.event == FAILS and trouble.told is not None]
    lasts = (trouble for trouble in seen.troubles.values() if trouble not in over)
    if told and not any(trouble.event == FAILS and trouble.told is not None for trouble in lasts):
        yield Alert(event=RECOVERED, weight=min(told))
