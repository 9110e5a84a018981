"""From a phone to a signed report, for one phone or for many side by side."""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from agent import probes
from agent.capture import Capture, Command, OptIn
from agent.capture.live import capture_phone
from agent.indicators import IndicatorFile
from agent.messages import Language, Message, PostureError
from agent.policy import Attestation, Evaluation, Policy, evaluate
from agent.policy.terms import Profile
from agent.report.build import build, device, restated
from agent.report.model import Report
from agent.report.signature import AgentKey
from agent.transport import Found

AT_ONCE = 32  # phones side by side; a thread each, asleep most of the time


@dataclass(frozen=True, slots=True)
class Judge:
    """All that turns a capture into a report."""

    policy: Policy
    profile: Profile
    language: Language
    key: AgentKey
    now: datetime | None = None  # judge as if at that instant, for captures of the past
    indicators: Sequence[IndicatorFile] = ()  # the imported files that name known spyware
    data: Path | None = None  # the agent's data folder, whose disk each report tells of
    choose: Callable[[str], Policy | None] | None = None  # a phone's own policy by its serial; None: `policy`

    def judge(self, capture: Capture) -> "Judged":
        """Read the facts of a capture and hold them against the policy."""
        facts = probes.read_facts(capture, self.indicators)
        policy = self._policy(device(facts, capture).serial)
        evaluation = evaluate(
            policy, facts, profile=self.profile, scanned_at=self.now or capture.captured_at, serial=capture.serial
        )
        report = build(
            capture,
            evaluation,
            policy,
            agent_id=self.key.id,
            profile=self.profile,
            language=self.language,
            data=self.data,
        )
        return Judged(report=report, evaluation=evaluation, broken=capture.broken)

    def heard(self, judged: "Judged", attestations: Sequence[Attestation]) -> "Judged":
        """Judge a phone again with what people stated after the scan; facts and scan time stay."""
        evaluation = evaluate(
            judged.evaluation.policy,
            judged.evaluation.facts,
            profile=self.profile,
            scanned_at=datetime.fromisoformat(judged.report.scanned_at),
            attestations=attestations,
            asked_at=max((each.at for each in attestations), default=None),
        )
        return replace(judged, report=restated(judged.report, evaluation), evaluation=evaluation)

    def _policy(self, serial: str) -> Policy:
        return (self.choose(serial) if self.choose else None) or self.policy


@dataclass(frozen=True, slots=True)
class Judged:
    """A report, and the evaluation it was made from. `broken`: the phone went away before it had said all."""

    report: Report
    evaluation: Evaluation
    broken: Message | None


@dataclass(frozen=True, slots=True)
class Failed:
    """A phone that could not be scanned, and why."""

    name: str
    reason: Message


Progress = Callable[[str, int, int], None]
"""Called with a phone's name, how many of its commands are answered, and how many there are."""


def capture_all(
    phones: Sequence[Found], commands: Sequence[Command], progress: Progress, *, at_once: int = AT_ONCE
) -> Iterator[tuple[Found, Capture | Failed]]:
    """Look at every phone, at most `at_once` side by side; yield each as it is done.

    The threads are daemons: a person who stops the program need not wait for a phone that hangs, and a phone
    ends what it runs when its connection goes. Once nobody asks any longer, no further phone is begun.
    """
    waiting: SimpleQueue[Found] = SimpleQueue()
    done: SimpleQueue[tuple[Found, Capture | Failed | BaseException]] = SimpleQueue()
    for phone in phones:
        waiting.put(phone)

    def work() -> None:
        with suppress(Empty):
            while True:
                phone = waiting.get_nowait()
                done.put((phone, _look(phone, commands, progress)))

    for number in range(min(at_once, len(phones))):
        Thread(target=work, name=f"phone-{number}", daemon=True).start()
    try:
        for _ in phones:
            phone, seen = done.get()
            if isinstance(seen, BaseException):
                raise seen
            yield phone, seen
    finally:
        with suppress(Empty):
            while True:
                waiting.get_nowait()


def _look(phone: Found, commands: Sequence[Command], progress: Progress) -> Capture | Failed | BaseException:
    try:
        with closing(phone.open()) as transport:
            return capture_phone(
                transport, commands, on_answer=lambda _, done, total: progress(phone.serial, done, total)
            )
    except PostureError as error:
        return Failed(phone.serial, error.message)
    except BaseException as error:
        return error


def scan_all(
    phones: Sequence[Found],
    judge: Judge,
    progress: Progress,
    *,
    at_once: int = AT_ONCE,
    allowed: Container[OptIn] = (),
) -> Iterable[tuple[Found, Judged | Failed]]:
    """Scan and judge every phone, at most `at_once` side by side; yield each as it is done."""
    for phone, seen in capture_all(phones, probes.commands(allowed), progress, at_once=at_once):
        yield phone, seen if isinstance(seen, Failed) else judge.judge(seen)
