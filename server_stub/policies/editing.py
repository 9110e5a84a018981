"""Submitting, approving, refusing, withdrawing: each with its row in the audit log, and with its effect on phones."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext

from agent.policy.source import PolicyError
from server_stub.audit.chain import by, record
from server_stub.guideline.clauses import reader
from server_stub.people.models import Person
from server_stub.policies import drafts
from server_stub.policies.judging import judge_some
from server_stub.policies.models import Edition
from server_stub.policies.published import packed
from server_stub.web.text import clean


class NotAllowed(Exception):
    """One sentence for a person: why this cannot be done so."""


def submit(person: Person, text: bytes, note: str, effective_from: datetime | None = None) -> Edition:
    """Ask for a draft to be published. Raises PolicyError for one that is none, NotAllowed."""
    draft, now = drafts.read(text), timezone.now()
    drafts.check_dated(draft)
    drafts.check_cases(draft)
    drafts.check_above(draft)
    edition = Edition(
        layer=draft.layer,
        name=draft.name,
        text=text.decode(),
        files=packed(draft.files),
        policy=clean(draft.policy.id, 300),
        version=clean(draft.version, 300),
        sha256=draft.sha256,
        effective_from=max(effective_from or now, now),
    )
    return _submit(person, edition, note)


def again(person: Person, edition: Edition, note: str) -> Edition:
    """Ask for an earlier edition to hold again, as a new one. Raises NotAllowed."""
    copied = ("layer", "name", "text", "files", "policy", "version", "sha256")
    told = {name: getattr(edition, name) for name in copied}
    return _submit(person, Edition(**told, effective_from=timezone.now()), note)


def lift(person: Person, edition: Edition, note: str) -> Edition:
    """Ask that nothing lie in an edition's layer any more: the layer below holds. Raises NotAllowed."""
    empty = Edition(layer=edition.layer, name=edition.name, sha256="", effective_from=timezone.now())
    return _submit(person, empty, note)


def _submit(person: Person, edition: Edition, note: str) -> Edition:
    note = clean(note.strip(), 500)
    if not note:
        raise NotAllowed(gettext("Say why, in a few words."))
    edition.note, edition.submitted_by, edition.submitted_at = note, person, timezone.now()
    with transaction.atomic():
        edition.save()
        _record("policy.submitted", person, edition, note=note)
    return edition


def approve(person: Person, edition_id: int) -> Edition:
    """Publish what another person submitted. Raises NotAllowed, Edition.DoesNotExist."""
    try:
        edition = _publish(person, edition_id, timezone.now())
    except IntegrityError as error:  # the same number, given out twice
        raise NotAllowed(gettext("Somebody else decides at this moment; try again.")) from error
    judge_some()
    return edition


def _publish(person: Person, edition_id: int, now: datetime) -> Edition:
    with transaction.atomic():
        edition = _waiting(edition_id)
        if edition.submitted_by_id == person.pk:
            raise NotAllowed(gettext("Whoever submits a policy cannot approve it."))
        if not edition.submitted_by.is_active:
            # Whoever came back under another account could approve their own.
            raise NotAllowed(gettext("Whoever submitted this has no account here any more; let somebody submit anew."))
        _fits_still(edition)
        edition.state, edition.decided_by, edition.decided_at = Edition.State.PUBLISHED, person, now
        edition.number = (Edition.objects.aggregate(Max("number"))["number__max"] or 0) + 1
        edition.effective_from = max(edition.effective_from, now)
        edition.save()
        _record("policy.published", person, edition, number=edition.number, since=edition.effective_from.isoformat())
    return edition


def _fits_still(edition: Edition) -> None:
    """What is approved is what was submitted; what lies below or above it may have changed since."""
    if not edition.sha256:
        return
    try:
        drafts.check_above(drafts.of_edition(edition))
    except PolicyError as error:
        raise NotAllowed(error.message(reader())) from error


def refuse(person: Person, edition_id: int) -> Edition:
    """Refuse what another person submitted. Raises NotAllowed, Edition.DoesNotExist."""
    with transaction.atomic():
        edition = _waiting(edition_id)
        if edition.submitted_by_id == person.pk:
            raise NotAllowed(gettext("Whoever submits a policy cannot decide on it; withdraw it."))
        return _close(person, edition, Edition.State.REFUSED, "policy.refused")


def withdraw(person: Person, edition_id: int) -> Edition:
    """Take back what one submitted oneself. Raises NotAllowed, Edition.DoesNotExist."""
    with transaction.atomic():
        edition = _waiting(edition_id)
        if edition.submitted_by_id != person.pk:
            raise NotAllowed(gettext("Only whoever submitted it can withdraw it."))
        return _close(person, edition, Edition.State.WITHDRAWN, "policy.withdrawn")


def _close(person: Person, edition: Edition, state: Edition.State, action: str) -> Edition:
    edition.state, edition.decided_by, edition.decided_at = state, person, timezone.now()
    edition.save()
    _record(action, person, edition)
    return edition


def _waiting(edition_id: int) -> Edition:
    edition = Edition.objects.select_for_update(of=("self",)).get(pk=edition_id)
    if edition.state != Edition.State.SUBMITTED:
        raise NotAllowed(gettext("This was decided already."))
    return edition


def _record(action: str, person: Person, edition: Edition, **details: str | int) -> None:
    subject = edition.layer if edition.layer == Edition.Layer.POLICY else f"{edition.layer} {edition.name}"
    told = {"policy": edition.policy, "version": edition.version, "sha256": edition.sha256}
    record(action, by(person), subject, edition=edition.pk, **told, **details)
