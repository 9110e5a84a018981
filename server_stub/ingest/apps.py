"""Registers the ingest app with Django."""

from django.apps import AppConfig


class IngestConfig(AppConfig):
    """The ingest app: no tables of its own."""

    name = "server_stub.ingest"
    label = "ingest"
