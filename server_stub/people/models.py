"""A person who signs in."""

from django.contrib.auth.models import AbstractUser


class Person(AbstractUser):
    """A user of the dashboard; what they may do comes from the roles (groups) they are in."""
