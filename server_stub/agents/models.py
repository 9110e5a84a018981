"""Agents and the one-time codes by which they enrol. Small tables: reference tables when distributed."""

from django.conf import settings
from django.db import models

from server_stub.holders.models import Group


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
    # The key that took this one's place: see `rotation` for what the old one may still sign.
    replaced_by = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="replaces")
    replaced_at = models.DateTimeField(null=True)
    rotation_asked_at = models.DateTimeField(null=True)
    # The only group of whose phones it may report; None: of all. PROTECT: without its group it must not see more.
    group = models.ForeignKey(Group, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """Who may enrol and revoke."""

        default_permissions = ("view",)
        permissions = (("enrol_agent", "May enrol agents"), ("revoke_agent", "May revoke agents"))

    def __str__(self) -> str:
        return self.name


class Refused(models.Model):
    """How often something of one sender was refused for one reason. `sender`: an agent's id, "" for nobody known.

    `kind` is the refusal's stable word; `known` counts reports that came once more, which are no mistake by themselves.
    """

    pk = models.CompositePrimaryKey("sender", "kind")
    sender = models.CharField(max_length=64, blank=True)
    kind = models.CharField(max_length=40)
    number = models.BigIntegerField()
    last_at = models.DateTimeField()

    class Meta:
        """No permissions of its own."""

        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.sender or 'nobody known'} {self.kind} {self.number}"


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
