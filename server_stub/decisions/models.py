"""Exceptions and statements. Small tables beside the phones': reference tables when distributed."""

from django.conf import settings
from django.db import models

from server_stub.holders.models import Group


class Waiver(models.Model):
    """An exception from one rule, for one phone or one group; it counts once another person has approved it."""

    rule = models.CharField(max_length=120)
    phone_key = models.CharField(max_length=80, blank=True)  # as `phones.Phone.key`; "": for the group
    group = models.ForeignKey(Group, null=True, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=500)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    until = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    approved = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True)  # somebody ended it before its time

    class Meta:
        """Who may ask and who may approve. Read by phone, by group, and by when it lapses."""

        default_permissions = ("view",)
        permissions = (("ask_waiver", "May ask for exceptions"), ("approve_waiver", "May approve exceptions"))
        indexes = (
            models.Index("phone_key", "rule", name="waiver_by_phone"),
            models.Index("until", "id", name="waiver_by_end"),
        )

    def __str__(self) -> str:
        return f"{self.rule} {self.phone_key or self.group_id}"


class Statement(models.Model):
    """A person's answer to a rule's question about one phone, for what no command proves."""

    rule = models.CharField(max_length=120)
    phone_key = models.CharField(max_length=80)
    answer = models.BooleanField()
    by = models.CharField(max_length=120)  # who answered, in the words of whoever wrote it down
    role = models.CharField(max_length=40)  # as the policy's `answered_by` has it
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    valid_until = models.DateTimeField()

    class Meta:
        """Who may note them. Read by phone, and by when they lapse."""

        default_permissions = ()
        permissions = (("note_statement", "May note statements"),)
        indexes = (
            models.Index("phone_key", "rule", "at", name="statement_by_phone"),
            models.Index("valid_until", "id", name="statement_by_end"),
        )

    def __str__(self) -> str:
        return f"{self.rule} {self.phone_key} {self.answer}"
