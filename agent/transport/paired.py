"""The phones that were paired for wireless debugging: one small file each, in the agent's data folder.

A phone tells its GUID while it pairs, over a connection that both sides proved by the code, and announces itself by it
on the network from then on (`persist.adb.wifi.guid`; daemon/mdns.cpp): `adb-SERIAL-` and six letters or digits.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agent.messages import Message, because
from agent.transport.base import TransportError

_GUID = re.compile(r"adb-([A-Za-z0-9._-]{1,64})-[A-Za-z0-9]{6}")


@dataclass(frozen=True, slots=True)
class Paired:
    """One phone. `serial` is its part of the GUID: what the phone said of itself, to be held against the report's."""

    guid: str

    @classmethod
    def of(cls, guid: str) -> "Paired | None":
        """Read a GUID; None for anything that is none, since a stranger may have written it."""
        return cls(guid) if _GUID.fullmatch(guid) else None

    @property
    def serial(self) -> str:
        """`R58N000TEST` of `adb-R58N000TEST-x7Bq1z`."""
        return self.guid[4:-7]


@dataclass(frozen=True, slots=True)
class PairedPhones:
    """What `data` knows of. Only its owner may read or change it. Every method raises TransportError in trouble."""

    data: Path

    def __iter__(self) -> Iterator[Paired]:
        try:
            names = sorted(path.name for path in self._folder.iterdir())
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._unusable(error) from error
        yield from (phone for name in names if (phone := Paired.of(name)) is not None)

    def remember(self, phone: Paired) -> None:
        """Keep a phone, in place of what it was before it was reset."""
        self.forget(phone.serial, but=phone)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._folder.chmod(0o700)
            os.close(os.open(self._folder / phone.guid, os.O_WRONLY | os.O_CREAT, 0o600))
        except OSError as error:
            raise self._unusable(error) from error

    def forget(self, serial: str, *, but: Paired | None = None) -> bool:
        """Look for a phone no longer; False when there was none of that serial number."""
        gone = [phone for phone in self if phone.serial == serial and phone != but]
        try:
            for phone in gone:
                (self._folder / phone.guid).unlink(missing_ok=True)
        except OSError as error:
            raise self._unusable(error) from error
        return bool(gone)

    @property
    def _folder(self) -> Path:
        return self.data / "paired-phones"

    def _unusable(self, error: OSError) -> TransportError:
        return TransportError(
            Message(
                "the list of paired phones cannot be used: {path}: {why}; mend its permissions, or delete that folder "
                "and pair the phones again",
                {"path": str(self._folder), "why": because(error)},
            ),
            permanent=True,
        )
