"""What the environment says of messages that leave the collector."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal
from urllib.parse import unquote, urlsplit

_SECURITY: Mapping[str, Literal["starttls", "tls", "none"]] = {
    "smtp": "starttls",
    "smtps": "tls",
    "smtp+plain": "none",
}
_PORTS = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Mail server, own address, language of reminders, and private networks that may be reached."""

    smtp_host: str
    smtp_port: int
    smtp_user: str
    smtp_password: str
    smtp_security: Literal["starttls", "tls", "none"]
    mail_from: str
    public_url: str
    reminder_language: str
    networks: tuple[IPv4Network | IPv6Network, ...]

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> "Outgoing":
        """Raises ValueError with one sentence for a person."""
        url, sender = variables.get("POSTURE_SMTP_URL", ""), variables.get("POSTURE_MAIL_FROM", "")
        parts = urlsplit(url or "smtp://")
        security = _SECURITY.get(parts.scheme)
        if security is None or (url and not parts.hostname):
            raise ValueError("POSTURE_SMTP_URL should be smtp://host:587, smtps://host or smtp+plain://host")
        if url and "@" not in sender:
            raise ValueError("POSTURE_MAIL_FROM should be the address that e-mail comes from")
        language = variables.get("POSTURE_REMINDER_LANGUAGE", "en")
        if language not in ("en", "es"):
            raise ValueError(f"POSTURE_REMINDER_LANGUAGE is “{language}”; it should be en or es")
        return cls(
            smtp_host=parts.hostname or "",
            smtp_port=parts.port or _PORTS[security],
            smtp_user=unquote(parts.username or ""),
            smtp_password=unquote(parts.password or ""),
            smtp_security=security,
            mail_from=sender if url else "",
            public_url=_public(variables.get("POSTURE_PUBLIC_URL", "")),
            reminder_language=language,
            networks=_networks(variables.get("POSTURE_ALERT_NETWORKS", "")),
        )


def _public(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query):
        raise ValueError("POSTURE_PUBLIC_URL should be an address like https://posture.example.org")
    return url.rstrip("/")


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise ValueError(f"POSTURE_ALERT_NETWORKS should be networks like 10.1.0.0/16: {error}") from error
