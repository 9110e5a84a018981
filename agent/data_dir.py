"""Where the agent keeps its state on the workstation: one folder, made on first use."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from agent.messages import Message, PostureError, because
from agent.whole_file import write_whole


@dataclass(frozen=True, slots=True)
class DataDir:
    """The folder given by `--data`, by POSTURE_DATA, or the user's own data folder."""

    root: Path

    @classmethod
    def find(cls, given: Path | None = None) -> "DataDir":
        """Return the folder in force; nothing is made yet."""
        return cls(given or Path(os.environ.get("POSTURE_DATA") or user_data_path("phone-posture", appauthor=False)))

    @property
    def agent_key(self) -> Path:
        """The key that signs reports."""
        return self.root / "agent-key.json"

    @property
    def outbox(self) -> Path:
        """What waits to be delivered."""
        return self.root / "outbox.sqlite3"

    @property
    def configuration(self) -> Path:
        """What is set for this workstation; see `agent.configuration`."""
        return self.root / "posture.yaml"

    @property
    def organisation(self) -> Path:
        """The organisation's own values, as `posture init` writes them: an overlay of the policy."""
        return self.root / "organisation.yaml"

    @property
    def indicators(self) -> Path:
        """The imported files that name known spyware."""
        return self.root / "indicators"

    @property
    def plan(self) -> Path:
        """The plan of the nightly scans."""
        return self.root / "schedule.yaml"

    @property
    def schedule(self) -> Path:
        """What happened in each night, and what is due next."""
        return self.root / "schedule.sqlite3"

    @property
    def schedule_lock(self) -> Path:
        """Held by the scheduler that works."""
        return self.root / "schedule.lock"

    @property
    def publisher_key(self) -> Path:
        """The key that signs policies, where this workstation publishes any."""
        return self.root / "publisher-key.json"

    @property
    def policy_trust(self) -> Path:
        """Whose policies are taken, and the newest edition seen of each."""
        return self.root / "policy-trust.json"

    @property
    def published(self) -> Path:
        """The policies that were fetched from the collector."""
        return self.root / "published"

    @property
    def _enrolment(self) -> Path:
        return self.root / "enrolment.json"

    def collector(self) -> str | None:
        """The address of the collector that this agent is enrolled with."""
        try:
            return str(json.loads(self._enrolment.read_text())["collector"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PostureError(
                Message("{path} is damaged; enrol again with `posture enroll`", {"path": str(self._enrolment)}),
                permanent=True,
            ) from error

    def remember_collector(self, url: str) -> None:
        """Keep the collector's address for the scans to come."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            write_whole(self._enrolment, json.dumps({"collector": url}) + "\n")
        except OSError as error:
            raise PostureError(
                Message("{path} cannot be written: {why}", {"path": str(self._enrolment), "why": because(error)})
            ) from error
