"""Where the collector keeps its state and how it is reached: read from the environment, nothing else.

POSTURE_DATA                 folder of the database and of the secret key; default: the user's data folder
POSTURE_DATABASE_URL         postgresql://user:password@host:port/name; default: SQLite in POSTURE_DATA;
                             what follows a "?" goes to libpq (sslmode=verify-full), host=/folder is a socket's;
                             prepare=off for a pooler that gives each transaction another connection
POSTURE_ALLOWED_HOSTS        names that the collector answers to, separated by commas; default: any
POSTURE_BEHIND_TLS           1 when a proxy speaks TLS: cookies become secure, the proxy's header is believed
POSTURE_OPENID               a file (TOML) that describes an OpenID Connect provider; default: local accounts only
POSTURE_SECOND_FACTOR_FOR    roles, separated by commas, that local accounts use with a second factor only
POSTURE_LATE_AFTER_HOURS     a phone not seen for longer is late; default 26
POSTURE_PUBLIC_URL           https://posture.example.org: what links in messages begin with; default: no links
POSTURE_SMTP_URL             smtp://user:password@host:587 (STARTTLS), smtps:// (TLS from the start) or
                             smtp+plain:// (neither): by which e-mail is sent; default: none is sent
POSTURE_MAIL_FROM            the address that e-mail comes from
POSTURE_REMINDER_LANGUAGE    en or es: the language of reminders to people; default en
POSTURE_ALERT_NETWORKS       private networks, separated by commas, that alerts may be sent into; default: none
POSTURE_KEEP_CONTENT_DAYS    `retention` empties reports that are older; default 400
POSTURE_KEEP_HISTORY_DAYS    `retention` deletes a report's line in the history when it is older; default 1830
POSTURE_TSA_URL              a time stamping authority (RFC 3161) that stamps the audit log's end once a day
POSTURE_TSA_ROOTS            a PEM file of the certificates by which its stamps are believed
POSTURE_LOG                  json: one object a line, each request too, no personal data; default plain
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from platformdirs import user_data_path

from server_stub.alerts.outgoing import Outgoing
from server_stub.openid.configuration import OpenId
from server_stub.people.roles import ROLES

_SECRET_FILE = "collector-secret-key"  # noqa: S105 - a file's name
_DATABASE_FILE = "collector.sqlite3"
# Writers queue up instead of failing half way; a reader never waits for a writer. FULL: a report that was answered is
# on the disk, for its agent deletes it then; NORMAL may lose the last commits when the power fails.
_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; "
    "PRAGMA mmap_size=134217728; PRAGMA cache_size=-32000; PRAGMA journal_size_limit=67108864;"
)


@dataclass(frozen=True, slots=True)
class Environment:
    """What the environment says, checked."""

    data: Path
    database: dict[str, Any]
    prepares: bool  # whether PostgreSQL's connections last, so that statements can be prepared on them
    allowed_hosts: tuple[str, ...]
    behind_tls: bool
    openid: OpenId | None
    second_factor_for: frozenset[str]
    late_after: timedelta
    outgoing: Outgoing
    keep_contents: timedelta
    keep_history: timedelta
    tsa_url: str
    tsa_roots: str
    log: str

    @classmethod
    def read(cls, variables: Mapping[str, str] = os.environ) -> "Environment":
        """Read the variables; nothing is written. Raises ValueError with one sentence for a person."""
        data = Path(variables.get("POSTURE_DATA") or user_data_path("phone-posture", appauthor=False))
        hosts = (host.strip() for host in variables.get("POSTURE_ALLOWED_HOSTS", "*").split(","))
        return cls(
            data=data,
            database=_database(variables.get("POSTURE_DATABASE_URL", ""), data),
            prepares=("prepare", "off") not in parse_qsl(urlsplit(variables.get("POSTURE_DATABASE_URL", "")).query),
            allowed_hosts=tuple(host for host in hosts if host),
            behind_tls=variables.get("POSTURE_BEHIND_TLS", "") in ("1", "true", "yes"),
            openid=OpenId.read(Path(variables["POSTURE_OPENID"])) if variables.get("POSTURE_OPENID") else None,
            second_factor_for=_roles(variables.get("POSTURE_SECOND_FACTOR_FOR", "")),
            outgoing=Outgoing.read(variables),
            late_after=timedelta(hours=_whole(variables, "POSTURE_LATE_AFTER_HOURS", 26, "hours")),
            keep_contents=timedelta(days=_whole(variables, "POSTURE_KEEP_CONTENT_DAYS", 400, "days")),
            keep_history=timedelta(days=_whole(variables, "POSTURE_KEEP_HISTORY_DAYS", 1830, "days")),
            tsa_url=_authority(variables),
            tsa_roots=variables.get("POSTURE_TSA_ROOTS", ""),
            log=_log(variables),
        )

    def secret_key(self) -> str:
        """The key that `prepare` made; before that, one that lasts as long as this process."""
        try:
            return (self.data / _SECRET_FILE).read_text()
        except OSError:
            return secrets.token_urlsafe(48)

    def prepare(self) -> None:
        """Make the folder and, once, the secret key that only its owner reads."""
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self.data / f".{_SECRET_FILE}.{secrets.token_hex(4)}"
        part.touch(mode=0o600)
        part.write_text(secrets.token_urlsafe(48))
        try:
            os.link(part, self.data / _SECRET_FILE)  # never over one that is in use
        except FileExistsError:
            return
        finally:
            part.unlink()


def _roles(text: str) -> frozenset[str]:
    named = frozenset(role.strip() for role in text.split(",")) - {""}
    if unknown := sorted(named - set(ROLES)):
        raise ValueError(f"POSTURE_SECOND_FACTOR_FOR names “{unknown[0]}”; there are: {', '.join(ROLES)}")
    return named


def _whole(variables: Mapping[str, str], name: str, usual: int, unit: str) -> int:
    text = variables.get(name, str(usual))
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:7]) < 100_000:
        raise ValueError(f"{name} is “{text}”; it should be whole {unit}, 1 or more")
    return int(text)


def _log(variables: Mapping[str, str]) -> str:
    form = variables.get("POSTURE_LOG", "plain")
    if form not in ("plain", "json"):
        raise ValueError(f"POSTURE_LOG is “{form}”; it should be plain or json")
    return form


def _authority(variables: Mapping[str, str]) -> str:
    url = variables.get("POSTURE_TSA_URL", "")
    if url and urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"POSTURE_TSA_URL is “{url}”; it should begin with https:// or http://")
    if url and not variables.get("POSTURE_TSA_ROOTS"):
        raise ValueError("POSTURE_TSA_URL needs POSTURE_TSA_ROOTS, a file of the certificates by which it is believed")
    return url


def _database(url: str, data: Path) -> dict[str, Any]:
    parts = urlsplit(url)
    if not url or parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path) if url else str(data / _DATABASE_FILE),
            "CONN_MAX_AGE": 60,
            "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": _SQLITE_PRAGMAS},
        }
    if parts.scheme not in ("postgres", "postgresql"):
        raise ValueError("POSTURE_DATABASE_URL should begin with postgresql:// or sqlite:///")
    options = dict(parse_qsl(parts.query))
    options.pop("prepare", None)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or options.pop("host", ""),
        "PORT": str(parts.port or ""),
        # Reports go as they are, not as text within a statement that is twice as long.
        "OPTIONS": {"server_side_binding": True, **options},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
