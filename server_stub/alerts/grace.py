"""Graces: a failure younger than its grace fails, and is shown so, but is told to nobody yet."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from server_stub.alerts.models import Grace
from server_stub.phones.models import RuleState


@dataclass(frozen=True, slots=True)
class Graces:
    """All graces, read once."""

    days: Mapping[str, int]

    @classmethod
    def read(cls) -> "Graces":
        """From the database."""
        return cls(dict(Grace.objects.values_list("name", "days")))

    def ends(self, rule: RuleState) -> datetime:
        """When the rule's failure is told: at once where it has no grace. A rule's own goes before its clause's.

        A look that proves nothing begins no new grace: whoever fails could unplug the phone half way, time and again.
        """
        return (rule.failed_since or rule.since) + timedelta(
            days=self.days.get(rule.rule, self.days.get(rule.clause, 0))
        )


def in_grace(phones: Iterable[str], now: datetime) -> dict[str, dict[str, datetime]]:
    """Of these phones, by phone and rule: until when a failure is in its grace. One statement, none without graces."""
    graces, found = Graces.read(), dict[str, dict[str, datetime]]()
    if not graces.days:
        return found
    for rule in RuleState.objects.filter(phone__in=list(phones), status="fail"):
        if (until := graces.ends(rule)) > now:
            found.setdefault(rule.phone_id, {})[rule.rule] = until
    return found


def all_in_grace(phones: Collection[str], now: datetime) -> dict[str, datetime]:
    """Of these phones those whose every failure that counts is in its grace, and when the first of these ends."""
    if not phones or not (graces := Graces.read()).days:
        return {}
    first: dict[str, datetime] = {}
    for rule in RuleState.objects.filter(phone__in=list(phones), status="fail", in_the_way=True):
        until = graces.ends(rule)
        first[rule.phone_id] = min(first.get(rule.phone_id, until), until)
    return {key: until for key, until in first.items() if until > now}
