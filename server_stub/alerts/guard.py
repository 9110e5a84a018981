"""Where the collector may be made to connect to: never into its own network, unless an administrator says so.

A name is resolved once, every address it has is checked, and the connection goes to one that was checked: what the
name says a moment later does not matter.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.utils.translation import gettext

Address = IPv4Address | IPv6Address
_TRANSLATED = ip_network("64:ff9b::/96")  # NAT64: the last 32 bits are an IPv4 address


class Forbidden(Exception):
    """One sentence for a person."""


def resolve(host: str, port: int) -> tuple[str, bool]:
    """An address of this host that may be connected to, and whether it is of a network that was allowed by setting.

    Raises Forbidden, OSError when there is no such host.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise Forbidden(gettext("This is no name of a host.")) from error
    addresses = [ip_address(str(where[0]).partition("%")[0]) for *_, where in found]
    named = [_is_named(address) for address in addresses]
    for address, allowed in zip(addresses, named, strict=True):
        if not allowed and not _is_public(address):
            raise Forbidden(
                gettext("%(host)s leads into a private network, which POSTURE_ALERT_NETWORKS does not name.")
                % {"host": host}
            )
    return str(addresses[0]), named[0]


def _is_named(address: Address) -> bool:
    return any(address in network for network in settings.ALERT_NETWORKS)


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        within = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in _TRANSLATED:
            within = IPv4Address(int(address) & 0xFFFFFFFF)
        if within is not None:
            return _is_public(within)
    return address.is_global and not address.is_multicast
