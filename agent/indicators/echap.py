"""Echap's YAML (`ioc.yaml`, `watchware.yaml`): a list of products with packages and certificates.

`type` stands in what is reported (stalkerware, watchware): whether a tool of the second kind may be there is for
people to decide. Websites and servers are not seen over ADB.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from agent.indicators.model import Found, meant


def read(products: Sequence[Any]) -> Found:
    """Return what a list of products holds."""
    found = Found()
    for product in products:
        if not isinstance(product, dict):
            found.skip([product])
            continue
        meaning = meant(f"{product.get('name', 'known spyware')} ({product.get('type', 'stalkerware')})")
        for package in _items(product.get("packages")):
            found.package(package, meaning)
        for digest in _items(product.get("certificates")):
            found.certificate(digest, meaning)
        found.skip(_items(product.get("websites")))
        c2 = product.get("c2")
        for addresses in c2.values() if isinstance(c2, dict) else ():
            found.skip(_items(addresses))
    return found


def _items(value: object) -> Iterator[object]:
    return iter(value if isinstance(value, list) else [])
