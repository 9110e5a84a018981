"""Registers the holders app with Django."""

from django.apps import AppConfig


class HoldersConfig(AppConfig):
    """The holders app."""

    name = "server_stub.holders"
    label = "holders"
