"""The rows of the audit log, and where its chain ends. Reference tables when distributed."""

from django.db import models


class Entry(models.Model):
    """One thing that somebody did. `hash` is over all other fields (see `chain`); the database refuses to change it."""

    number = models.BigIntegerField(primary_key=True)  # 1, 2, 3 …: a gap is a removed row
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=20)
    actor = models.CharField(max_length=160)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=160, blank=True)
    details = models.JSONField(default=dict)  # texts, whole numbers and true or false only
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        """Read by number, newest first; how often somebody did something lately."""

        default_permissions = ("view",)
        indexes = (models.Index("action", "actor", "at", name="audit_by_action"),)

    def __str__(self) -> str:
        return f"{self.number} {self.actor} {self.action} {self.subject}"


class Head(models.Model):
    """The last row of the chain: locked by whoever appends, and proof that the last rows were not cut off."""

    number = models.BigIntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        """No permissions of its own."""

        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.number} {self.hash}"


class Stamp(models.Model):
    """What a time stamping authority (RFC 3161) signed: that a row's hash, and so the whole chain up to it, was there.

    Whoever can rewrite the chain cannot have it stamped in the past.
    """

    number = models.BigIntegerField()  # of the row
    hash = models.CharField(max_length=64)  # of the row, as it was stamped
    at = models.DateTimeField()  # by the authority's clock
    authority = models.CharField(max_length=300)
    response = models.BinaryField()  # the TimeStampResp as it came, DER

    class Meta:
        """No permissions of its own: the audit log's hold. Read newest first."""

        default_permissions = ()
        indexes = (models.Index("number", "id", name="audit_stamp_by_row"),)

    def __str__(self) -> str:
        return f"{self.number} {self.at}"
