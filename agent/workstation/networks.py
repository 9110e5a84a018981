"""Which networks the computer stands in, from netifaces, and whether a phone's address is in one of them."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network, ip_address, ip_interface, ip_network
from typing import Any, Literal

import netifaces

_MOST = 32  # entries of each kind; a host of containers has hundreds

Reach = Literal["this-computer", "same-network", "routed"]
"""The address is this computer's own, in a network that it stands in, or behind a gateway."""


@dataclass(frozen=True, slots=True)
class Networks:
    """Networks as `192.0.2.0/24`, own IPv4 addresses, and gateways; loopback and link-local ones left out.

    Own IPv6 addresses are not told, nor gateways' that are made of a MAC address.
    """

    networks: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()


def networks() -> Networks:
    """Look at the interfaces. Raises nothing: what the system does not tell is left out."""
    try:
        own = [each for name in netifaces.interfaces() for each in _interface(netifaces.ifaddresses(name))]
        gateways = list(_gateways(netifaces.gateways()))
    except Exception:  # netifaces fails as each system does
        return Networks()
    told = [each for each in own if not (each.ip.is_loopback or each.ip.is_link_local)]
    return Networks(
        networks=_some(str(each.network) for each in told),
        addresses=_some(str(each.ip) for each in told if each.version == 4),
        gateways=_some(gateways),
    )


def reach(phone: str, found: Networks) -> Reach | None:
    """Where `phone` (HOST:PORT, as adb calls it) is, seen from here; None for a cable or a name."""
    host = phone.rpartition(":")[0].removeprefix("[").removesuffix("]")
    try:
        address = ip_address(host)
    except ValueError:
        return None
    if address.is_loopback or str(address) in found.addresses:
        return "this-computer"
    within: list[IPv4Network | IPv6Network] = [ip_network(each) for each in found.networks]
    return "same-network" if any(address in each for each in within) else "routed"


def _interface(families: Mapping[int, list[dict[str, Any]]]) -> Iterator[IPv4Interface | IPv6Interface]:
    """The addresses of one interface; netifaces writes an IPv6 netmask as `ffff:…::/64`."""
    for family in (netifaces.AF_INET, netifaces.AF_INET6):
        for each in families.get(family, ()):
            with suppress(ValueError, KeyError):
                mask = str(each["netmask"])
                length = mask.rpartition("/")[2] if family == netifaces.AF_INET6 else mask
                yield ip_interface(f"{each['addr'].partition('%')[0]}/{length}")


def _gateways(families: Mapping[Any, Any]) -> Iterator[str]:
    for family in (netifaces.AF_INET, netifaces.AF_INET6):
        for address, *_ in families.get(family, ()):
            with suppress(ValueError):
                gateway = ip_address(str(address).partition("%")[0])
                made_of_a_mac = gateway.version == 6 and gateway.packed[11:13] == b"\xff\xfe"
                if not gateway.is_link_local and not made_of_a_mac:
                    yield str(gateway)


def _some(texts: Iterator[str] | list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))[:_MOST]
