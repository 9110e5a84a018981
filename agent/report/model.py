"""The report's shape, `posture-report/1`. Its JSON Schema is generated from here into docs/report.schema.json.

Every instant is RFC 3339 in UTC, ending in Z. Fields beyond the contract: `language`, `texts`, `reasons`
(the same sentences in every language, so that a reader need not share the agent's), `parameters`, `summary`,
`in_the_way`, `maps`.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from agent.facts import State
from agent.messages import Language
from agent.policy.terms import Kind, Profile, Severity, Status, Strength, Verdict

Instant = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$")]
Text = Annotated[str, StringConstraints(max_length=4000)]
Name = Annotated[str, StringConstraints(max_length=300)]
Texts = dict[Language, Text]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WorkstationInfo(_Part):
    """The workstation's own posture; null where it could not be told.

    disk_free_bytes: on the disk of the agent's data. networks, gateways: where it stands, without link-local ones;
    addresses: its own, IPv4. clock_ahead_seconds: its clock against the collector's (negative: behind) at the last
    delivery, give or take two, and when that was. phone_reach: where the phone's address is, seen from it; null on a
    cable.
    """

    system: Name
    booted_at: Instant | None
    disk_free_bytes: Annotated[int, Field(ge=0)] | None
    networks: Annotated[tuple[Name, ...], Field(max_length=32)]
    addresses: Annotated[tuple[Name, ...], Field(max_length=32)]
    gateways: Annotated[tuple[Name, ...], Field(max_length=32)]
    clock_ahead_seconds: int | None
    clock_told_at: Instant | None
    phone_reach: Literal["this-computer", "same-network", "routed"] | None


class AgentInfo(_Part):
    """Who looked: the agent's key id, its version and the workstation; `workstation` is told of live scans only."""

    id: Name
    version: Name
    host: Name
    workstation: WorkstationInfo | None = None


class Device(_Part):
    """Which phone: null where it did not say."""

    serial: Name
    manufacturer: Name | None
    model: Name | None
    android_version: Name | None
    api_level: int | None
    security_patch: Name | None
    fingerprint: Name | None


class PolicyInfo(_Part):
    """By which policy: SHA-256 in lower-case hex over its files."""

    id: Name
    version: Name
    sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class EvidenceLine(_Part):
    """The command (or a bugreport's section) and the line of its answer."""

    source: Name
    line: Text


class ReportedFact(_Part):
    """One fact; `value` is null exactly when `state` is not known."""

    value: Any
    state: State
    reason: Text | None
    reasons: Texts = Field(default_factory=dict)
    evidence: tuple[EvidenceLine, ...]

    @model_validator(mode="after")
    def _known_means_proved(self) -> Self:
        if (self.value is None) == (self.state is State.KNOWN):
            raise ValueError("value is null exactly when state is not known")
        if self.state is State.KNOWN and not self.evidence:
            raise ValueError("a known fact has evidence")
        if self.state is State.UNKNOWN and not self.reason:
            raise ValueError("an unknown fact has a reason")
        return self


class ResultTexts(_Part):
    """A result's sentences in one language."""

    title: Text
    message: Text
    remediation: Text


class ReportedResult(_Part):
    """What one rule says. `measured_status` is the status before a waiver or an attestation."""

    rule: Name
    clause: Name
    kind: Kind
    status: Status
    measured_status: Status
    waiver: dict[str, Any] | None
    attestation: dict[str, Any] | None
    severity: Severity
    strength: Strength
    message: Text
    remediation: Text
    facts: tuple[Name, ...]
    texts: dict[Language, ResultTexts] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)
    # Whether it keeps the phone from "compliant": advice does not, even when it fails. Null: the agent did not say.
    in_the_way: bool | None = None
    maps: dict[Name, tuple[Name, ...]] = Field(default_factory=dict)  # a catalogue's title: its controls


class Report(_Part):
    """One phone, one look, one policy."""

    schema_: Literal["posture-report/1"] = Field(alias="schema", default="posture-report/1")
    report_id: Annotated[
        str, StringConstraints(pattern="^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
    ]
    scanned_at: Instant
    duration_ms: int = Field(ge=0)
    source: Literal["live", "capture", "bugreport"]
    language: Language = "en"
    agent: AgentInfo
    device: Device
    profile: Profile
    policy: PolicyInfo
    facts: dict[Name, ReportedFact]
    results: tuple[ReportedResult, ...]
    verdict: Verdict
    summary: Texts = Field(default_factory=dict)  # the one sentence that stands between the phone and "compliant"

    def to_json(self) -> str:
        """The report as one line of JSON, in the contract's names."""
        return self.model_dump_json(by_alias=True)
