"""The policies that the collector published, fetched for each phone and kept for when it does not answer.

The collector signs them. Where publishers are pinned (`agent.policy.trust`), its key must be one of them. It hands out
what holds now and may go back to an earlier edition, so an older one is not refused here.
"""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from agent.delivery.client import Collector, DeliveryError
from agent.facts import instant
from agent.messages import Message, PostureError, because
from agent.policy import Policy, PolicyError, bundle
from agent.policy.files import Files
from agent.policy.loading import assemble
from agent.policy.trust import Trust
from agent.report.signature import RequestKey
from agent.whole_file import write_whole

_PAUSE_S = 60.0


@dataclass(slots=True)
class Published:
    """What one collector publishes. `trouble`: why what was kept, or the own policy, is used at present."""

    folder: Path
    collector: Collector
    key: RequestKey
    trust: Trust
    trouble: Message | None = None
    _asks_again_s: float = 0.0  # by the monotonic clock: a collector that does not answer would hold up every phone
    _policies: dict[str, Policy] = field(default_factory=dict)  # by the bundle's digest

    def policy_for(self, serial: str) -> Policy | None:
        """The policy for this phone ("": for everybody); None: the own policy holds.

        So it does where nothing is published, where nothing was ever fetched, and where this version of the agent
        cannot read what is. Raises PolicyError for what is not signed by whom this workstation trusts.
        """
        kept = self._kept(serial)
        if monotonic() >= self._asks_again_s:
            try:
                kept, self.trouble = self._fetched(serial, kept), None
            except DeliveryError as error:
                self.trouble, self._asks_again_s = error.message, monotonic() + _PAUSE_S
        name = kept.get("bundle")
        if not isinstance(name, str):
            return None
        if name not in self._policies:
            files = self._checked((self.folder / name).read_bytes())
            try:
                self._policies[name] = assemble(files)
            except PolicyError as error:
                self.trouble = error.message
                return None
        return self._policies[name]

    def _fetched(self, serial: str, kept: dict[str, Any]) -> dict[str, Any]:
        found = self.collector.policy(serial, self._proof(serial), kept.get("etag"))
        if found == "same":
            return kept
        if found == "none":
            return self._keep(serial, {})
        signed, new = found
        self._checked(signed.encode())
        name = _name(signed.encode())
        self._write(self.folder / name, signed)
        return self._keep(serial, {"etag": new, "bundle": name})

    def _proof(self, serial: str) -> str:
        asked = json.dumps({"serial": serial, "at": instant(datetime.now(UTC))})
        signed = json.loads(self.key.sign(asked.encode()))
        return ".".join((signed["protected"], signed["payload"], signed["signature"]))

    def _checked(self, signed: bytes) -> Files:
        files = bundle.unpack(signed)
        pinned = self.trust.publishers
        if pinned and files.publisher not in pinned:
            values: dict[str, str | int | Message] = {"url": self.collector.url, "publisher": str(files.publisher)}
            raise PolicyError(
                Message("{url} signs its policies by {publisher}, which this workstation does not trust", values)
            )
        return files

    def _place(self, serial: str) -> Path:
        """A note by phone: a serial is the phone's own text, and no file's name."""
        return self.folder / f"phone-{hashlib.sha256(serial.encode()).hexdigest()[:32]}.json"

    def _kept(self, serial: str) -> dict[str, Any]:
        """What was noted last; nothing where its bundle is not whole any more, so that it is fetched anew."""
        try:
            told = json.loads(self._place(serial).read_text())
            whole = _name((self.folder / told["bundle"]).read_bytes()) == told["bundle"]
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return told if whole and told.get("collector") == self.collector.url else {}

    def _keep(self, serial: str, told: dict[str, Any]) -> dict[str, Any]:
        told = {**told, "collector": self.collector.url}
        self._write(self._place(serial), json.dumps(told))
        return told

    def _write(self, path: Path, text: str) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(path, text)
        except OSError as error:
            why = because(error)
            raise PostureError(Message("{path} cannot be written: {why}", {"path": str(path), "why": why})) from error


def _name(signed: bytes) -> str:
    """What a bundle's file is called."""
    return f"{hashlib.sha256(signed).hexdigest()[:32]}.json"
