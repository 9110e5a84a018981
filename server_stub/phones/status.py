"""A phone's state in words: the verdict, and whether it is late."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language, gettext

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


def late_before(now: datetime | None = None) -> datetime:
    """A phone seen before this instant is late."""
    period: timedelta = settings.LATE_AFTER
    return (now or timezone.now()) - period


def status_of(phone: Phone) -> PhoneStatus:
    """The state of a phone now."""
    rank = Rank(phone.rank)
    if phone.scanned_at is None or phone.rank_since is None:
        return PhoneStatus("inconclusive", str(NEVER.text), NEVER.sign, None, late=True, seen_at=None)
    word, late = WORDS[rank.label], phone.scanned_at < late_before()
    shown_late = late and rank is Rank.MEETS
    return PhoneStatus(
        status=rank.label,
        word=gettext("Late") if shown_late else str(word.text),
        sign="late" if shown_late else word.sign,
        since=phone.rank_since.isoformat(),
        late=late,
        seen_at=phone.scanned_at.isoformat(),
    )


def headline_of(phone: Phone) -> str:
    """The sentence that stands between the phone and "meets", in the reader's language where there is one."""
    sentences: dict[str, str] = phone.headline
    return sentences.get(get_language() or "en") or next(iter(sentences.values()), "")
