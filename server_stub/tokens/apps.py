"""Registers the tokens app with Django."""

from django.apps import AppConfig


class TokensConfig(AppConfig):
    """The tokens app."""

    name = "server_stub.tokens"
    label = "tokens"
