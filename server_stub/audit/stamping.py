"""Time stamps (RFC 3161) of the chain's end, by an authority outside this house: asked for, verified, kept, checked.

What is stamped is the last row's hash as it is printed, 64 characters in ASCII, so that anybody can check it:
`printf %s HASH | openssl ts -verify -data /dev/stdin -in FILE.tsr -CAfile ROOTS.pem`.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import requests
from cryptography import x509
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from server_stub.audit.chain import Actor, record
from server_stub.audit.models import Entry, Head, Stamp
from server_stub.web.text import clean

_LIMIT_BYTES = 64 * 1024
_TIMEOUT_S = (5.0, 20.0)
_TYPES = ("application/timestamp-query", "application/timestamp-reply")


class StampError(ValueError):
    """One sentence for a person: why there is no stamp."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """How the stamps hold. `wrong`: the row of the first one that does not, and why; `last`: the newest one's row."""

    count: int
    last: int
    at: datetime | None
    wrong: int | None = None
    why: str = ""


def configured() -> bool:
    """Whether there is an authority to ask."""
    return bool(settings.TSA_URL)


def stamp(actor: Actor) -> Stamp:
    """Have the chain's end stamped, now. Raises StampError."""
    if not configured():
        raise StampError(gettext("No time stamping authority is set: POSTURE_TSA_URL and POSTURE_TSA_ROOTS."))
    head = Head.objects.first()
    if head is None or not head.number:
        raise StampError(gettext("The audit log is empty."))
    request = TimestampRequestBuilder().data(head.hash.encode()).hash_algorithm(HashAlgorithm.SHA256).build()
    answer = _asked(request.as_bytes())
    response = _verified(answer, head.hash, nonce=request.nonce)
    with transaction.atomic():
        made = Stamp.objects.create(
            number=head.number,
            hash=head.hash,
            at=response.tst_info.gen_time.astimezone(UTC),
            authority=clean(_authority(response), 300),
            response=answer,
        )
        record("audit.stamped", actor, made.authority, row=made.number, at=made.at.isoformat())
    return made


def check() -> Stamped:
    """Check every kept stamp: the authority's signature, and that its row still has the hash that was stamped."""
    count, last = 0, None
    for each in Stamp.objects.order_by("id").iterator():
        count += 1
        if why := _wrong(each):
            return Stamped(count, each.number, each.at, each.number, why)
        last = each
    return Stamped(count, last.number if last else 0, last.at if last else None)


def row_of(answer: bytes) -> Entry:
    """The row that a stamp kept elsewhere is of. Raises StampError where it does not hold, or where no row has it."""
    try:
        response = decode_timestamp_response(answer)
    except (ValueError, TypeError) as error:
        raise StampError(gettext("This is no time stamp (TimeStampResp).")) from error
    imprint = response.tst_info.message_imprint.message
    for entry in Entry.objects.order_by("-number").iterator():
        if any(hashlib.new(name, entry.hash.encode()).digest() == imprint for name in ("sha256", "sha512")):
            _verified(answer, entry.hash)
            return entry
    raise StampError(gettext("No row of the audit log has the hash that was stamped: it was rewritten since."))


def _wrong(kept: Stamp) -> str:
    found = Entry.objects.filter(number=kept.number).values_list("hash", flat=True).first()
    if found != kept.hash:
        return gettext("The audit log was rewritten after this row was stamped.")
    if not settings.TSA_ROOTS:
        return ""  # nobody said whom to believe; the row itself holds
    try:
        response = _verified(bytes(kept.response), kept.hash)
    except StampError as error:
        return str(error)
    return "" if response.tst_info.gen_time == kept.at else gettext("The stamp was made at another time than is noted.")


def _asked(request: bytes) -> bytes:
    try:
        with requests.post(
            settings.TSA_URL,
            data=request,
            headers={"Content-Type": _TYPES[0]},
            timeout=_TIMEOUT_S,
            allow_redirects=False,
            stream=True,
        ) as answer:
            body = answer.raw.read(_LIMIT_BYTES + 1)
            kind = answer.headers.get("Content-Type", "").partition(";")[0].strip()
            fits = answer.status_code == requests.codes.ok and kind == _TYPES[1]
    except requests.RequestException as error:
        raise StampError(gettext("The time stamping authority does not answer.")) from error
    if not fits or len(body) > _LIMIT_BYTES:
        raise StampError(gettext("The time stamping authority answers, but with no time stamp."))
    return bytes(body)


def _verified(answer: bytes, hashed: str, nonce: int | None = None) -> TimeStampResponse:
    """Raises StampError for what no believed authority signed, or signed of something else."""
    try:
        response = decode_timestamp_response(answer)
        verifier = VerifierBuilder(roots=_roots(), nonce=nonce).build()
        verifier.verify_message(response, hashed.encode())
    except (VerificationError, ValueError, TypeError) as error:
        told = gettext("The time stamp does not hold: %(why)s.") % {"why": clean(str(error), 200)}
        raise StampError(told) from error
    return response


def _roots() -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(Path(settings.TSA_ROOTS).read_bytes())
    except (OSError, ValueError) as error:
        raise StampError(gettext("POSTURE_TSA_ROOTS names no file of certificates (PEM).")) from error


def _authority(response: TimeStampResponse) -> str:
    """The subject of the certificate that signed."""
    signers = {(each.issuer, each.serial_number) for each in response.signed_data.signer_infos}
    found = _certificates(response.signed_data.certificates)
    return next((c.subject.rfc4514_string() for c in found if (c.issuer, c.serial_number) in signers), "?")


def _certificates(told: Iterable[bytes]) -> list[x509.Certificate]:
    return [x509.load_der_x509_certificate(bytes(each)) for each in told]
