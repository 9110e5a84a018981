"""Registers the phones app with Django."""

from django.apps import AppConfig


class PhonesConfig(AppConfig):
    """The phones app."""

    name = "server_stub.phones"
    label = "phones"
