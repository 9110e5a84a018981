"""The whole of it on one machine: a collector on SQLite, simulated phones, a scan of all, and where to look."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from agent.data_dir import DataDir
from agent.delivery import Collector
from agent.messages import Language
from agent.policy import load as load_policy
from agent.policy.terms import Profile
from agent.report.signature import AgentKey
from agent.scan import Judge
from agent.simulator import SimulatedPhone, load, shipped

USER = "demo"
_PORT = 8765  # a fixed address is easier to remember; any free one serves


@dataclass(frozen=True, slots=True)
class Demo:
    """What is running: the phones with the profile each is judged by, the agent, the collector and its login."""

    phones: tuple[SimulatedPhone, ...]
    collector_url: str
    user: str
    password: str
    data: DataDir
    key: AgentKey

    def judge(self, phone: SimulatedPhone, language: Language) -> Judge:
        """The judge for one phone: one that is to be handed over is held against other rules."""
        return Judge(load_policy(), self.profile(phone), language, self.key, data=self.data.root)

    def profile(self, phone: SimulatedPhone) -> Profile:
        """A scenario says by its name that its phone is to be handed over."""
        folder = phone.scenario.folder
        return "handover" if folder is not None and "handover" in folder.name else "in-use"


@contextmanager
def running(root: Path) -> Iterator[Demo]:
    """Start the collector and every shipped phone, and enrol an agent; all is ended at the end of the block."""
    from server_stub import run  # noqa: PLC0415 - the agent does without the collector; only the demo needs both

    password = secrets.token_urlsafe(9)
    data = DataDir(root / "agent")
    with ExitStack() as stack:
        collector = _start(run, root / "collector")
        stack.callback(collector.stop)
        run.create_person(USER, password, "admin")
        code, _ = run.enrolment_code()
        key = AgentKey.open(data.agent_key)
        Collector(collector.url).enrol(code, "demo", key.public_jwk)
        data.remember_collector(collector.url)
        scenarios = sorted((load(name) for name in shipped()), key=lambda scenario: scenario.android)
        phones = tuple(stack.enter_context(SimulatedPhone(scenario)) for scenario in scenarios)
        yield Demo(phones, collector.url, USER, password, data, key)


def _start(run: ModuleType, data: Path) -> Any:
    try:
        return run.start(data, port=_PORT)
    except OSError:
        return run.start(data)
