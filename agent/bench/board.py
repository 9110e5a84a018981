"""What a bench shows, in one language: the model that the terminal and the page draw, each in its way."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from babel.numbers import format_decimal

from agent.bench.bench import Bench, Ring
from agent.bench.desk import Place, State
from agent.capture import quoted
from agent.messages import Language, Message
from agent.policy import ROLES
from agent.policy.terms import Status, Verdict
from agent.report.handover import trusted_computers
from agent.report.words import LOOKS, phone_name

_STATES = {
    State.CONNECTING: Message("connecting"),
    State.WAITING: Message("waits for its holder"),
    State.SCANNING: Message("is being read"),
    State.DONE: Message("done"),
    State.LOCKED: Message("locked since it started"),
    State.FAILED: Message("could not be read"),
    State.LOST: Message("went away"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing between a phone and "meets". `mark`: 1, 2, … for what fails, ? for what is not proved."""

    mark: str
    status: Status
    sentence: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of the policy that is open. `advice`: the verdict does not wait for it; `roles`: who may answer."""

    id: str
    text: str
    advice: bool
    roles: str


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody who may answer: role, its word, and the name where it is known at this bench."""

    role: str
    label: str
    name: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The phone whose verdict stands large. `to_do`: the one thing to do now; `said`: what else is to be known.

    is_certificate: its report is the hand-over certificate.
    """

    name: str
    phone: str
    android: str
    status: Verdict
    word: str
    seconds: str
    is_certificate: bool
    said: str
    to_do: str
    steps: tuple[Step, ...]
    questions: tuple[Asked, ...]
    speakers: tuple[Speaker, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One phone in the queue. `status`: its verdict, where it has one.

    While it is read: `answered` of `commands`, the last of them `command`.
    """

    name: str
    phone: str
    state: State
    status: Verdict | None
    word: str
    said: str
    steps: tuple[str, ...]
    answered: int
    commands: int
    command: str
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Board:
    """Everything. `notes`: what became of the last thing that was done, and of what was to be sent.

    `welcome`: what to do where no phone is.
    """

    language: Language
    shown: Shown | None
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    welcome: str
    ring: Ring | None


def board(bench: Bench, language: Language) -> Board:
    """Say in a language how a bench stands; for the bench's thread."""
    welcome = Message("Connect a phone by USB, with USB debugging on. It is read only, and nothing of it is kept here.")
    return Board(
        language=language,
        shown=None if bench.shown is None else _shown(bench.shown, bench, language),
        rows=tuple(_rows(bench, language)),
        notes=tuple(each(language) for each in (bench.note, bench.undelivered) if each is not None),
        welcome="" if bench.desk.places else welcome(language),
        ring=bench.ring,
    )


def _shown(place: Place, bench: Bench, language: Language) -> Shown | None:
    if place.judged is None:
        return None
    report, evaluation = place.judged.report, place.judged.evaluation
    open_questions = evaluation.open_questions
    may_answer = dict.fromkeys(role for question in open_questions for role in question.answered_by)
    return Shown(
        name=place.name,
        phone=phone_name(report, language),
        android=f"Android {report.device.android_version}" if report.device.android_version else "",
        status=report.verdict,
        word=LOOKS[report.verdict].word(language),
        seconds=_seconds(report.duration_ms, language),
        is_certificate=report.profile == "handover" and report.verdict == "compliant",
        said="" if place.said is None else place.said(language),
        to_do=_to_do(place, language),
        steps=tuple(_steps(place, language)),
        questions=tuple(
            Asked(
                each.id,
                evaluation.asked(each)[language],
                not evaluation.waits_for(each),
                ", ".join(ROLES[role](language) for role in each.answered_by),
            )
            for each in open_questions
        ),
        speakers=tuple(Speaker(role, ROLES[role](language), bench.names.get(role, "")) for role in may_answer),
    )


def _seconds(duration_ms: int, language: Language) -> str:
    return Message("{seconds} s", {"seconds": format_decimal(duration_ms / 1000, "0.0", language)})(language)


def _steps(place: Place, language: Language) -> Iterator[Step]:
    """What stands in the way, the worst first."""
    number = 0
    for each in place.judged.evaluation.standing_in_the_way if place.judged is not None else ():
        number += each.status != "inconclusive"
        mark = "?" if each.status == "inconclusive" else str(number)
        yield Step(mark, each.status, each.message[language], each.remediation[language])


def _to_do(place: Place, language: Language) -> str:
    """The first thing to do: unlock it, mend what fails, answer what is open; then the next phone."""
    if place.said is not None:
        return place.said(language)
    if place.judged is None or not (standing := place.judged.evaluation.standing_in_the_way):
        last = "" if place.judged is None else trusted_computers(place.judged.report, language)
        return last or Message("Nothing is to be done: unplug it, and connect the next phone.")(language)
    first = standing[0]
    if first.status == "inconclusive" and first.of.question is not None:
        return Message("Answer the open questions together with the phone's holder.")(language)
    return first.remediation[language] or first.message[language]


def _rows(bench: Bench, language: Language) -> Iterator[Row]:
    """Every phone; what several of them need is told step by step at the first."""
    told: set[tuple[str, ...]] = set()
    for place in bench.desk.places.values():
        row = _row(place, bench, language)
        yield replace(row, steps=()) if row.steps in told else row
        told.add(row.steps)


def _row(place: Place, bench: Bench, language: Language) -> Row:
    report = None if place.judged is None else place.judged.report
    has_verdict = report is not None and place.state is State.DONE
    return Row(
        name=place.name,
        phone=quoted(place.name) if report is None else phone_name(report, language),
        state=place.state,
        status=None if report is None else report.verdict,
        word=LOOKS[report.verdict].word(language) if report and has_verdict else _STATES[place.state](language),
        said="" if place.said is None else place.said(language),
        steps=tuple(each(language) for each in place.steps),
        answered=place.answered,
        commands=place.commands if place.state is State.SCANNING else 0,
        command=place.command if place.state is State.SCANNING else "",
        is_shown=place is bench.shown,
    )
