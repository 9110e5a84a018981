"""Pairing a phone for wireless debugging: this computer's key goes into the phone's list, by the code that it shows."""

import secrets
import socket
import string
from dataclasses import dataclass

from adb_shell.auth.sign_cryptography import CryptographySigner
from cryptography.hazmat.primitives.asymmetric import rsa

from agent.messages import Message
from agent.transport.base import TransportError
from agent.transport.paired import Paired
from agent.transport.pairing_wire import COMPUTERS_KEY, PHONES_GUID, Garbled, Who, WrongCode, meet
from agent.transport.tcp import parse_address
from agent.transport.tls import as_computer

_ANSWER_S = 10.0
_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a QR code asks a phone to do: offer pairing under `name`, with `code`, which no person needs to type."""

    name: str
    code: str

    @classmethod
    def new(cls) -> "Invitation":
        """One that nobody can guess."""
        return cls(f"posture-{_random(10)}", _random(12))

    @property
    def text(self) -> str:
        """What stands in the QR code, as the phone's Settings read it (AdbQrCode.java)."""
        return f"WIFI:T:ADB;S:{self.name};P:{self.code};;"


def pair(address: str, code: str, key: CryptographySigner, *, answer_s: float = _ANSWER_S) -> Paired:
    """Pair with the phone that offers it at `address` (HOST:PORT), by the code on its screen.

    answer_s: how long the phone may take for each of its answers.
    Errors: TransportError: no such phone, a wrong code, or a phone that does not name itself as phones do.
    """
    host, port = parse_address(address)
    values = {"address": address}
    try:
        with socket.create_connection((host, port), timeout=answer_s) as plain:
            # Any certificate will do; with our own key's, whoever offers pairing would know by what phones know us.
            passing = rsa.generate_private_key(65537, 2048)
            tls = as_computer(plain, passing, within_s=answer_s, known=False)
            tls.settimeout(answer_s)
            who = meet(tls, "computer", code.encode(errors="replace"), Who(COMPUTERS_KEY, key.GetPublicKey()))
    except WrongCode as error:
        raise TransportError(
            Message("the code is not the one that the phone at {address} shows; look again, and repeat", values)
        ) from error
    except TimeoutError as error:
        raise TransportError(
            Message(
                "nothing answers at {address}; check the address on the phone's pairing screen, and that the phone is "
                "on this network",
                values,
            )
        ) from error
    except (Garbled, OSError) as error:
        raise TransportError(
            Message(
                "{address} offers no pairing, or broke it off; keep “Pair device with pairing code” open on the "
                "phone, and use the address and the code that stand there now",
                values,
            )
        ) from error
    phone = Paired.of(who.text.decode("ascii", errors="replace")) if who.kind == PHONES_GUID else None
    if phone is None:
        raise TransportError(
            Message(
                "the phone at {address} did not say who it is, as phones do that pair; it was not remembered", values
            )
        )
    return phone


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))
