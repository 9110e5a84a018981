"""Saved views, and with which one a person's fleet page opens. Small tables: reference tables when distributed."""

from django.conf import settings
from django.db import models


class SavedView(models.Model):
    """Filters under a name. `query`: as in the address, only what filters. It goes with the person who saved it."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000, blank=True)
    shared = models.BooleanField(default=False)
    made_at = models.DateTimeField()

    class Meta:
        """A person has one view of each name."""

        default_permissions = ()
        permissions = (("share_view", "May share views with everybody"),)
        constraints = (models.UniqueConstraint("owner", "name", name="view_by_name"),)

    def __str__(self) -> str:
        return self.name


class Opening(models.Model):
    """With which view a person's fleet page opens."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="opening"
    )
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="+")

    class Meta:
        """No permissions of its own."""

        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.person_id} {self.view_id}"
