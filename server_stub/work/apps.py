"""Registers the work app with Django."""

from django.apps import AppConfig


class WorkConfig(AppConfig):
    """The work app."""

    name = "server_stub.work"
    label = "work"

    def ready(self) -> None:
        """Take note of how jobs end."""
        from server_stub.work import ending  # noqa: PLC0415 - models are not there before

        ending.listen()
