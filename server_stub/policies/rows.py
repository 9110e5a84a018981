"""An edition as a line of a list."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from server_stub.policies.models import Edition
from server_stub.policies.published import holding

MOST = 100
_STATES: Mapping[str, str | Promise] = {
    Edition.State.SUBMITTED: _("Waits for approval"),
    Edition.State.PUBLISHED: _("Published"),
    Edition.State.REFUSED: _("Refused"),
    Edition.State.WITHDRAWN: _("Withdrawn"),
}


@dataclass(frozen=True, slots=True)
class EditionRow:
    """One edition. `number` is None until it is published; `judged`: every phone was judged by it."""

    id: int
    number: int | None
    layer: str
    about: str
    policy: str
    sha256: str
    note: str
    state: str
    word: str
    submitted_by: str
    submitted_at: str
    decided_by: str
    decided_at: str | None
    effective_from: str
    judged: bool
    address: str


def about(layer: str, name: str) -> str:
    """For whom an edition is, in words."""
    if layer == Edition.Layer.GROUP:
        return gettext("Group %(name)s") % {"name": name}
    return gettext("Phone %(serial)s") % {"serial": name} if layer == Edition.Layer.PHONE else gettext("Everybody")


def edition_row(edition: Edition) -> EditionRow:
    """One edition for a reader."""
    return EditionRow(
        id=edition.pk,
        number=edition.number,
        layer=edition.layer,
        about=about(edition.layer, edition.name),
        policy=f"{edition.policy} {edition.version}".strip() or gettext("Nothing of its own"),
        sha256=edition.sha256,
        note=edition.note,
        state=edition.state,
        word=str(_STATES[edition.state]),
        submitted_by=edition.submitted_by.username,
        submitted_at=edition.submitted_at.isoformat(),
        decided_by=edition.decided_by.username if edition.decided_by else "",
        decided_at=edition.decided_at.isoformat() if edition.decided_at else None,
        effective_from=edition.effective_from.isoformat(),
        judged=edition.judged_at is not None,
        address=reverse("edition", args=[edition.pk]),
    )


def holding_rows() -> list[EditionRow]:
    """What was published and holds now."""
    return [edition_row(each) for each in holding()[:MOST]]


def waiting_rows() -> list[EditionRow]:
    """What waits for somebody's approval."""
    found = Edition.objects.filter(state=Edition.State.SUBMITTED).select_related("submitted_by", "decided_by")
    return [edition_row(each) for each in found.defer("text", "files").order_by("submitted_at", "id")[:MOST]]
