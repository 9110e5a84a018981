"""The file that POSTURE_OPENID names: which provider, and which of its groups have which role here (TOML)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from server_stub.people.roles import ROLES

PROVIDER = "openid_connect"  # allauth's id of the protocol
_TEXTS = {"issuer", "client_id", "client_secret_file", "name", "claim"}
_NEEDED = ("issuer", "client_id", "client_secret_file", "roles")


@dataclass(frozen=True, slots=True)
class OpenId:
    """One provider. `roles`: a group's name, exactly as the claim has it, to the role that its members have here."""

    issuer: str
    client_id: str
    client_secret: str
    name: str
    claim: str
    roles: Mapping[str, str]
    link_by_email: bool

    @classmethod
    def read(cls, path: Path) -> "OpenId":
        """Read the file and the secret that it names. Raises ValueError with one sentence for a person."""
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
            _check(found, path)
            secret = (path.parent / found["client_secret_file"]).read_text(encoding="utf-8").strip()
            if not secret:
                raise ValueError(f"{found['client_secret_file']} is empty; it should hold the client's secret")
        except OSError as error:
            raise ValueError(f"{error.filename}: {error.strerror}; POSTURE_OPENID needs it") from error
        except ValueError as error:  # broken TOML, broken UTF-8, or what `_check` found
            raise ValueError(f"{path}: {error}") from error
        return cls(
            issuer=found["issuer"],
            client_id=found["client_id"],
            client_secret=secret,
            name=found.get("name") or str(urlsplit(found["issuer"]).hostname),
            claim=found.get("claim", "groups"),
            roles=found["roles"],
            link_by_email=found.get("link_by_email", False),
        )

    def for_allauth(self) -> dict[str, Any]:
        """SOCIALACCOUNT_PROVIDERS."""
        how = {"server_url": self.issuer.rstrip("/"), "email_authentication": self.link_by_email}
        app = {
            "provider_id": PROVIDER,
            "name": self.name,
            "client_id": self.client_id,
            "secret": self.client_secret,
            "settings": how,
        }
        return {PROVIDER: {"APPS": [app]}}


def _check(found: dict[str, Any], path: Path) -> None:
    """Raise ValueError with what is wrong; the caller names the file."""
    if missing := [name for name in _NEEDED if not found.get(name)]:
        raise ValueError(f"it lacks {missing[0]}")
    if unknown := sorted(set(found) - _TEXTS - {"roles", "link_by_email"}):
        raise ValueError(f"it knows no “{unknown[0]}”")
    if wrong := sorted(name for name in _TEXTS & set(found) if not isinstance(found[name], str)):
        raise ValueError(f"{wrong[0]} should be a text")
    if not isinstance(found.get("link_by_email", False), bool):
        raise ValueError("link_by_email should be true or false")
    issuer = urlsplit(found["issuer"])
    if issuer.scheme != "https" and issuer.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise ValueError("issuer should begin with https://")
    if not isinstance(found["roles"], dict):
        raise ValueError("roles should be a table of groups: [roles]")
    for group, role in found["roles"].items():
        if role not in ROLES:
            raise ValueError(f"the role of “{group}” is “{role}”; there are: {', '.join(ROLES)}")
