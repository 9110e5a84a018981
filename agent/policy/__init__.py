"""The guideline as data: loads a policy, and holds a phone's facts against it.

`rules/` is written for people who know no Python; docs/policy.md explains its format.
"""

from agent.policy import words
from agent.policy.asking import ROLES, attest, speaker
from agent.policy.engine import Evaluation, evaluate, verdict_only
from agent.policy.loading import load
from agent.policy.model import Policy, Question, Rule
from agent.policy.people import Attestation, Waiver, check_waiver
from agent.policy.result import Result
from agent.policy.source import PolicyError

__all__ = [
    "ROLES",
    "Attestation",
    "Evaluation",
    "Policy",
    "PolicyError",
    "Question",
    "Result",
    "Rule",
    "Waiver",
    "attest",
    "check_waiver",
    "evaluate",
    "load",
    "speaker",
    "verdict_only",
    "words",
]
