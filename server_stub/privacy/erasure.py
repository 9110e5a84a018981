"""Erasing a holder: the name everywhere, and what the phones' reports tell; the numbers stay."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from server_stub.audit.chain import Actor, record
from server_stub.decisions.models import Statement
from server_stub.holders.importing import repeat_on_phones
from server_stub.holders.models import Assignment, Holder
from server_stub.phones.models import Phone, StoredReport
from server_stub.privacy.retention import erase_contents
from server_stub.saved.views import forget_name
from server_stub.web.words import in_every_language

ERASED = _("What was known of the holder was erased; scan the phone again.")


@dataclass(frozen=True, slots=True)
class Erased:
    """How many phones the holder had, and how many reports were emptied."""

    phones: int
    reports: int


def erase_holder(reference: str, actor: Actor) -> Erased | None:
    """Erase the holder of this number or name; None when there is none.

    Reports of the phones that this holder has now lose their contents, those of an earlier holder of the same phone
    too: no report says whose the phone was. Verdicts, counts and trends stay, and so does the audit log, which never
    held the name.
    """
    now = timezone.now()
    with transaction.atomic():
        holder = Holder.objects.select_for_update().filter(reference=reference).first()
        if holder is None:
            return None
        given = list(Assignment.objects.filter(holder=holder).select_related("group"))
        keys = [each.phone_key for each in given]
        number = holder.pk
        Statement.objects.filter(phone_key__in=keys, by=holder.name).update(by="–")
        forget_name(holder.name)
        holder.delete()
        for each in given:
            each.holder = None
        repeat_on_phones(given)
        Phone.objects.filter(key__in=keys, scanned_at__isnull=False).exclude(headline={}).update(
            headline=in_every_language(ERASED)
        )
        reports = erase_contents(StoredReport.objects.filter(phone__in=keys), now)
        record("holder.erased", actor, f"holder {number}", phones=len(keys), reports=reports)
    return Erased(len(keys), reports)
