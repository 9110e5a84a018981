"""TLS as adb speaks it on Wi-Fi: version 1.3, certificates that both sides made themselves, keys that they know.

Source: packages/modules/adb, tls/tls_connection.cpp, tls/adb_ca_list.cpp and daemon/auth.cpp (API 30 to 36). A phone
makes a new key whenever its adbd starts, so nobody can know a phone by its certificate. But it names, before anybody
has shown it a certificate, the computers that it knows, by the SHA-256 of their keys; a stranger cannot name ours.
"""

import socket
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from OpenSSL import SSL
from OpenSSL.crypto import X509

_Result = TypeVar("_Result")
_RECORD = 16384  # TLS cuts what is longer
_LONG_AGO, _LONG = timedelta(days=1), timedelta(days=3650)


class TlsBroken(ConnectionError):
    """The other side does not speak TLS as adb does, or refused ours."""


class Stranger(TlsBroken):
    """The other side does not know this computer's key: it was shown nothing of ours."""


def name_of(key: RSAPublicKey) -> x509.Name:
    """How a phone names a computer that it knows: `O=AdbKey-0, CN=` SHA-256 of its public key, upper-case hex."""
    public = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    digest = sha256(public).hexdigest().upper()
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "AdbKey-0"), x509.NameAttribute(NameOID.COMMON_NAME, digest)]
    )


def certificate(key: RSAPrivateKey, subject: x509.Name | None = None) -> x509.Certificate:
    """A certificate that proves nothing but that its sender has `key`; adb looks at nothing else."""
    now, name = datetime.now(UTC), name_of(key.public_key())
    builder = x509.CertificateBuilder(
        issuer_name=name, subject_name=subject or name, public_key=key.public_key(), serial_number=1
    )
    return builder.not_valid_before(now - _LONG_AGO).not_valid_after(now + _LONG).sign(key, SHA256())


class TlsSocket:
    """A socket's TLS, with as much of a socket's methods as is needed. One thread may receive while others send."""

    def __init__(self, plain: socket.socket, connection: SSL.Connection) -> None:
        self._plain, self._tls = plain, connection
        self._state = Lock()  # OpenSSL's own: one call at a time
        self._order = Lock()  # what is encrypted first is sent first

    def handshake(self, within_s: float) -> None:
        """Agree with the other side. Errors: TlsBroken, Stranger; TimeoutError after `within_s`."""
        until = time.monotonic() + within_s
        while True:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._plain.settimeout(left)
            try:
                self._step(self._tls.do_handshake)
            except SSL.WantReadError:
                self._flush()
                self._take()
            except TlsBroken:
                self._flush()
                raise
            else:
                self._flush()
                return

    def exported(self, label: bytes, size: int) -> bytes:
        """Secret bytes that only the two ends of this connection know (RFC 8446, 7.5)."""
        with self._state:
            return self._tls.export_keying_material(label, size)

    def recv(self, size: int) -> bytes:
        """What has come, at most `size`; empty when the other side has closed. Errors: as a socket's; TlsBroken."""
        while True:
            try:
                return self._step(lambda: self._tls.recv(size))
            except SSL.ZeroReturnError:
                return b""
            except SSL.WantReadError:
                if not self._take():
                    return b""

    def sendall(self, data: bytes) -> None:
        """Send all of `data`. Errors: as a socket's; TlsBroken."""
        for start in range(0, len(data), _RECORD):
            part = data[start : start + _RECORD]
            with self._order:
                self._step(lambda part=part: self._tls.send(part))  # type: ignore[misc]
                self._send_encrypted()

    def settimeout(self, timeout_s: float | None) -> None:
        """As a socket's."""
        self._plain.settimeout(timeout_s)

    def shutdown(self, how: int) -> None:
        """As a socket's: whoever waits for the other side wakes up."""
        self._plain.shutdown(how)

    def close(self) -> None:
        """As a socket's."""
        self._plain.close()

    def _step(self, step: Callable[[], _Result]) -> _Result:
        with self._state:
            try:
                return step()
            except (SSL.WantReadError, SSL.ZeroReturnError):
                raise
            except SSL.Error as error:
                raise TlsBroken(str(error)) from error

    def _take(self) -> bool:
        """Wait for bytes of the other side; False when it has closed."""
        received = self._plain.recv(65536)
        if not received:
            with self._state:
                self._tls.bio_shutdown()
            return False
        with self._state:
            self._tls.bio_write(received)
        return True

    def _flush(self) -> None:
        with self._order:
            self._send_encrypted()

    def _send_encrypted(self) -> None:
        parts = []
        with self._state:
            try:
                while True:
                    parts.append(self._tls.bio_read(65536))
            except SSL.WantReadError:
                pass
        if parts:
            self._plain.sendall(b"".join(parts))


def as_computer(plain: socket.socket, key: RSAPrivateKey, *, within_s: float, known: bool = True) -> TlsSocket:
    """Be the computer's side. known: go on only with a phone that knows this computer, and show nothing to others.

    Errors: Stranger; TlsBroken; TimeoutError.
    """
    own = name_of(key.public_key())
    strange = []

    def is_met(connection: SSL.Connection, *_: object) -> bool:
        # OpenSSL asks this once it has read the phone's list, and before it sends our certificate.
        try:
            met = own in connection.get_client_ca_list(as_cryptography=True)
        except ValueError:  # a name that is none
            met = False
        if known and not met:
            strange.append(True)
        return met or not known

    connection = SSL.Connection(_context(key, is_met), None)
    connection.set_connect_state()
    tls = TlsSocket(plain, connection)
    try:
        tls.handshake(within_s)
    except TlsBroken as error:
        raise Stranger if strange else error from error
    return tls


def as_phone(
    plain: socket.socket,
    key: RSAPrivateKey,
    *,
    within_s: float,
    knows: Iterable[RSAPublicKey] | None = None,
) -> TlsSocket:
    """Be the phone's side. knows: the computers that may come in; None lets in whoever has a certificate.

    Errors: TlsBroken; TimeoutError.
    """
    known = None if knows is None else list(knows)

    def may(_: SSL.Connection, shown: X509, *__: object) -> bool:
        return known is None or shown.to_cryptography().public_key() in known

    context = _context(key, may)
    for computer in known or ():
        context.add_client_ca(certificate(key, name_of(computer)))
    connection = SSL.Connection(context, None)
    connection.set_accept_state()
    tls = TlsSocket(plain, connection)
    tls.handshake(within_s)
    return tls


def _context(key: RSAPrivateKey, verify: Callable[..., bool]) -> SSL.Context:
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(SSL.TLS1_3_VERSION)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.use_certificate(certificate(key))
    context.use_privatekey(key)
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, verify)
    return context
