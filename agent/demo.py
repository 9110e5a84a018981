"""The whole of it on one machine: a collector on SQLite, simulated phones, a scan of all, and where to look."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from agent.capture import Capture
from agent.data_dir import DataDir
from agent.delivery import Collector
from agent.messages import Language
from agent.policy import Policy, attest
from agent.policy import load as load_policy
from agent.policy.terms import Profile
from agent.report.signature import AgentKey
from agent.scan import Judge, Judged
from agent.simulator import SimulatedPhone, load, shipped

USER = "demo"
ANSWERING = "Ana Ruiz (demo)"
ANSWERED = ("samsung-a17-business", "pixel-a15-handover-reset")
WAITING = "pixel-a14-healthy"  # in order too, and left for the reader to answer
_PORT = 8765  # a fixed address is easier to remember; any free one serves


@dataclass(frozen=True, slots=True)
class Demo:
    """What is running: the phones, the collector and its login, the agent and the policy."""

    phones: tuple[SimulatedPhone, ...]
    collector_url: str
    user: str
    password: str
    data: DataDir
    key: AgentKey

    policy: Policy

    @property
    def waiting(self) -> SimulatedPhone:
        """The phone whose questions the reader may answer."""
        return next(phone for phone in self.phones if _name(phone) == WAITING)

    def judge(self, phone: SimulatedPhone, capture: Capture, language: Language) -> Judged:
        """Judge one phone; for some, the person at the demo's bench has answered what no command can prove."""
        judge = Judge(self.policy, _profile(phone), language, self.key, data=self.data.root)
        judged = judge.judge(capture)
        if _name(phone) not in ANSWERED:
            return judged
        now = datetime.now(UTC)
        evaluation = judged.evaluation
        stated = [
            statement
            for question in evaluation.open_questions
            for statement in attest(
                evaluation, question, answer=True, by=ANSWERING, role=question.answered_by[0], at=now
            )
        ]
        return judge.heard(judged, stated)


def _name(phone: SimulatedPhone) -> str:
    return phone.scenario.folder.name if phone.scenario.folder is not None else ""


def _profile(phone: SimulatedPhone) -> Profile:
    """A scenario says by its name that its phone is to be handed over, and is held against other rules."""
    return "handover" if "handover" in _name(phone) else "in-use"


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
        yield Demo(phones, collector.url, USER, password, data, key, load_policy())


def _start(run: ModuleType, data: Path) -> Any:
    try:
        return run.start(data, port=_PORT)
    except OSError:
        return run.start(data)
