"""API tokens, and the person as whom their bearer acts. A small table: a reference table when distributed."""

from typing import Any

from django.db import models

from server_stub.people.models import Person


class ApiToken(models.Model):
    """A token; only its SHA-256 is kept. It has 160 random bits, so a plain digest is enough."""

    digest = models.CharField(primary_key=True, max_length=64)
    name = models.CharField(max_length=120)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="api_tokens")
    scopes = models.JSONField(default=list)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        """No permissions of its own."""

        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class Bearer(Person):
    """A person seen through a token: what the person may do, and the token's scopes allow as well."""

    allowed: frozenset[str] = frozenset()

    class Meta:
        """The same table."""

        proxy = True
        default_permissions = ()

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Whether both the role and the scopes allow it."""
        return perm in self.allowed and super().has_perm(perm, obj)
