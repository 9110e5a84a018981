"""The bytes of a request: within limits, unpacked, cut into signed documents.

Everything here runs before anybody is known: nothing may cost more than the limits say.
"""

import zlib
from typing import Literal

from django.conf import settings
from django.http import HttpRequest

from server_stub.ingest.refusal import Refusal

Form = Literal["application/jose+json", "application/jose", "application/jsonl"]
_FORMS: dict[str, Form] = {
    "application/jose+json": "application/jose+json",
    "application/json": "application/jose+json",
    "application/jose": "application/jose",
    "application/jsonl": "application/jsonl",
    "application/x-ndjson": "application/jsonl",
}


def form_of(request: HttpRequest) -> Form:
    """In what form the reports come, by Content-Type."""
    try:
        return _FORMS[(request.content_type or "").lower()]
    except KeyError:
        raise Refusal(
            415,
            "wrong-media-type",
            "Content-Type should be application/jose+json (one report), application/jose (compact) "
            "or application/jsonl (a batch, one report a line).",
        ) from None


def read(request: HttpRequest, limit: int) -> bytes:
    """Return the body, unpacked. `limit` bounds both what is sent and what it unpacks to, in bytes."""
    body = request.read(limit + 1)
    if len(body) > limit:
        raise too_large(limit)
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding == "identity":
        return body
    if encoding != "gzip":
        raise Refusal(415, "wrong-encoding", "Content-Encoding should be gzip or absent.")
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(body, limit + 1)
    except zlib.error:
        raise Refusal(400, "wrong-encoding", "The body is not the gzip that Content-Encoding promises.") from None
    if len(plain) > limit:
        raise too_large(limit)
    if not unpacker.eof or unpacker.unused_data:
        raise Refusal(400, "wrong-encoding", "The body is cut short, or goes on after the end of its gzip.")
    return plain


def check_lines(received: bytes) -> None:
    """Raise Refusal for a batch of so many lines that no reports stand in them; each costs, whatever it holds."""
    if received.count(b"\n") > settings.BATCH_LIMIT_LINES:
        limit = {"limit": settings.BATCH_LIMIT_LINES}
        raise Refusal(413, "too-many-lines", "A batch may have %(limit)s lines; this one has more.", limit)


def too_large(limit: int) -> Refusal:
    """The refusal of what is longer than `limit` bytes."""
    return Refusal(
        413, "too-large", "The body may have %(limit)s bytes, sent and unpacked; it has more.", {"limit": limit}
    )


def limit_of(form: Form) -> int:
    """How many bytes a body of this form may have."""
    batch: int = settings.BATCH_LIMIT_BYTES
    one: int = settings.REPORT_LIMIT_BYTES
    return batch if form == "application/jsonl" else one
