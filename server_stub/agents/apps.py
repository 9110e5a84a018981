"""Registers the agents app with Django."""

from django.apps import AppConfig


class AgentsConfig(AppConfig):
    """The agents app."""

    name = "server_stub.agents"
    label = "agents"
