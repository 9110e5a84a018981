"""The rest, by Apprise: more than a hundred services, each an address of its own form."""

import logging
from typing import TYPE_CHECKING

from django.utils.translation import gettext

from server_stub.alerts.guard import Forbidden, outward_only, resolve
from server_stub.alerts.webhook import NotTaken

if TYPE_CHECKING:
    from apprise import Apprise

# What is a webhook without a signature.
_UNSIGNED = frozenset({"json", "jsons", "xml", "xmls", "form", "forms"})
_NOWHERE = "{schema}://"  # an address that names nobody: the service acts on this machine instead of sending


def check(url: str) -> str:
    """Returns the name of the service. Raises Forbidden, with a sentence, for what Apprise does not know."""
    return str(_service(url)[0].service_name)


def notify(url: str, title: str, text: str) -> str:
    """Send it. Raises NotTaken, Forbidden."""
    service = _service(url)
    with outward_only():  # whatever a parameter or an answer would have it do
        taken = service.notify(title=title, body=text, body_format="text")
    if not taken:
        raise NotTaken(gettext("The service did not take it."))
    return gettext("taken")


def _service(url: str) -> "Apprise":
    """The one service that the address is of; Apprise would take a list of them. Raises Forbidden."""
    from apprise import Apprise, ContentLocation  # noqa: PLC0415 - it loads a hundred services
    from apprise.attachment.file import AttachFile  # noqa: PLC0415 - likewise

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it would log addresses with their secrets
    AttachFile.location = ContentLocation.INACCESSIBLE  # nor fill in templates that are files of this machine
    found = Apprise()
    if not found.add(url) or len(found) != 1:
        raise Forbidden(gettext("Apprise knows no service by this address."))
    service = found[0]
    forms: tuple[str, ...] = service.templates
    if _NOWHERE in forms or url.strip().partition("://")[0].lower() in _UNSIGNED:
        raise Forbidden(gettext("Apprise knows no service by this address."))
    if any("{host}" in form for form in forms):  # of somebody's own server, not of a known one
        try:
            resolve(str(service.host), int(service.port or 443))
        except OSError as error:
            raise Forbidden(gettext("There is no host %(host)s.") % {"host": service.host}) from error
    return found
