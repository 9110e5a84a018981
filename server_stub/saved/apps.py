"""Registers the saved app with Django."""

from django.apps import AppConfig


class SavedConfig(AppConfig):
    """The saved app."""

    name = "server_stub.saved"
    label = "saved"
