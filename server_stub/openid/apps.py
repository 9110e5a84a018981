"""Registers the openid app with Django; allauth finds its provider in `provider`."""

from django.apps import AppConfig


class OpenIdConfig(AppConfig):
    """The openid app."""

    name = "server_stub.openid"
    label = "openid"
