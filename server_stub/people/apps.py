"""Registers the people app with Django."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate

from server_stub.people.roles import write_roles


class PeopleConfig(AppConfig):
    """Roles are written once every app has made its permissions."""

    name = "server_stub.people"
    label = "people"

    def ready(self) -> None:
        """Hook the roles to the last app that has tables, and so permissions."""
        last = [app for app in apps.get_app_configs() if app.models_module is not None][-1]
        post_migrate.connect(write_roles, sender=last, dispatch_uid="roles")
