"""Holders, groups and assignments out of lines: all of a file or nothing of it; again changes nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from server_stub.alerts.lateness import count_never
from server_stub.audit.chain import Actor, record
from server_stub.decisions.models import Waiver
from server_stub.holders.models import Assignment, Group, Holder
from server_stub.holders.reading import Line, Problem, Sheet, read
from server_stub.ingest.current import rejudge
from server_stub.ingest.extract import phone_key
from server_stub.phones.models import Phone
from server_stub.policies.models import Edition

_BATCH = 500
_ON_PHONE = ("holder", "group", "asset_tag", "late_hours")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import did, or would do: phones by what becomes of them. With problems nothing was changed."""

    new: int
    changed: int
    unchanged: int
    problems: list[Problem]
    dry_run: bool


class _DryRun(Exception):
    """Takes back what a dry run did."""


def import_holders(content: bytes, actor: Actor, *, dry_run: bool = False) -> Outcome:
    """Bring the assignments to what a CSV says."""
    return bring(read(content), actor, dry_run=dry_run)


def bring(sheet: Sheet, actor: Actor, *, dry_run: bool = False) -> Outcome:
    """Bring the assignments to what the lines say. Phones that are not in them stay as they are."""
    if sheet.problems:
        return Outcome(0, 0, 0, sheet.problems, dry_run)
    try:
        with transaction.atomic():
            new, changed = _apply(sheet.lines)
            if dry_run:
                raise _DryRun
            if new or changed:
                record("holders.imported", actor, new=new, changed=changed)
                count_never(timezone.now())
    except _DryRun:
        pass
    return Outcome(new, changed, max(0, len(sheet.lines) - new - changed), [], dry_run)


def set_period(group: Group, hours: int | None, actor: Actor) -> None:
    """Say after how many hours a phone of this group is late; None: as for all others."""
    with transaction.atomic():
        group.late_after_hours = hours
        group.save()
        repeat_on_phones(Assignment.objects.filter(group=group))
        record("group.period-set", actor, group.name, hours=hours or 0)


def repeat_on_phones(assignments: Iterable[Assignment]) -> None:
    """Write onto the phones what lists show of their assignments. Locks them, in the order of their keys."""
    found = {each.phone_key: each for each in assignments}
    keys = sorted(found)
    for start in range(0, len(keys), _BATCH):
        batch = Phone.objects.filter(key__in=keys[start : start + _BATCH])
        phones = list(batch.order_by("key").select_for_update())
        groups = {phone.key: phone.group for phone in phones}
        for phone in phones:
            assign(phone, found[phone.key])
        Phone.objects.bulk_update(phones, _ON_PHONE)
        moved = [phone.key for phone in phones if phone.group != groups[phone.key]]
        if moved and _groups_differ():
            rejudge(moved, timezone.now())


def _groups_differ() -> bool:
    """Whether a phone in another group is judged otherwise: by the group's own values, or its exceptions."""
    values = Edition.objects.filter(state=Edition.State.PUBLISHED, layer=Edition.Layer.GROUP)
    return values.exists() or Waiver.objects.filter(group__isnull=False, approved=True).exists()


def assign(phone: Phone, assignment: Assignment) -> None:
    """Set on a phone, unsaved, what it repeats of its assignment."""
    phone.holder = assignment.holder.name if assignment.holder else ""
    phone.group = assignment.group.name if assignment.group else ""
    phone.late_hours = assignment.group.late_after_hours if assignment.group else None
    phone.asset_tag = assignment.asset_tag


def _apply(lines: Sequence[Line]) -> tuple[int, int]:
    """Returns how many phones are new and how many changed."""
    holders, renamed = _holders(lines)
    groups, retimed = _groups(lines)
    known = {each.phone_key: each for each in Assignment.objects.select_related("holder", "group")}
    new: list[Assignment] = []
    changed: dict[str, Assignment] = {}
    for line in lines:
        key = phone_key(line.serial)
        assignment = known.get(key)
        if assignment is None:
            assignment = Assignment(phone_key=key, serial=line.serial)
            new.append(assignment)
        before = (assignment.holder_id, assignment.group_id, assignment.asset_tag)
        assignment.holder = holders[line.reference] if line.holder else None
        if line.group is not None:
            assignment.group = groups[line.group] if line.group else None
        if line.asset_tag is not None:
            assignment.asset_tag = line.asset_tag
        if assignment.phone_key in known and before != (
            assignment.holder_id,
            assignment.group_id,
            assignment.asset_tag,
        ):
            changed[key] = assignment
    Assignment.objects.bulk_create(new, _BATCH)
    Assignment.objects.bulk_update(changed.values(), ["holder", "group", "asset_tag"], _BATCH)
    touched = dict(changed)
    for each in known.values():
        if each.holder_id in renamed or each.group_id in retimed:
            each.holder = holders[each.holder.reference] if each.holder_id in renamed and each.holder else each.holder
            each.group = groups[each.group.name] if each.group_id in retimed and each.group else each.group
            touched[each.phone_key] = each
    repeat_on_phones([*new, *touched.values()])
    return len(new), len(touched)


def _holders(lines: Sequence[Line]) -> tuple[dict[str, Holder], set[int]]:
    """All holders of the file by reference, made where new; and the ids of those whose name changed."""
    wanted = {line.reference: line.holder for line in lines if line.holder}
    known = {each.reference: each for each in Holder.objects.all() if each.reference in wanted}
    renamed = [each for each in known.values() if each.name != wanted[each.reference]]
    for each in renamed:
        each.name = wanted[each.reference]
    Holder.objects.bulk_update(renamed, ["name"], _BATCH)
    new = [Holder(reference=reference, name=name) for reference, name in wanted.items() if reference not in known]
    Holder.objects.bulk_create(new, _BATCH)
    return known | {each.reference: each for each in new}, {each.pk for each in renamed}


def _groups(lines: Sequence[Line]) -> tuple[dict[str, Group], set[int]]:
    """All groups of the file by name, made where new; and the ids of those whose period changed."""
    periods = {line.group: line.late_after_hours for line in lines if line.group and line.late_after_hours}
    groups: dict[str, Group] = {}
    retimed: set[int] = set()
    for name in sorted({line.group for line in lines if line.group}):
        group, _ = Group.objects.get_or_create(name=name, defaults={"late_after_hours": periods.get(name)})
        if name in periods and group.late_after_hours != periods[name]:
            group.late_after_hours = periods[name]
            group.save()
            retimed.add(group.pk)
        groups[name] = group
    return groups, retimed
