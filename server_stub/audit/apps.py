"""Registers the audit app with Django."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The audit app."""

    name = "server_stub.audit"
    label = "audit"

    def ready(self) -> None:
        """Listen to what allauth and Django do with accounts."""
        from server_stub.audit import accounts  # noqa: PLC0415 - models are not there before

        accounts.listen()
