"""Registers the policies app with Django."""

from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    """The policies app."""

    name = "server_stub.policies"
    label = "policies"
