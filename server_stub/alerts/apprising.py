"""The rest, by Apprise: more than a hundred services, each an address of its own form."""

import logging

from django.utils.translation import gettext

from server_stub.alerts.guard import Forbidden, resolve
from server_stub.alerts.webhook import NotTaken

# What would act on this machine instead of sending, and what is a webhook without a signature.
_LOCAL = frozenset({"dbus", "kde", "qt", "glib", "gnome", "macosx", "windows", "syslog", "json", "xml", "form"})


def check(url: str) -> str:
    """Returns the name of the service. Raises Forbidden, with a sentence, for what Apprise does not know."""
    from apprise import Apprise  # noqa: PLC0415 - it loads a hundred services

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it would log addresses with their secrets
    scheme = url.partition("://")[0].lower()
    service = None if scheme.rstrip("s") in _LOCAL or scheme in _LOCAL else Apprise.instantiate(url)
    if service is None:
        raise Forbidden(gettext("Apprise knows no service by this address."))
    forms: tuple[str, ...] = service.templates
    if any("{host}" in form for form in forms):  # of somebody's own server, not of a known one
        try:
            resolve(str(service.host), int(service.port or 443))
        except OSError as error:
            raise Forbidden(gettext("There is no host %(host)s.") % {"host": service.host}) from error
    return str(service.service_name)


def notify(url: str, title: str, text: str) -> str:
    """Send it. Raises NotTaken, Forbidden."""
    from apprise import Apprise  # noqa: PLC0415 - it loads a hundred services

    check(url)
    service = Apprise()
    service.add(url)
    if not service.notify(title=title, body=text, body_format="text"):
        raise NotTaken(gettext("The service did not take it."))
    return gettext("taken")
