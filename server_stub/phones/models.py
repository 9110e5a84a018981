"""Phones, their reports, and the state of each rule on each phone.

Every unique key of the large tables begins with the phone, so that they can be distributed by phone (Citus).
The exception is `Receipt`, which is distributed by its own key: a report is taken once, whatever phone it names.
"""

from django.db import models

from server_stub.agents.models import Agent


class Rank(models.IntegerChoices):
    """Verdicts by how much they need attention; stored so that the fleet page sorts by an index."""

    FAIL = 0, "non_compliant"
    NOT_PROVED = 1, "inconclusive"
    MEETS = 2, "compliant"


class Phone(models.Model):
    """A phone and its current state: the report with the newest `scanned_at`."""

    key = models.CharField(primary_key=True, max_length=80)  # the serial, made fit for an address
    serial = models.CharField(max_length=300)
    manufacturer = models.CharField(max_length=120, blank=True)
    model = models.CharField(max_length=120, blank=True)
    android_version = models.CharField(max_length=40, blank=True)
    security_patch = models.CharField(max_length=40, blank=True)
    # Repeated from the phone's assignment (`holders`), so that lists read one table.
    holder = models.CharField(max_length=200, blank=True)
    group = models.CharField(max_length=120, blank=True)
    asset_tag = models.CharField(max_length=80, blank=True)
    late_hours = models.PositiveIntegerField(null=True)  # null: as for all others
    first_seen_at = models.DateTimeField()
    # The current report. Null only within the transaction that stores the phone's first one.
    report_id = models.UUIDField(null=True)
    scanned_at = models.DateTimeField(null=True)
    rank = models.SmallIntegerField(choices=Rank.choices, default=Rank.NOT_PROVED)
    rank_since = models.DateTimeField(null=True)
    # When the verdict stops to hold: an exception or a statement that it rests on lapses then.
    holds_until = models.DateTimeField(null=True)
    profile = models.CharField(max_length=20, blank=True)
    headline = models.JSONField(default=dict)  # language: the sentence that stands between it and "meets"
    # Over all its RuleStates: a look that says the same of every rule need not read them. "": not told.
    rules_digest = models.CharField(max_length=64, blank=True)
    policy_sha256 = models.CharField(max_length=64, blank=True)  # by which policy it stands so; "": not noted then

    class Meta:
        """One index for each order in which the fleet page reads."""

        default_permissions = ("view",)
        permissions = (("view_private", "May see names of networks, devices and computers"),)
        indexes = (
            models.Index("rank", "rank_since", "key", name="phone_by_attention"),
            models.Index("scanned_at", "key", name="phone_by_seen"),
            models.Index("model", "key", name="phone_by_model"),
            models.Index("manufacturer", "key", name="phone_by_maker"),
            models.Index("serial", "key", name="phone_by_serial"),
            models.Index("group", "key", name="phone_by_group"),
            models.Index("android_version", "key", name="phone_by_android"),
            models.Index("security_patch", "key", name="phone_by_patch"),
            models.Index("rank", "scanned_at", "key", name="phone_late_by_rank"),
            models.Index("holds_until", "key", condition=models.Q(holds_until__isnull=False), name="phone_by_lapse"),
        )

    def __str__(self) -> str:
        return self.key


class Receipt(models.Model):
    """That a report was taken. It outlives the report, so that an old one cannot be played back after deletion."""

    report_id = models.UUIDField(primary_key=True)
    digest = models.CharField(max_length=64)  # SHA-256 of the signed payload

    class Meta:
        """No permissions of its own."""

        default_permissions = ()

    def __str__(self) -> str:
        return str(self.report_id)


class StoredReport(models.Model):
    """History: one signed report as it was received, and what of it is asked for in lists."""

    pk = models.CompositePrimaryKey("phone_id", "report_id")
    phone = models.ForeignKey(Phone, on_delete=models.CASCADE, related_name="reports", db_index=False)
    report_id = models.UUIDField()
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+", db_index=False)
    scanned_at = models.DateTimeField()
    received_at = models.DateTimeField()
    rank = models.SmallIntegerField(choices=Rank.choices)
    profile = models.CharField(max_length=20)
    source = models.CharField(max_length=20)
    policy = models.CharField(max_length=120)
    failed = models.PositiveIntegerField()
    not_proved = models.PositiveIntegerField()
    media_type = models.CharField(max_length=40)
    signed = models.BinaryField()  # exactly the bytes that the agent sent; empty once they were erased
    erased_at = models.DateTimeField(null=True)

    class Meta:
        """History is read by phone, newest first."""

        default_permissions = ()
        indexes = (models.Index("phone", "scanned_at", "report_id", name="report_by_time"),)

    def __str__(self) -> str:
        return f"{self.phone_id} {self.scanned_at}"


class RuleState(models.Model):
    """How one rule stands on one phone now, and since when."""

    pk = models.CompositePrimaryKey("phone_id", "rule")
    phone = models.ForeignKey(Phone, on_delete=models.CASCADE, related_name="rules", db_index=False)
    rule = models.CharField(max_length=120)
    clause = models.CharField(max_length=40)
    status = models.CharField(max_length=20)
    severity = models.CharField(max_length=20)
    strength = models.CharField(max_length=20)
    in_the_way = models.BooleanField()  # advice is not, even when it fails
    since = models.DateTimeField()
    # Since when it has failed, not proved in between or not; null: it was met or excepted since it last failed.
    failed_since = models.DateTimeField(null=True)

    class Meta:
        """Which phones fail a clause."""

        default_permissions = ()
        indexes = (
            models.Index("clause", "status", "phone", name="rule_by_clause"),
            models.Index("severity", "phone", condition=models.Q(in_the_way=True), name="rule_in_the_way"),
        )

    def __str__(self) -> str:
        return f"{self.phone_id} {self.rule} {self.status}"


class ClauseState(models.Model):
    """How one phone stands on one clause, by the worst of the rules that count in it, and since when.

    A clause that does not apply to the phone has no row. It is what the tallies count, phone by phone.
    """

    pk = models.CompositePrimaryKey("phone_id", "clause")
    phone = models.ForeignKey(Phone, on_delete=models.CASCADE, related_name="clauses", db_index=False)
    clause = models.CharField(max_length=40)
    rank = models.SmallIntegerField(choices=Rank.choices)
    since = models.DateTimeField()

    class Meta:
        """A clause's page lists its phones by this index, the longest first."""

        default_permissions = ()
        indexes = (models.Index("clause", "rank", "since", "phone", name="clause_by_since"),)

    def __str__(self) -> str:
        return f"{self.phone_id} {self.clause} {self.rank}"


class Tally(models.Model):
    """How many phones stand so, of one topic and one shard of phones: kept as they move, never counted.

    topic: "" for the verdict, else a clause. shard: spreads writers, so that two phones seldom wait for each other.
    """

    pk = models.CompositePrimaryKey("topic", "rank", "shard")
    topic = models.CharField(max_length=40)
    rank = models.SmallIntegerField(choices=Rank.choices)
    shard = models.SmallIntegerField()
    number = models.BigIntegerField()

    class Meta:
        """No permissions of its own."""

        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.topic or 'fleet'} {self.rank} {self.number}"


class Movement(models.Model):
    """By how much a tally changed on one day (UTC, of the look that changed it): the past of every tally."""

    pk = models.CompositePrimaryKey("topic", "day", "rank", "shard")
    topic = models.CharField(max_length=40)
    day = models.DateField()
    rank = models.SmallIntegerField(choices=Rank.choices)
    shard = models.SmallIntegerField()
    number = models.BigIntegerField()

    class Meta:
        """No permissions of its own."""

        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.day} {self.topic or 'fleet'} {self.rank} {self.number:+}"
