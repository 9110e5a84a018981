"""Asks the person at the bench what no command can prove, and judges the phone again with the answers."""

import difflib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import wraps
from typing import Any

import click
from rich.padding import Padding
from rich.text import Text

from agent.capture import quoted
from agent.cli.agreeing import NO, YES
from agent.cli.language import language, t
from agent.cli.terminal import console, printable
from agent.messages import Message, PostureError
from agent.policy import ROLES, Attestation, Policy, Question, attest, speaker
from agent.report.words import phone_name
from agent.scan import Judge, Judged

_HOLDER, _AT_THE_BENCH = "holder", "support"


@dataclass
class Asking:
    """One asking of the policy's open questions. `names` by role; what `answers` hold is not asked again."""

    names: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, bool] = field(default_factory=dict)
    by_prompt: bool = True
    _here: dict[str, str] = field(default_factory=dict)  # who works at this bench, for all its phones
    _stopped: bool = False

    def check(self, policy: Policy, phones: int) -> None:
        """Raise PostureError for what cannot be asked, before any phone is."""
        for name in self.answers:
            if name not in policy.questions:
                near = difflib.get_close_matches(name, policy.questions, 1)
                hint = Message("did you mean “{name}”?", {"name": near[0]}) if near else _names(policy)
                raise PostureError(
                    Message("the policy has no question “{name}”; {hint}", {"name": quoted(name), "hint": hint})
                )
        if phones > 1 and (self.answers or _HOLDER in self.names):
            raise PostureError(Message("answers are about one phone; name it with --serial, or its file alone"))
        for name in self.answers:
            question = policy.questions[name]
            if not self.by_prompt and speaker(question, self.names) not in self.names:
                sentence = "the question “{question}” is for {roles}; say who answered with --as {role}=NAME"
                role = question.answered_by[0]
                raise PostureError(Message(sentence, {"question": name, "roles": _roles(question), "role": role}))

    def ask(self, judged: Judged, judge: Judge) -> Judged:
        """Ask each open question of one phone once; without any answer the phone stays as it was measured.

        Ctrl-C or the end of the input end the asking, not the program: what was measured stands.
        """
        names = {**self._here, **self.names}
        stated: list[Attestation] = []
        questions = judged.evaluation.open_questions
        for name in self.answers.keys() - {question.id for question in questions}:
            click.echo(
                t("The question “{name}” is not open on this phone; the answer was left out.", name=name), err=True
            )
        try:
            for number, question in enumerate(questions, 1):
                if not self._stopped:
                    stated += self._state(judged, question, names, f"{number}/{len(questions)}")
        except (click.Abort, KeyboardInterrupt):  # at the prompt, or a moment before it
            self._stopped = True
            click.echo("\n" + t("The asking was ended; what was not answered stays open."), err=True)
        self._here = {role: name for role, name in names.items() if role != _HOLDER}
        return judge.heard(judged, stated) if stated else judged

    def resume(self) -> None:
        """Ask again, after the asking of another phone was ended."""
        self._stopped = False

    def _state(self, judged: Judged, question: Question, names: dict[str, str], number: str) -> tuple[Attestation, ...]:
        answer = self.answers.get(question.id)
        if answer is None and self.by_prompt:
            answer = _prompt(judged, question, number)
        if answer is None:
            return ()
        role = speaker(question, names)
        if role not in names:
            names[role] = _prompt_name(role)
        if not names[role]:
            del names[role]
            return ()
        at = datetime.now(UTC)
        return attest(judged.evaluation, question, answer=answer, by=names[role], role=role, at=at)


def _prompt(judged: Judged, question: Question, number: str) -> bool | None:
    out = console(stderr=True)
    waits = judged.evaluation.waits_for(question)
    head = Text(printable(f"{number}  {phone_name(judged.report, language())}", out), style="bold")
    head.append("" if waits else "  " + t("(advice: the verdict does not wait for it)"), style="dim")
    out.print(head)
    out.print(Padding(printable(judged.evaluation.asked(question)[language()], out), (0, 0, 0, 3)))
    out.print(Padding(t("May answer: {roles}", roles=_roles(question)(language())), (0, 0, 0, 3)), style="dim")
    while True:
        said = click.prompt("   " + t("[y] yes  [n] no  [Enter] no answer"), default="", show_default=False, err=True)
        word = said.strip().casefold()
        if word in (*YES, *NO, ""):
            return (word in YES) if word else None


def _prompt_name(role: str) -> str:
    label = "   " + t("Name of {role}", role=ROLES[role](language()))
    return quoted(click.prompt(label, default="", show_default=False, err=True), 80)


def _roles(question: Question) -> Message:
    first, *others = (ROLES[role] for role in question.answered_by)
    for other in others:
        first = Message("{one} or {other}", {"one": first, "other": other})
    return first


def _names(policy: Policy) -> Message:
    return Message("it asks: {names}", {"names": ", ".join(policy.questions)})


def options(function: Callable[..., int]) -> Callable[..., int]:
    """`--ask`, `--answer` and `--as`, given to the command as one `asking`; None when nothing is to be asked."""

    @wraps(function)
    def collect(*, ask: bool, answers: tuple[str, ...], speakers: tuple[str, ...], **others: Any) -> int:
        return function(asking=_asking(ask, answers, speakers), **others)

    for option in (
        click.option(
            "--as",
            "speakers",
            multiple=True,
            metavar="[ROLE=]NAME",
            help=t("Who answers; roles: holder, support, security_officer. Without a role: support."),
        ),
        click.option(
            "--answer",
            "answers",
            multiple=True,
            metavar="QUESTION=yes|no",
            help=t("Answer a question of the policy without being asked; repeatable."),
        ),
        click.option("--ask", is_flag=True, help=t("Ask the person at the bench what no command can prove.")),
    ):
        collect = option(collect)
    return collect


def _asking(ask: bool, answers: tuple[str, ...], speakers: tuple[str, ...]) -> Asking | None:
    if not ask and not answers:
        if speakers:
            raise click.UsageError(t("--as says who answers; add --ask, or --answer QUESTION=yes"))
        return None
    terminal = sys.stdin.isatty()
    if not answers and not terminal:
        raise click.UsageError(t("--ask needs a terminal; without one, answer with --answer QUESTION=yes"))
    return Asking(dict(map(_speaker, speakers)), dict(map(_answer, answers)), by_prompt=ask and terminal)


def _answer(written: str) -> tuple[str, bool]:
    question, _, word = written.partition("=")
    if word.strip().casefold() not in (*YES, *NO):
        raise click.UsageError(
            t("“{written}” is no answer; write QUESTION=yes or QUESTION=no", written=quoted(written))
        )
    return question.strip(), word.strip().casefold() in YES


def _speaker(written: str) -> tuple[str, str]:
    role, has_role, name = written.rpartition("=")
    role = role.strip() if has_role else _AT_THE_BENCH
    if role not in ROLES or not name.strip():
        raise click.UsageError(
            t("“{written}” names nobody; write NAME, or ROLE=NAME with one of: {roles}",
              written=quoted(written), roles=", ".join(ROLES))
        )  # fmt: skip
    return role, quoted(name, 80)
