"""Tags for all templates: signs, instants as words, addresses with one parameter changed."""

from datetime import date, datetime

from babel.dates import format_date, format_datetime, format_timedelta
from django import template
from django.template import RequestContext
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from agent.facts import instant

register = template.Library()


@register.simple_tag
def sign(name: str) -> SafeString:
    """The sign of a status; the word beside it carries the meaning for a screen reader."""
    return format_html('<svg class="sign {0}" aria-hidden="true"><use href="#sign-{0}"/></svg>', name)


@register.filter
def ago(at: datetime | str) -> SafeString:
    """An instant as words ("9 hours ago"), the exact one in `datetime` and in the title."""
    moment = _moment(at)
    language = get_language() or "en"
    words = format_timedelta(moment - timezone.now(), add_direction=True, locale=language, threshold=1)
    return _time(moment, words, language)


@register.filter
def exact(at: datetime | str) -> SafeString:
    """An instant as date and time in UTC."""
    moment, language = _moment(at), get_language() or "en"
    return _time(moment, format_datetime(moment, "d MMM y, HH:mm", locale=language), language)


@register.filter
def day(at: datetime | str) -> SafeString:
    """The day of an instant."""
    return _time(_moment(at), day_text(at), get_language() or "en")


@register.filter
def calendar_day(day: str) -> SafeString:
    """A day of the calendar that was counted in UTC."""
    words = format_date(date.fromisoformat(day), "d MMM y", locale=get_language() or "en")
    return format_html('<time datetime="{}">{}</time>', day, words)


def day_text(at: datetime | str) -> str:
    """The day of an instant as plain text."""
    return format_date(_moment(at), "d MMM y", locale=get_language() or "en")


@register.simple_tag(takes_context=True)
def address(context: RequestContext, **changes: str | None) -> str:
    """The query string of this page with some parameters changed; None or "" takes one away."""
    query = context["request"].GET.copy()
    for name in ("after", "before", *changes):
        query.pop(name, None)
    query.update({name: value for name, value in changes.items() if value})
    return f"?{query.urlencode()}"


def _moment(at: datetime | str) -> datetime:
    return datetime.fromisoformat(at) if isinstance(at, str) else at


def _time(moment: datetime, words: str, language: str) -> SafeString:
    title = format_datetime(moment, "d MMMM y, HH:mm:ss 'UTC'", locale=language)
    return format_html('<time datetime="{}" title="{}">{}</time>', instant(moment), title, words)
