"""Nights with simulated phones, and a clock that the test moves."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from agent.data_dir import DataDir
from agent.delivery import Outbox
from agent.messages import Message
from agent.policy import Policy, load
from agent.report.signature import AgentKey
from agent.scan import Judge
from agent.schedule import Journal, Night, Plan, Shift, Summary, Window, latest, summarise
from agent.simulator import Scenario, SimulatedPhone
from agent.transport.keys import workstation_key

NOBODY = "http://127.0.0.1:9"  # no collector there: what was scanned stays in the outbox
EVENING = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
WINDOW: dict[str, Any] = {"name": "night", "from": "22:00", "to": "05:00", "zone": "UTC", "jitter": {"minutes": 0}}


@cache
def policy() -> Policy:
    return load()


@pytest.fixture(scope="session")
def adb_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One ADB key for all: making one takes a while."""
    folder = tmp_path_factory.mktemp("key")
    workstation_key(folder)
    return folder / "adb-key"


@pytest.fixture
def data(tmp_path: Path, adb_key: Path) -> DataDir:
    folder = tmp_path / "data"
    shutil.copytree(adb_key, folder / "adb-key")
    return DataDir(folder)


@pytest.fixture
def make_phone(tmp_path: Path) -> Iterator[Callable[..., SimulatedPhone]]:
    """Start a phone that says its serial number and little else; all are stopped at the end."""
    started: list[SimulatedPhone] = []

    def make(serial: str, port: int = 0, **changes: Any) -> SimulatedPhone:
        folder = tmp_path / f"scenario{len(started)}"
        folder.mkdir()
        (folder / "getprop.txt").write_text(f"[ro.serialno]: [{serial}]\n[ro.build.version.release]: [14]\n")
        phone = SimulatedPhone(Scenario(folder=folder, serial=serial), port, **changes)
        started.append(phone)
        return phone.start()

    yield make
    for phone in started:
        phone.stop()


def scans(phone: SimulatedPhone) -> int:
    """How often a phone was scanned."""
    return sum(ran.kind == "line" for ran in phone.log)


@dataclass
class Bench:
    """A shift of a plan, what it told, and its clock."""

    data: DataDir
    plan: Plan
    now: datetime = EVENING
    told: list[str] = field(default_factory=list)
    judge: Callable[[], Judge] | None = None
    tell: Callable[[str], None] = lambda _: None

    @property
    def window(self) -> Window:
        return self.plan.windows[0]

    @property
    def shift(self) -> Shift:
        return Shift(self.plan, self.data, self.judge or self._judge, NOBODY, self._tell, lambda: self.now)

    @property
    def night(self) -> Night:
        night = latest(self.window, self.now)
        assert night is not None
        return night

    def work(self, **how: Any) -> datetime | None:
        return self.shift.work(self.window, self.night, **how)

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    def summary(self) -> Summary:
        found = summarise(self.plan, self.window, Journal(self.data.schedule), self.now)
        assert found is not None
        return found

    def states(self) -> dict[str, tuple[str, int]]:
        """State and number of attempts by phone."""
        return {line.phone: (line.state, line.attempts) for line in self.summary().phones}

    def reason(self, phone: str) -> str:
        (line,) = (line for line in self.summary().phones if line.phone == phone)
        assert line.reasons is not None
        assert line.reasons.keys() == {"en", "es"}
        return line.reasons["en"]

    def waiting(self) -> list[str]:
        """Serial numbers of the phones whose reports are in the outbox."""
        return sorted(item.serial for item in Outbox(self.data.outbox).waiting())

    def _judge(self) -> Judge:
        return Judge(policy(), self.plan.profile, "en", AgentKey.open(self.data.agent_key), data=self.data.root)

    def _tell(self, event: Message) -> None:
        self.told.append(str(event))
        self.tell(self.told[-1])


@pytest.fixture
def bench(data: DataDir) -> Callable[..., Bench]:
    """Make a bench: `bench(phones=[…], windows=[…], …)`, a plan's own words."""

    def make(**plan: Any) -> Bench:
        return Bench(data, Plan.model_validate({"connected": False, "windows": [WINDOW], **plan}))

    return make
