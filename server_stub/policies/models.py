"""Editions of policies. A small table: a reference table when distributed."""

from django.conf import settings
from django.db import models


class Edition(models.Model):
    """A policy, or an overlay, that somebody asked to be judged by; it counts once another person has approved it.

    What was sent and what is judged by stand here whole, so that neither a later version of the collector nor
    anybody else changes what was approved. A new edition replaces the one before it in the same layer.
    """

    class State(models.TextChoices):
        """Where it stands."""

        SUBMITTED = "submitted"
        PUBLISHED = "published"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"

    class Layer(models.TextChoices):
        """For whom: everybody, a group, a phone. Each lies over the one before it."""

        POLICY = "policy"
        GROUP = "group"
        PHONE = "phone"

    layer = models.CharField(max_length=20, choices=Layer.choices)
    name = models.CharField(max_length=300, blank=True)  # the group's name or the phone's serial
    number = models.PositiveIntegerField(null=True, unique=True)  # in the order of publication
    text = models.TextField(blank=True)  # as it was sent; "": nothing lies in this layer any more
    files = models.JSONField(default=dict)  # base, overlays: name and text of each file that is judged by
    policy = models.CharField(max_length=300, blank=True)
    version = models.CharField(max_length=300, blank=True)
    sha256 = models.CharField(max_length=64)  # of the files, as `agent.policy.files.digest` makes it
    note = models.CharField(max_length=500)
    state = models.CharField(max_length=20, choices=State.choices, default=State.SUBMITTED)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    effective_from = models.DateTimeField()  # never before it was approved: the past is not judged anew
    # How far the phones were judged anew: the last one's key, and when that was done with.
    judged_upto = models.CharField(max_length=80, blank=True)
    judged_at = models.DateTimeField(null=True)

    class Meta:
        """Who may ask and who may approve. Read by layer and by when it took effect."""

        default_permissions = ()
        permissions = (("submit_edition", "May submit policies"), ("approve_edition", "May approve policies"))
        indexes = (models.Index("state", "layer", "name", "effective_from", name="edition_in_force"),)

    def __str__(self) -> str:
        return f"{self.layer} {self.name} {self.policy} {self.version}"
