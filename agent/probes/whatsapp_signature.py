"""Whether an app that calls itself WhatsApp is signed with WhatsApp's key.

WhatsApp changed its key in 2026: both certificates are genuine, the older one for builds of before and for
Android 12 and earlier. Their full SHA-256 digests were read by several parties from published apps.
`pm get-app-links` (Android 12 and later) prints the full digest; `dumpsys package` only a 32-bit hash, which
anybody can forge at little cost, so it never proves more than "matches".
"""

import re
from collections.abc import Collection
from typing import Literal

Signature = Literal["verified", "matches", "unrecognised", "unread"]

OFFICIAL = ("com.whatsapp", "com.whatsapp.w4b")

_SHA256 = frozenset(
    {
        "3987d043d10aefaf5a8710b3671418fe57e0e19b653c9df82558feb5ffce5d44",
        "fb920d381bee1b2093f27dc8f13d994da629dc91887d0529b35c9a2dc4f4a6c2",
    }
)
_HASHES = frozenset({"2b6cb416", "d5acdcd2"})

# Builds that strangers made of WhatsApp's code, under the names that their makers gave them.
_UNOFFICIAL = re.compile(
    r"com\.[a-z0-9]{2,4}\.?whatsapp\d?|com\.whatsapp\d[a-z]{0,4}|com\.whatsapp\.plus"
    r"|com\.yowhats\.sofitab|com\.universe\.messenger",
    re.IGNORECASE,
)


def is_whatsapp(package: str) -> bool:
    """Whether an app of this name is WhatsApp, or a build or clone of it."""
    return package in OFFICIAL or _UNOFFICIAL.fullmatch(package) is not None


def judge(package: str, digests: Collection[str], hashes: Collection[str]) -> Signature:
    """Judge an app by the certificates that sign it now: full SHA-256 in hex where known, 32-bit hashes else.

    No certificate of WhatsApp Business is known by itself: one of WhatsApp's is good, any other says nothing.
    """
    if package not in OFFICIAL:
        return "unrecognised"
    other: Signature = "unrecognised" if package == "com.whatsapp" else "unread"
    full = {re.sub(r"[^0-9a-f]", "", digest.lower()) for digest in digests}
    if full:
        return "verified" if len(full) == 1 and full <= _SHA256 else other
    if hashes:
        return "matches" if len(hashes) == 1 and set(hashes) <= _HASHES else other
    return "unread"
