"""Agents and the one-time codes by which they enrol. Small tables: reference tables when distributed."""

from django.conf import settings
from django.db import models


class Agent(models.Model):
    """A workstation that signs reports. `id` is the RFC 7638 thumbprint of its key and the `kid` of its signatures."""

    id = models.CharField(primary_key=True, max_length=64)
    name = models.CharField(max_length=120)
    public_jwk = models.JSONField()
    enrolled_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)
    version = models.CharField(max_length=80, blank=True)
    host = models.CharField(max_length=120, blank=True)
    # By how many seconds the newest report's time differed from ours on arrival, when it came at once.
    clock_skew_s = models.IntegerField(null=True)

    class Meta:
        """Who may enrol and revoke."""

        default_permissions = ("view",)
        permissions = (("enrol_agent", "May enrol agents"), ("revoke_agent", "May revoke agents"))

    def __str__(self) -> str:
        return self.name


class EnrolmentCode(models.Model):
    """A one-time code; only its SHA-256 is kept. The code has 100 random bits, so a plain digest is enough."""

    digest = models.CharField(primary_key=True, max_length=64)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    used_by = models.ForeignKey(Agent, null=True, on_delete=models.SET_NULL)

    class Meta:
        """No permissions of its own."""

        default_permissions = ()

    def __str__(self) -> str:
        return f"code {self.digest[:8]}"
