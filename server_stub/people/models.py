"""A person who signs in, and what is remembered of attempts to."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class Person(AbstractUser):
    """A user of the dashboard; what they may do comes from the roles (groups) they are in."""


class Remembered(models.Model):
    """A row of Django's cache (`CACHES`): for minutes, attempts that throttles count and one-time codes that were used.

    In the database, so that several collectors count together and a new start forgets nothing.
    """

    cache_key = models.CharField(primary_key=True, max_length=255)  # as `throttles.sealed` makes it
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        """No permissions of its own."""

        default_permissions = ()

    def __str__(self) -> str:
        return self.cache_key
