"""What only a person can say: who may answer a question, and what an answer becomes."""

from collections.abc import Mapping
from datetime import datetime

from agent.messages import Message
from agent.policy.engine import Evaluation
from agent.policy.model import Question
from agent.policy.people import Attestation

ROLES: Mapping[str, Message] = {
    "holder": Message("the phone's holder"),
    "support": Message("IT support"),
    "security_officer": Message("the security officer"),
}


def speaker(question: Question, names: Mapping[str, str]) -> str:
    """The role in which a question is answered: one whose name is known, else the first that the policy names."""
    return next((role for role in question.answered_by if role in names), question.answered_by[0])


def attest(
    evaluation: Evaluation, question: Question, *, answer: bool, by: str, role: str, at: datetime
) -> tuple[Attestation, ...]:
    """One answer as a statement for every rule that waits for it. `at` is aware; it holds as long as the policy says.

    What was measured is left out: no answer settles it. A role that may not answer is a caller's mistake.
    """
    if role not in question.answered_by:
        raise ValueError(f"{question.id} is not answered by {role}")
    return tuple(
        Attestation(each.rule, answer, by, at, at + question.valid_for, role)
        for each in evaluation.results
        if each.of.question is question and each.status == "inconclusive"
    )
