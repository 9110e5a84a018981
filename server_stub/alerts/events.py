"""What people can be told of, in words, and how much it weighs."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FAILS = "phone.fails"
RECOVERED = "phone.recovered"
LATE = "phone.late"
SPYWARE = "phone.spyware"
REFUSED = "delivery.refused"
EXPIRES = "decision.expires"
EXPIRED = "decision.expired"
WAITS = "decision.waits"
BROKEN = "audit.broken"
EVENTS: Mapping[str, str | Promise] = {
    SPYWARE: _("Known spyware found"),
    BROKEN: _("The audit chain is broken"),
    FAILS: _("Phones that newly fail"),
    RECOVERED: _("Phones that no longer fail"),
    LATE: _("Late phones"),
    REFUSED: _("Refused deliveries of an agent"),
    WAITS: _("Exceptions and policies that wait for an approval"),
    EXPIRES: _("Exceptions and statements that lapse soon"),
    EXPIRED: _("Exceptions and statements that have lapsed"),
}
# These never wait for a digest, nor for others to come along.
AT_ONCE = (SPYWARE, BROKEN)

SEVERITIES = ("critical", "high", "medium", "low")


def weight(severity: str) -> int:
    """0 is the heaviest; a word that no policy has weighs as little as the lightest."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES) - 1
