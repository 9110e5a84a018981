"""`python -m tests.openid_provider PORT FOLDER CALLBACK`: serve until ended."""

import os
import sys
from pathlib import Path
from typing import Any

import django
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from waitress.server import create_server

from tests.openid_provider import CLIENT_ID, CLIENT_SECRET

_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "oauth2_provider"]
_MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]


def _key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _oauth2(issuer: str) -> dict[str, Any]:
    return {
        "OIDC_ENABLED": True,
        "OIDC_ISS_ENDPOINT": issuer,
        "OIDC_RSA_PRIVATE_KEY": _key(),
        "OAUTH2_VALIDATOR_CLASS": "tests.openid_provider.claims.Claims",
        "PKCE_REQUIRED": True,
        "SCOPES": {"openid": "who", "profile": "name", "email": "address"},
    }


def main(port: int, folder: Path, callback: str) -> None:
    """Serve."""
    issuer = f"http://127.0.0.1:{port}"
    settings.configure(
        SECRET_KEY="only-for-tests-" * 4,
        ALLOWED_HOSTS=["127.0.0.1"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "provider.sqlite3"}},
        INSTALLED_APPS=_APPS,
        MIDDLEWARE=_MIDDLEWARE,
        ROOT_URLCONF="tests.openid_provider.urls",
        LOGIN_URL="/sign-in/",
        # Two Djangos on one address share a browser's cookies, whatever their ports.
        SESSION_COOKIE_NAME="provider",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],  # of the client's secret, at each sign-in
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        PEOPLE=folder / "people.json",
        OAUTH2_PROVIDER=_oauth2(issuer),
    )
    django.setup()
    call_command("migrate", verbosity=0)
    from oauth2_provider.models import Application

    Application.objects.create(
        name="Phone Posture",
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        client_type="confidential",
        authorization_grant_type="authorization-code",
        redirect_uris=callback,
        algorithm="RS256",
        skip_authorization=True,
    )
    server = create_server(get_wsgi_application(), host="127.0.0.1", port=port, threads=2)
    print("ready", flush=True)
    server.run()


os.environ.setdefault("OAUTHLIB_INSECURE_TRANSPORT", "1")  # on loopback only
main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
