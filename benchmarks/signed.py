"""Signed reports of the simulated phones, as an agent would send them night after night."""

import json
import uuid
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import uuid_utils

from agent import probes
from agent.capture.sources import open_capture
from agent.facts import instant
from agent.policy import evaluate, load
from agent.report.build import build
from agent.simulator import shipped
from agent.simulator.scenario import SCENARIOS
from tests.collector.signing import Signer

CHANGED = 20  # one phone in so many changes from one night to the next


class Nights:
    """The same phones each night. Each is one of the simulated phones, under a serial of its own."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._looks = [_look(name) for name in shipped()]
        self._newest = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)

    def of(self, night: int, phones: range) -> list[bytes]:
        """The phones' signed reports, `night` nights ago."""
        return [self._signer.sign(self.payload(night, phone)) for phone in phones]

    def payload(self, night: int, phone: int) -> bytes:
        """One report, unsigned."""
        look: dict[str, Any] = deepcopy(self._looks[phone % len(self._looks)])
        look["report_id"] = str(uuid_utils.uuid7())
        look["scanned_at"] = instant(self._newest - timedelta(days=night, seconds=phone % 3600))
        look["agent"]["id"] = self._signer.id
        look["device"]["serial"] = f"BENCH{phone:06}"
        if (phone + night) // CHANGED % 2:
            changed = next(each for each in look["results"] if each["status"] in ("pass", "not_applicable"))
            changed["status"] = changed["measured_status"] = (
                "pass" if changed["status"] == "not_applicable" else "not_applicable"
            )
        return json.dumps(look, ensure_ascii=False, separators=(",", ":")).encode()


def _look(scenario: str) -> dict[str, Any]:
    capture, policy = open_capture(SCENARIOS / scenario), load()
    capture = replace(capture, captured_at=datetime.now(UTC))
    judged = evaluate(
        policy, probes.read_facts(capture), profile="in-use", scanned_at=capture.captured_at, serial=capture.serial
    )
    built = build(capture, judged, policy, agent_id=str(uuid.UUID(int=0)), profile="in-use", language="en")
    told: dict[str, Any] = json.loads(built.to_json())
    return told
