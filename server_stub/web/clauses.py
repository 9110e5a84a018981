"""The guideline's clauses, CM-G-03 version 2: a short title, and what the clause says.

The Spanish sentences are the guideline's own words, shortened; the English ones translate them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: number, title, sentence."""

    number: str
    title: str | Promise
    sentence: str | Promise


_ALL = (
    Clause(
        "1", _("Who may receive data"), _("The entity's data are exchanged only with staff whose function needs them.")
    ),
    Clause("2", _("Private networks"), _("Only private networks are used; public ones are avoided.")),
    Clause(
        "3",
        _("No sharing with third parties"),
        _("Information is not shared with third parties outside the process."),
    ),
    Clause(
        "4",
        _("Custody by the recipients"),
        _("Recipients keep what they receive in custody and take the measures it needs."),
    ),
    Clause("5", _("WhatsApp Web sessions"), _("Every WhatsApp Web session is closed when it is no longer used.")),
    Clause("6", _("Backups"), _("Chats about the entity's work are backed up periodically.")),
    Clause(
        "7",
        _("Screen lock"),
        _("The phone is locked by at least four digits, a pattern or a fingerprint when it is not in use."),
    ),
    Clause(
        "8",
        _("Change of phone"),
        _("After a change of phone and the migration, the old one is reset to factory state."),
    ),
    Clause(
        "preamble",
        _("Preamble"),
        _("Inadequate custody of information is in the risk matrix; phones have a data plan and anti-spyware."),
    ),
)
CLAUSES: Mapping[str, Clause] = {clause.number: clause for clause in _ALL}


def clause(number: str) -> Clause:
    """The clause by that number; a policy may have others, which are shown by their number."""
    return CLAUSES.get(number) or Clause(number, gettext("Clause %(number)s") % {"number": number}, "")


def position(number: str) -> tuple[int, str]:
    """Where the clause stands on a page: as in the guideline, unknown ones last."""
    known = list(CLAUSES)
    return (known.index(number) if number in known else len(known), number)
