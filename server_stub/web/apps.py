"""Registers the web app with Django."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The web app: no tables of its own."""

    name = "server_stub.web"
    label = "web"
