"""A phone's state in words: the verdict, and whether it is late."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language, gettext

from server_stub.holders.models import Group
from server_stub.phones.models import Phone, Rank
from server_stub.web.words import NEVER, WORDS


@dataclass(frozen=True, slots=True)
class PhoneStatus:
    """`status` is the contract's word; `word` and `sign` are for people. A late phone that met then shows as late."""

    status: str
    word: str
    sign: str
    since: str | None
    late: bool
    seen_at: str | None


def late() -> Q:
    """The phones that were not seen within their group's period, or the usual one."""
    now, usual = timezone.now(), settings.LATE_AFTER
    found = Q(late_hours=None, scanned_at__lt=now - usual)
    for hours in Group.objects.exclude(late_after_hours=None).values_list("late_after_hours", flat=True).distinct():
        found |= Q(late_hours=hours, scanned_at__lt=now - timedelta(hours=hours or 0))
    return found


def _is_late(phone: Phone) -> bool:
    period = settings.LATE_AFTER if phone.late_hours is None else timedelta(hours=phone.late_hours)
    return phone.scanned_at is None or phone.scanned_at < timezone.now() - period


def status_of(phone: Phone) -> PhoneStatus:
    """The state of a phone now."""
    rank = Rank(phone.rank)
    if phone.scanned_at is None or phone.rank_since is None:
        return PhoneStatus("inconclusive", str(NEVER.text), NEVER.sign, None, late=True, seen_at=None)
    word, too_late = WORDS[rank.label], _is_late(phone)
    shown_late = too_late and rank is Rank.MEETS
    return PhoneStatus(
        status=rank.label,
        word=gettext("Late") if shown_late else str(word.text),
        sign="late" if shown_late else word.sign,
        since=phone.rank_since.isoformat(),
        late=too_late,
        seen_at=phone.scanned_at.isoformat(),
    )


def headline_of(phone: Phone) -> str:
    """The sentence that stands between the phone and "meets", in the reader's language where there is one."""
    sentences: dict[str, str] = phone.headline
    return sentences.get(get_language() or "en") or next(iter(sentences.values()), "")
