"""The roles: groups with permissions, made anew after every migration so that they are what this file says."""

from collections.abc import Mapping
from typing import Any

from django.apps.registry import Apps

_LOOKS = ("phones.view_phone", "agents.view_agent", "holders.view_holder", "decisions.view_waiver")
_PRIVATE = "phones.view_private"  # names of networks, linked devices and computers
_TOLD = "alerts.view_channel"  # what is told to whom, and what became of it
_OPERATES = (
    "agents.enrol_agent",
    "agents.revoke_agent",
    "holders.import_holder",
    "decisions.ask_waiver",
    "decisions.note_statement",
    "saved.share_view",
)
# Whoever asks for an exception cannot approve it, whatever the role: `decisions.deciding` sees to that.
# The same holds of policies.
_APPROVES = (
    "saved.share_view",
    "decisions.ask_waiver",
    "decisions.approve_waiver",
    "policies.submit_edition",
    "policies.approve_edition",
)
ROLES: Mapping[str, tuple[str, ...]] = {
    "viewer": _LOOKS,
    "auditor": (*_LOOKS, _PRIVATE, _TOLD, "audit.view_entry"),
    "operator": (*_LOOKS, _PRIVATE, _TOLD, *_OPERATES),
    "approver": (*_LOOKS, _PRIVATE, *_APPROVES),
    "administrator": (
        *(*_LOOKS, _PRIVATE, _TOLD, *_OPERATES, *_APPROVES),
        *("holders.erase_holder", "audit.view_entry", "alerts.manage_channel"),
    ),
}
# Until the roles were five, the administrator was called so; scripts may still ask for it.
FORMER_NAMES: Mapping[str, str] = {"admin": "administrator"}


def write_roles(apps: Apps, using: str, **_signal: Any) -> None:
    """Make the groups hold exactly these permissions. Called after each app's migration."""
    from django.contrib.auth.models import Group, Permission  # noqa: PLC0415 - apps load this file before models

    for role, names in ROLES.items():
        wanted = {tuple(name.split(".")) for name in names}
        found = Permission.objects.using(using).filter(codename__in=[codename for _, codename in wanted])
        permissions = [p for p in found.select_related("content_type") if p.natural_key()[1::-1] in wanted]
        Group.objects.using(using).get_or_create(name=role)[0].permissions.set(permissions)
