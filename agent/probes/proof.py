"""How far each version of Android proves a fact: what a probe says of itself in its table `PROOF`.

`docs/facts.md` is written from these tables; a test holds every fact to one entry for each version, and another
holds the entries to real phones: what a probe concluded there cannot be called not provable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

FIRST, LAST = 8, 17
READ_TO = 16  # the newest version whose source the probes' docstrings name

Degree = Literal["proved", "partly", "not provable"]


@dataclass(frozen=True, slots=True)
class Proof:
    """One range of Android versions. `why`: what is missing; a limit to know of where the fact is proved."""

    first: int
    last: int
    degree: Degree
    why: str


Table = Mapping[str, Sequence[Proof]]


def proved(first: int = FIRST, last: int = READ_TO, *, limit: str = "") -> Proof:
    """Say that the phone proves the fact, in all forms that were read."""
    return Proof(first, last, "proved", limit)


def partly(why: str, first: int = FIRST, last: int = READ_TO) -> Proof:
    """Say that the phone proves it only sometimes, or only one of its values."""
    return Proof(first, last, "partly", why)


def hidden(why: str, first: int = FIRST, last: int = LAST) -> Proof:
    """Say that nothing which shell may run proves it."""
    return Proof(first, last, "not provable", why)


def on(version: int, proofs: Sequence[Proof]) -> Proof:
    """Return what holds on a version; KeyError for none or two. After READ_TO the last form counts in part."""
    found = [proof for proof in proofs if proof.first <= version <= proof.last]
    if not found and version > READ_TO:
        before = on(READ_TO, proofs)
        new = "expected in the form of Android 16; neither its source nor such a phone was read for this"
        return partly(f"{new}; {before.why}" if before.why else new, version, version)
    if len(found) != 1:
        raise KeyError(version)
    return found[0]
