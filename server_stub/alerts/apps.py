"""Registers the alerts app with Django."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    """The alerts app."""

    name = "server_stub.alerts"
    label = "alerts"
