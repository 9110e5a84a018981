"""The words of ui.md, the same everywhere: each status with its word and its sign."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

Sign = Literal["meets", "fails", "unproved", "na", "waived", "stated", "error", "late"]


def in_every_language(sentence: Promise) -> dict[str, str]:
    """A sentence to be kept, in each language that a reader may have."""
    found = {}
    for code, _name in settings.LANGUAGES:
        with override(code):
            found[code] = str(sentence)
    return found


@dataclass(frozen=True, slots=True)
class Word:
    """A word for people, and the sign that stands before it."""

    text: str | Promise
    sign: Sign


WORDS: Mapping[str, Word] = {
    "compliant": Word(_("Meets"), "meets"),
    "pass": Word(_("Meets"), "meets"),
    "non_compliant": Word(_("Fails"), "fails"),
    "fail": Word(_("Fails"), "fails"),
    "inconclusive": Word(_("Not proved"), "unproved"),
    "not_applicable": Word(_("Does not apply"), "na"),
    "waived": Word(_("Excepted"), "waived"),
    "error": Word(_("Could not be judged"), "error"),
}
NEVER = Word(_("Never scanned"), "unproved")

STRENGTHS: Mapping[str, str | Promise] = {"required": _("Required"), "recommended": _("Recommended")}
SEVERITIES: Mapping[str, str | Promise] = {
    "critical": _("Critical"),
    "high": _("High"),
    "medium": _("Medium"),
    "low": _("Low"),
}
PROFILES: Mapping[str, str | Promise] = {"in-use": _("In use"), "handover": _("Hand-over")}
# A live scan is the usual case and needs no word.
SOURCES: Mapping[str, str | Promise] = {
    "capture": _("From a saved capture"),
    "bugreport": _("From a bug report"),
}
