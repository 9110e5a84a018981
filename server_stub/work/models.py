"""What recurs. The jobs themselves are rows of `django_tasks_db`. Reference tables when distributed."""

from django.db import models


class Routine(models.Model):
    """One recurring job of `jobs.ROUTINES`: when it is due, and how it went last."""

    name = models.CharField(primary_key=True, max_length=40)
    due_at = models.DateTimeField()
    task_id = models.UUIDField(null=True)  # of the job that was last queued for it
    succeeded_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)  # in a row

    class Meta:
        """No permissions of its own."""

        default_permissions = ()

    def __str__(self) -> str:
        return self.name
