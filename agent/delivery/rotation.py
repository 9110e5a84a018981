"""A new key for this workstation, introduced to the collector by the old one.

The new key lies beside the old one until the collector has it, so a lost answer or a power cut costs nothing: the same
is said again and answered the same. What waits in the outbox stays as it was signed; the collector still takes it.
"""

import json
from contextlib import suppress
from pathlib import Path

from agent.delivery.client import Collector
from agent.messages import Message, PostureError, because
from agent.report.signature import RotationKey
from agent.whole_file import write_whole


def rotate(path: Path, collector: Collector) -> str:
    """Replace the key in that file. Returns the new key's id.

    The old key's public half stays beside it as `agent-key.ID.jwk`, by which earlier reports can be verified.
    Errors: DeliveryError when the collector did not take it, PostureError when the disk did not; the old key holds on.
    """
    old, new = RotationKey.open(path), RotationKey.open(path.with_suffix(".next.json"))
    proof = new.sign(json.dumps({"replaces": old.id}).encode())
    collector.rotate(old.sign(json.dumps({"public_jwk": new.public_jwk, "proof": proof}).encode()))
    try:
        write_whole(path.with_suffix(f".{old.id}.jwk"), json.dumps(old.public_jwk) + "\n")
        with suppress(FileNotFoundError):  # another process that did the same was quicker
            new.path.replace(path)
    except OSError as error:
        raise PostureError(
            Message(
                "the new key could not be put to {path}: {why}; say `posture enroll --rotate` again",
                {"path": str(path), "why": because(error)},
            )
        ) from error
    return new.id
