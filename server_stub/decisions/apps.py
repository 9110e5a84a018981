"""Registers the decisions app with Django."""

from django.apps import AppConfig


class DecisionsConfig(AppConfig):
    """The decisions app."""

    name = "server_stub.decisions"
    label = "decisions"
