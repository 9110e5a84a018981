"""Gathering a pack from what the collector keeps: bounded in memory, and honest about what it does not list."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import nsmallest

from babel.dates import format_date, format_datetime
from django.utils import timezone
from django.utils.translation import get_language, gettext, ngettext

from agent import __version__
from server_stub.guideline.policy import shipped
from server_stub.packs import proof, records
from server_stub.packs.document import Pack, Picture, Section, section, table
from server_stub.packs.phones import PhoneLine, lines
from server_stub.packs.span import Span
from server_stub.phones.models import Rank
from server_stub.phones.tally import FLEET, Day, trend
from server_stub.policies.models import Edition
from server_stub.policies.published import in_force
from server_stub.policies.rows import about
from server_stub.web.clauses import CLAUSES
from server_stub.web.words import WORDS

MOST_PHONES = 1000
_POINTS = 90


@dataclass(frozen=True, slots=True)
class Maker:
    """Who makes a pack, and what that person may see of holders."""

    name: str
    holders: bool


def make(span: Span, maker: Maker) -> Pack:
    """Gather it in the language that is active."""
    language = (get_language() or "en")[:2]
    title = gettext("Audit pack: phones that hold the entity's data")
    made = gettext("Made on %(date)s UTC by %(name)s, collector %(version)s") % {
        "date": moment(timezone.now()),
        "name": maker.name,
        "version": __version__,
    }
    sections = [
        _policies(span),
        _fleet(span),
        _clauses(span),
        *_phones(span, maker),
        records.exceptions(span),
        records.statements(span),
        records.refusals(span),
        records.data_protection(span),
        proof.rows(span),
        proof.proof(span),
    ]
    return Pack(
        language=language,
        title=title,
        subtitle=f"{day(span.start)} – {day(span.end - timedelta(microseconds=1))}",
        made=made,
        cover=[
            [gettext("Organisation"), organisation()],
            [gettext("Days"), f"{span.first.isoformat()} – {span.last.isoformat()} (UTC)"],
            [gettext("Policy in force"), f"{in_force().id} {in_force().version}"],
            [gettext("Digest (SHA-256)"), in_force().sha256],
        ],
        contents=gettext("Contents"),
        sections=sections,
    )


def organisation() -> str:
    """Whose values the policy holds."""
    named = [layer.removeprefix("organisation ") for layer in in_force().layers if layer.startswith("organisation ")]
    return ", ".join(named) or gettext("Not named in the policy")


def moment(at: datetime) -> str:
    """An instant, to the minute, in UTC."""
    return format_datetime(at, "d MMM y, HH:mm", locale=get_language() or "en")


def day(at: datetime) -> str:
    """A day."""
    return format_date(at, "d MMMM y", locale=get_language() or "en")


def _policies(span: Span) -> Section:
    found = Edition.objects.filter(state=Edition.State.PUBLISHED, effective_from__lt=span.end)
    editions = (
        found.select_related("submitted_by", "decided_by").defer("text", "files").order_by("layer", "name", "number")
    )
    held = [each for each in editions if _held(each, list(editions), span)]
    rows = [
        (
            str(each.number),
            about(each.layer, each.name),
            f"{each.policy} {each.version}".strip() or gettext("Nothing of its own"),
            moment(each.effective_from),
            f"{each.submitted_by.username} → {each.decided_by.username if each.decided_by else ''}",
            each.sha256,
        )
        for each in held
    ]
    heads = (
        gettext("Edition"), gettext("For"), gettext("Policy"), gettext("Holds from"), gettext("Asked → approved"),
        gettext("Digest (SHA-256)"),
    )  # fmt: skip
    none = gettext(
        "Nothing was published here: each phone was judged by its agent's own policy, which each report names. "
        "With this version comes %(policy)s, %(digest)s."
    ) % {"policy": f"{shipped().id} {shipped().version}", "digest": shipped().sha256}
    told = gettext("Published here, submitted by one person and approved by another; of each the range saw.")
    return section(
        gettext("Policies in force"),
        told if rows else none,
        of=table(heads, (2, 4, 5, 4, 5, 8), rows, (5,)) if rows else None,
    )


def _held(edition: Edition, editions: Sequence[Edition], span: Span) -> bool:
    """Whether it held at any instant of the range: no later one of its layer took its place before."""
    same = [each for each in editions if (each.layer, each.name) == (edition.layer, edition.name)]
    return not any(edition.effective_from < each.effective_from <= span.start for each in same)


def _fleet(span: Span) -> Section:
    first, last = _ends(FLEET, span)
    heads = (gettext("Verdict"), gettext("Before the first day"), gettext("At the end"), gettext("Trend"))
    return section(
        gettext("The fleet at the start and at the end"),
        gettext("Phones by verdict, exceptions and statements of then included; late ones are named below."),
        of=table(heads, (4, 3, 3, 6), _numbers(FLEET, span, first, last)),
    )


def _numbers(topic: str, span: Span, first: Day, last: Day) -> list[tuple[str | Picture, ...]]:
    days = _days(topic, span)
    rows: list[tuple[str | Picture, ...]] = []
    for status, name in (("fail", "fail"), ("inconclusive", "not_proved"), ("pass", "meet")):
        word = str(WORDS[status].text)
        values = [getattr(each, name) for each in days]
        rows.append((word, str(getattr(first, name)), str(getattr(last, name)), _line(word, values)))
    return rows


def _clauses(span: Span) -> Section:
    rows: list[tuple[str | Picture, ...]] = []
    for number, clause in CLAUSES.items():
        first, last = _ends(number, span)
        fails = [each.fail for each in _days(number, span)]
        told = (_three(first), _three(last), _line(str(WORDS["fail"].text), fails))
        rows.append((f"{number}: {clause.title}", *told))
    heads = (gettext("Clause"), gettext("Before the first day"), gettext("At the end"), gettext("Phones that fail"))
    return section(
        gettext("Each clause"),
        gettext("Phones that fail, are not proved, meet; those to which a clause does not apply are in none of them."),
        of=table(heads, (7, 4, 4, 5), rows),
    )


def _three(numbers: Day) -> str:
    return f"{numbers.fail} · {numbers.not_proved} · {numbers.meet}"


def _days(topic: str, span: Span) -> list[Day]:
    """The ends of the days of the range, and of the one before it."""
    today = timezone.now().date()
    found = trend(topic, today, (today - span.first).days + 2)
    return [each for each in found if each.day <= span.last.isoformat()]


def _ends(topic: str, span: Span) -> tuple[Day, Day]:
    days = _days(topic, span)
    return days[0], days[-1]


def _line(word: str, values: Sequence[int]) -> Picture:
    """The numbers as a line, and how they went in words."""
    step = max(1, len(values) // _POINTS)
    shown, top = [*values[:-1:step], values[-1]], max(*values, 1)
    points = " ".join(
        f"{120 * n / max(1, len(shown) - 1):.1f},{22 - 20 * value / top:.1f}" for n, value in enumerate(shown)
    )
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="24" viewBox="0 0 120 24">'
        '<path d="M0 23.5H120" stroke="#bbbbbb" stroke-width="0.5"/>'
        f'<polyline points="{points}" fill="none" stroke="#222222" stroke-width="1.2"/></svg>'
    )
    told = {"word": word, "first": values[0], "last": values[-1], "most": max(values)}
    return Picture(svg, gettext("%(word)s: %(first)s at the start, %(last)s at the end, %(most)s at most") % told)


def _phones(span: Span, maker: Maker) -> list[Section]:
    """One walk: counts of all, and the weightiest ones to list."""
    counts: Counter[str] = Counter()

    def told_of() -> Iterator[PhoneLine]:
        for each in lines(span):
            counts["all"] += 1
            counts["late"] += each.late
            counts[Rank(each.rank).label] += 1
            if each.told_of:
                counts["told"] += 1
                yield each

    found = nsmallest(MOST_PHONES, told_of(), key=lambda each: each.weight)
    capped = gettext(
        "%(listed)s of them are listed, those that need attention first; the CSV of this pack holds all."
    ) % {"listed": len(found)}
    how = (
        gettext("They stand as the collector shows them now.")
        if span.is_now
        else gettext("They were judged anew from their newest report of then, by what held at the end of the range.")
    )
    heads = [
        gettext("Phone"),
        gettext("Holder"),
        gettext("Verdict at the end"),
        gettext("Last seen"),
        gettext("In the range"),
        gettext("Why"),
    ]
    rows = [_phone(each, maker) for each in found]
    total = ngettext("%(number)s phone was looked at.", "%(number)s phones were looked at.", counts["all"]) % {
        "number": counts["all"]
    }
    numbers = [
        (str(WORDS[status].text), str(counts[status])) for status in ("non_compliant", "inconclusive", "compliant")
    ]
    return [
        section(
            gettext("Phones that failed, were not proved or late"),
            total,
            how,
            capped if counts["told"] > len(found) else "",
            gettext("“In the range”: signed reports that fail · are not proved · of all, as their agents judged."),
            pairs=[*numbers, (gettext("Late"), str(counts["late"]))],
            of=table(heads, (5, 4, 4, 4, 3, 8), rows) if rows else None,
        )
    ]


def _phone(line: PhoneLine, maker: Maker) -> tuple[str, ...]:
    holder = line.holder or "–"
    if not maker.holders:
        holder = "•••"
    verdict = str(WORDS[Rank(line.rank).label].text)
    return (
        f"{line.serial} · {line.model}".removesuffix(" · "),
        f"{holder} · {line.group}".removesuffix(" · "),
        f"{verdict}, {gettext('Late')}" if line.late else verdict,
        moment(line.seen_at),
        f"{line.failed} · {line.unproved} · {line.reports}",
        line.headline,
    )
