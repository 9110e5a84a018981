"""The shape of a policy's files, as people write them. Its JSON Schema is docs/policy.schema.json.

Here stands what one value may be; `lint` holds the values against each other and against the facts.
"""

import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from agent.messages import Language, Message
from agent.policy.terms import Counts, Kind, Profile, Severity, Status, Strength

Sentence = Annotated[str, StringConstraints(min_length=1, max_length=1200, strip_whitespace=True)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=300)]
ID = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
PARAMETER_NAME = r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$"
BSSID = r"^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$"
Id = Annotated[str, StringConstraints(pattern=ID, max_length=80)]
ParameterName = Annotated[str, StringConstraints(pattern=PARAMETER_NAME, max_length=80)]
Date = Annotated[datetime.date, Field(strict=False)]
Instant = Annotated[datetime.datetime, Field(strict=False)]
Bssid = Annotated[str, StringConstraints(pattern=BSSID)]


class Part(BaseModel):
    """A piece of a policy: unknown keys and values of another type stop the load."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=False)


class Texts(Part):
    """One text in every language."""

    es: Sentence
    en: Sentence

    def __getitem__(self, language: Language) -> str:
        return self.es if language == "es" else self.en


UNITS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}  # in seconds
Amount = Annotated[int, Field(ge=0, le=10**9)]


class Duration(Part):
    """A span of time with its unit: `{days: 7}`."""

    seconds: Amount | None = None
    minutes: Amount | None = None
    hours: Amount | None = None
    days: Amount | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        if len(self.model_fields_set) != 1 or None in (getattr(self, name) for name in self.model_fields_set):
            raise ValueError(Message("a duration has exactly one of seconds, minutes, hours, days"))
        return self

    @property
    def unit(self) -> str:
        """The unit as written."""
        return next(iter(self.model_fields_set))

    @property
    def value(self) -> int:
        """How many of the unit."""
        return int(getattr(self, self.unit))

    @property
    def in_seconds(self) -> int:
        """The same span in seconds."""
        return self.value * UNITS[self.unit]


class ParameterRef(Part):
    """The value of a parameter of the policy: `{parameter: backup_age}`."""

    parameter: ParameterName


class Network(Part):
    """A network the organisation trusts: its name and its access points.

    A name alone proves nothing: anyone can copy it.
    """

    ssid: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    bssid: tuple[Bssid, ...] = Field(min_length=1, strict=False)


Words = Annotated[tuple[Word, ...], Field(strict=False, max_length=2000)]
ParameterValue = Duration | int | Words


class Parameter(Part):
    """A number or a list that an organisation may set."""

    title: Texts
    value: ParameterValue
    unit: Literal["characters", "files", "entries"] | None = None  # of a plain number; a duration names its own


class Condition(Part):
    """A statement over facts: `all`, `any` or `not` of others, or one comparison of one `fact`.

    Inside `every` and `some`, `field` stands for a field of each record (or, without either, the entry itself).
    """

    all_: "tuple[Condition, ...] | None" = Field(default=None, alias="all", min_length=1, strict=False)
    any_: "tuple[Condition, ...] | None" = Field(default=None, alias="any", min_length=1, strict=False)
    not_: "Condition | None" = Field(default=None, alias="not")
    fact: Word | None = None
    field: Word | None = None
    is_: bool | int | Word | None = Field(default=None, alias="is")
    in_: Words | ParameterRef | None = Field(default=None, alias="in")
    not_in: Words | ParameterRef | None = None
    at_least: int | Duration | ParameterRef | None = None
    at_most: int | Duration | ParameterRef | None = None
    within: Duration | ParameterRef | None = None
    older_than: Duration | ParameterRef | None = None
    empty: bool | None = None
    contains: Word | None = None
    only: Words | ParameterRef | None = None
    trusted: bool | None = None
    applies: bool | None = None
    every: "Condition | None" = None
    some: "Condition | None" = None
    where: "Condition | None" = None
    unproved: Words | None = None
    otherwise: Texts | None = None

    def operand(self, operator: str) -> Any:
        """What the condition compares with by this operator; None where it does not use it."""
        return getattr(self, f"{operator}_" if operator in ("is", "in") else operator)


OPERATORS = (
    "is", "in", "not_in", "at_least", "at_most", "within", "older_than",
    "empty", "contains", "only", "trusted", "applies", "every", "some",
)  # fmt: skip


class Messages(Part):
    """What a person reads when the rule fails, and how to prove it when it was not proved."""

    fail: Texts
    inconclusive: Texts | None = None


class Fix(Texts):
    """A way that a thumb can follow, and the same in a maker's own menus."""

    makers: dict[Word, Texts] = Field(default_factory=dict)


class Case(Part):
    """One phone that tests the rule. A fact named nowhere is unknown; an instant may be written as an age."""

    name: Sentence
    facts: dict[str, bool | int | str | Duration | list[str | dict[str, str | int | bool | Duration | None]]] = Field(
        default_factory=dict
    )
    not_applicable: Words = ()
    profile: Profile | None = None
    answer: Literal["yes", "no", "lapsed"] | None = None
    parameters: dict[ParameterName, ParameterValue] = Field(default_factory=dict)
    trusted_networks: tuple[Network, ...] = Field(default=(), strict=False)
    status: Status


class Framework(Part):
    """Another catalogue that rules are mapped to. `controls`: those of its numbers that are named, with their titles.

    `source`: where the numbers were checked.
    """

    title: Word
    source: Texts
    controls: dict[Word, Word] = Field(min_length=1)


class Rule(Part):
    """One thing that the guideline asks, and how it is judged."""

    id: Id
    quote: Sentence
    title: Texts
    why: Texts
    kind: Kind = "measured"
    profiles: tuple[Profile, ...] = Field(default=("in-use",), min_length=1, strict=False)
    severity: Severity
    strength: Strength
    counts: Counts = "always"
    when: Condition | None = None
    expect: Condition | None = None
    question: Id | None = None
    messages: Messages | None = None
    fix: Fix
    maps: dict[Id, Words] = Field(default_factory=dict)  # a framework's id: its controls that this rule serves
    cases: tuple[Case, ...] = Field(default=(), strict=False)


class RuleFile(Part):
    """The rules of one clause. `text` is the guideline's own; `cannot` says what no command proves of it."""

    clause: Word
    title: Texts
    text: Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)] | None = None
    cannot: Texts | None = None
    rules: tuple[Rule, ...] = Field(min_length=1, strict=False)


class Question(Part):
    """What only a person can say. One answer settles every rule that names the question."""

    ask: Texts
    answered_by: tuple[Literal["holder", "support", "security_officer"], ...] = Field(min_length=1, strict=False)
    valid_for: Duration


class Change(Part):
    """One line of the change log."""

    date: Date
    version: Word
    change: Texts


class VerdictRule(Part):
    """Which strengths count for the verdict."""

    counts: tuple[Strength, ...] = Field(default=("required", "recommended"), min_length=1, strict=False)


class Waivers(Part):
    """For how long a rule may be waived at most."""

    longest: Duration


class Head(Part):
    """policy.yaml: what the policy is, and what an organisation may set."""

    schema_: Literal["posture-policy/1"] = Field(alias="schema")
    id: Word
    version: Word
    date: Date
    title: Texts
    time_zone: Word
    verdict: VerdictRule = VerdictRule()
    waivers: Waivers
    changes: tuple[Change, ...] = Field(min_length=1, strict=False)
    parameters: dict[ParameterName, Parameter] = Field(default_factory=dict)
    trusted_networks: tuple[Network, ...] = Field(default=(), strict=False)
    questions: dict[Id, Question] = Field(default_factory=dict)
    frameworks: dict[Id, Framework] = Field(default_factory=dict)


class WholePolicy(Head):
    """A short policy in one file: policy.yaml with its clauses inside."""

    clauses: tuple[RuleFile, ...] = Field(min_length=1, strict=False)


class Tuned(Part):
    """What an overlay may change of a rule."""

    severity: Severity | None = None
    counts: Counts | None = None


class Overlay(Part):
    """An organisation's, a group's or a phone's own values, laid over a policy without copying it."""

    schema_: Literal["posture-overlay/1"] = Field(alias="schema")
    overlays: Word
    layer: Literal["organisation", "group", "phone"]
    name: Word
    version: Word | None = None  # it and the date are needed where the overlay is published in a bundle
    date: Date | None = None
    verdict: VerdictRule | None = None
    waivers: Waivers | None = None
    time_zone: Word | None = None
    parameters: dict[ParameterName, ParameterValue] = Field(default_factory=dict)
    trusted_networks: tuple[Network, ...] = Field(default=(), strict=False)
    rules: dict[Id, Tuned] = Field(default_factory=dict)
