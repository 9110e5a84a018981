"""The audit log's rows of a range with their hashes, and what proves that none is missing or changed."""

from babel.dates import format_datetime
from django.utils.translation import get_language, gettext

from server_stub.audit.chain import Broken, verify
from server_stub.audit.models import Entry, Head, Stamp
from server_stub.audit.stamping import check
from server_stub.audit.words import ACTIONS, ACTORS
from server_stub.packs.document import Section, section, table
from server_stub.packs.records import details
from server_stub.packs.span import Span, rows_of

MOST_ROWS = 1000
_CHECKED = 200_000  # rows; some seconds
_STAMPS = 10


def rows(span: Span) -> Section:
    """The rows, each with its hash whole."""
    found = rows_of(span)
    beyond = min(found.beyond, found.first + MOST_ROWS)
    listed = Entry.objects.filter(number__gte=found.first, number__lt=beyond).order_by("number")
    told = [
        (
            f"{each.number}",
            format_datetime(each.at, "d MMM y, HH:mm:ss", locale=get_language() or "en"),
            each.actor or str(ACTORS[each.actor_kind]),
            f"{ACTIONS.get(each.action, each.action)} {each.subject}",
            details(each),
            each.hash,
        )
        for each in listed
    ]
    heads = (
        gettext("Row"),
        gettext("When"),
        gettext("Who"),
        gettext("What"),
        gettext("Details"),
        gettext("Hash (SHA-256)"),
    )
    capped = gettext("The first %(listed)s of %(total)s are listed; the CSV of the audit log holds all.") % {
        "listed": len(told),
        "total": found.count,
    }
    sentence = capped if found.count > len(told) else "" if told else gettext("None.")
    return section(
        gettext("The audit log"), sentence, of=table(heads, (2, 4, 4, 5, 7, 10), told, (5,)) if told else None
    )


def proof(span: Span) -> Section:
    """The first and the last hash, what was checked while this was made, the stamps, and how to check it again."""
    found, head = rows_of(span), Head.objects.first() or Head(number=0, hash="0" * 64)
    first = Entry.objects.filter(number=found.first).first() if found.count else None
    last = Entry.objects.filter(number=found.beyond - 1).first() if found.count else None
    newest = min(max(1, head.number - found.first + 1), _CHECKED)
    chain = verify(newest)
    held = (
        gettext("The chain is broken at row %(number)s.") % {"number": chain.number}
        if isinstance(chain, Broken)
        else gettext("Checked while this was made: rows %(first)s to %(last)s follow one another unchanged.")
        % {"first": chain.first, "last": chain.last}
    )
    pairs = [
        (gettext("Rows of the range"), str(found.count)),
        (gettext("Hash before its first row"), first.previous if first else "–"),
        (gettext("Hash of its last row"), last.hash if last else "–"),
        (gettext("The chain's last row now"), str(head.number)),
        (gettext("Its hash"), head.hash),
    ]
    return section(
        gettext("Proof"),
        held,
        gettext(
            "Each row's hash is the SHA-256 of its fields and of the hash before it, so no row can be changed, removed "
            "or reordered without a change of every later hash."
        ),
        gettext(
            "To check it again, on the collector: posture collector verify-audit. It prints the chain's last hash."
        ),
        *_stamped(),
        pairs=[*pairs, *_stamps(found.beyond - 1)],
    )


def _stamped() -> tuple[str, ...]:
    told = check()
    if told.wrong is not None:
        wrong = {"number": told.wrong, "why": told.why}
        return (gettext("The time stamp of row %(number)s does not hold: %(why)s") % wrong,)
    if not told.count:
        return (gettext("No authority outside the house has stamped the chain (RFC 3161): note its hash elsewhere."),)
    how = gettext(
        "A time stamp (RFC 3161) proves that the chain up to its row was there then. To check it: "
        "openssl ts -verify -data FILE-WITH-THE-HASH -in STAMP.tsr -CAfile ROOTS.pem."
    )
    return (how,)


def _stamps(last: int) -> list[tuple[str, str]]:
    """The stamps that cover the range's last row first, else the newest before it."""
    after = list(Stamp.objects.filter(number__gte=last).order_by("number", "id")[:_STAMPS])
    found = after or list(Stamp.objects.order_by("-number", "-id")[:_STAMPS])
    return [
        (
            gettext("Time stamp of row %(number)s") % {"number": each.number},
            f"{each.at:%Y-%m-%d %H:%M:%S} UTC, {each.authority}, {each.hash}",
        )
        for each in found
    ]
