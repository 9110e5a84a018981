"""The few words that a policy, a report and a page share."""

from typing import Literal, get_args

Profile = Literal["in-use", "handover"]
Kind = Literal["measured", "attested"]
Status = Literal["pass", "fail", "inconclusive", "not_applicable", "error", "waived"]
Severity = Literal["critical", "high", "medium", "low"]
Strength = Literal["required", "recommended"]
Verdict = Literal["compliant", "non_compliant", "inconclusive"]
# always: a failure and a missing proof stand in the way of "compliant"; when_failed: only a proved failure does;
# never: shown as advice.
Counts = Literal["always", "when_failed", "never"]

SEVERITIES: tuple[Severity, ...] = get_args(Severity)  # worst first
