"""The simulated phone's wireless debugging: it announces itself on loopback, pairs by a code, and then speaks TLS.

Source: packages/modules/adb, daemon/mdns.cpp, daemon/auth.cpp and pairing_connection/pairing_server.cpp (API 30 to
36): the certificate's key is made anew at each start, pairing ends with the first computer that knows the code or
after twenty tries, and the port that adb connects to knows only computers that were paired.
"""

import re
import secrets
import socket
import string
import threading
from collections.abc import Callable
from contextlib import suppress

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from zeroconf import ServiceInfo, Zeroconf

from agent.simulator.authorisation import read_key
from agent.transport.pairing_wire import COMPUTERS_KEY, PHONES_GUID, Garbled, Who, WrongCode, meet
from agent.transport.tls import TlsSocket, as_phone

HANDSHAKE_S = 10.0
_TRIES = 20
_CONNECT, _PAIRING = "_adb-tls-connect._tcp.local.", "_adb-tls-pairing._tcp.local."
_QR = re.compile(r"WIFI:T:ADB;S:([\x21-\x3a\x3c-\x7e]{1,63});P:([\x21-\x3a\x3c-\x7e]{1,64});;")


class WirelessDebugging:
    """The switch of that name in the phone's developer options, on from `start` to `stop`.

    keys: the computers that the phone knows; pairing adds to it. announce: whether to be found by mDNS, on loopback
    and nowhere else.
    """

    def __init__(self, serial: str, model: str, host: str, keys: list[RSAPublicKey], *, announce: bool = True) -> None:
        self.guid = f"adb-{serial}-{''.join(secrets.choice(string.ascii_letters) for _ in range(6))}"
        self._model, self._host, self._keys = model, host, keys
        self._announcing = announce
        self._key = rsa.generate_private_key(65537, 2048)
        self._air: Zeroconf | None = None
        self._said: dict[str, ServiceInfo] = {}
        self._dialog: _Dialog | None = None

    def start(self, port: int) -> None:
        """Announce the phone, whose ADB is at `port`."""
        if self._announcing:
            self._air = Zeroconf(interfaces=["127.0.0.1"])
        self._say(_CONNECT, self.guid, port)

    def stop(self) -> None:
        """Take it all back."""
        self.close_dialog()
        if self._air is not None:
            self._air.close()
            self._air = None

    def secured(self, plain: socket.socket) -> TlsSocket:
        """The phone's end of a computer's connection. Errors: OSError for one that the phone does not know."""
        return as_phone(plain, self._key, within_s=HANDSHAKE_S, knows=self._keys)

    def show_code(self) -> tuple[str, str]:
        """Tap "Pair device with pairing code"; return the code and the address on the screen."""
        code = "".join(secrets.choice(string.digits) for _ in range(6))
        return code, self._offer(self.guid, code)

    def read_qr(self, text: str) -> str:
        """Hold the camera before a QR code; return the address of the pairing. ValueError if it is for none."""
        found = _QR.fullmatch(text)
        if found is None:
            raise ValueError("no QR code of wireless debugging")
        return self._offer(found[1], found[2])

    def close_dialog(self) -> None:
        """Leave the screen that offers pairing."""
        if self._dialog is not None:
            self._dialog.stop()
            self._dialog = None

    def _offer(self, name: str, code: str) -> str:
        self.close_dialog()
        self._dialog = _Dialog(self._host, code, self.guid, self._paired)
        self._say(_PAIRING, name, self._dialog.port)
        return f"{self._host}:{self._dialog.port}"

    def _paired(self, key: RSAPublicKey | None) -> None:
        if key is not None:
            self._keys.append(key)
        said = self._said.pop(_PAIRING, None)
        if said is not None and self._air is not None:
            self._air.unregister_service(said)

    def _say(self, service: str, name: str, port: int) -> None:
        if self._air is None:
            return
        said = ServiceInfo(
            service,
            f"{name}.{service}",
            port,
            properties={"v": "1", "name": self._model},
            server=f"{self.guid}.local.",
            parsed_addresses=["127.0.0.1"],
        )
        self._said[service] = said
        # Probing would take a second: its names are random.
        self._air.register_service(said, cooperating_responders=True)


class _Dialog:
    """The phone's screen that offers pairing: one port, one code, from the start until `ended` was called."""

    def __init__(self, host: str, code: str, guid: str, ended: Callable[[RSAPublicKey | None], None]) -> None:
        self._code, self._guid, self._ended = code.encode(), guid.encode(), ended
        self._key = rsa.generate_private_key(65537, 2048)  # not the one of the phone's ADB port
        self._listener = socket.create_server((host, 0))
        self.port = int(self._listener.getsockname()[1])
        self._server = threading.Thread(target=self._serve, daemon=True)
        self._server.start()

    def stop(self) -> None:
        """Leave it."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._server.join()

    def _serve(self) -> None:
        key = None
        with self._listener:
            for _ in range(_TRIES):
                try:
                    plain, _address = self._listener.accept()
                except OSError:
                    break
                with plain, suppress(OSError, Garbled, WrongCode):
                    key = self._meet(plain)
                if key is not None:
                    break
        self._ended(key)

    def _meet(self, plain: socket.socket) -> RSAPublicKey | None:
        tls = as_phone(plain, self._key, within_s=HANDSHAKE_S)
        tls.settimeout(HANDSHAKE_S)
        who = meet(tls, "phone", self._code, Who(PHONES_GUID, self._guid))
        return read_key(who.text) if who.kind == COMPUTERS_KEY else None
