"""Where the collector may be made to connect to: never into its own network, unless an administrator says so.

A name is resolved once, every address it has is checked, and the connection goes to one that was checked: what the
name says a moment later does not matter. Where a library connects by itself, each of its connections is looked at.
"""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.utils.translation import gettext

Address = IPv4Address | IPv6Address
_TRANSLATED = ip_network("64:ff9b::/96")  # NAT64: the last 32 bits are an IPv4 address
_UNICAST = ip_network("2000::/3")  # all that is handed out of IPv6; the rest is local, translated or of the past
_GOES_OUT = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})  # CPython's audit events


class Forbidden(Exception):
    """One sentence for a person."""


# Of whoever may go outward only, and of the threads that it has work: what they were refused.
_refused: ContextVar[list[Forbidden] | None] = ContextVar("refused", default=None)


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


@contextmanager
def outward_only() -> Iterator[None]:
    """Within, nothing connects to an address that `resolve` refuses, however it came by it.

    What refuses is an OSError to whoever connects, and Forbidden at the end.
    """
    _look_at_connections()
    refused: list[Forbidden] = []
    token = _refused.set(refused)
    try:
        yield
    finally:
        _refused.reset(token)
    if refused:
        raise refused[0]


@cache
def _look_at_connections() -> None:
    """Once a process: such a hook is for good."""
    sys.addaudithook(_look)


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _GOES_OUT or (refused := _refused.get()) is None:
        return
    where = arguments[1]
    if where is None:  # a message to whom the socket is connected already
        return
    try:
        if not isinstance(where, tuple):
            raise Forbidden(gettext("This is no name of a host."))
        resolve(str(where[0]), int(where[1]))
    except Forbidden as error:
        refused.append(error)
        raise PermissionError(str(error)) from error


def _is_named(address: Address) -> bool:
    return any(address in network for network in settings.ALERT_NETWORKS)


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        within = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in _TRANSLATED:
            within = IPv4Address(int(address) & 0xFFFFFFFF)
        if within is not None:
            return _is_public(within)
        if address not in _UNICAST:
            return False
    return address.is_global and not address.is_multicast
