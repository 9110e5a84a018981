"""allauth's OpenID Connect, and what it leaves to others: the ID token's signature and nonce are always checked.

allauth trusts the connection to the token endpoint (OpenID Connect Core 3.1.3.7, 6) and sends no nonce.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from allauth.utils import build_absolute_uri
from django.conf import settings
from django.http import Http404, HttpRequest
from django.urls import reverse

from server_stub.openid.configuration import PROVIDER, OpenId

_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
_LONGEST_SUBJECT = 191  # what allauth's table holds


class VerifyingAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """Takes nothing from the provider that is not signed, meant for us, and asked for by this browser."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request, PROVIDER)
        self._nonce = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        """The provider's own description; it must name the issuer that was configured (Discovery 4.3)."""
        found = super().openid_config
        server_url = self.get_provider().app.settings["server_url"]
        if not isinstance(found, dict) or str(found.get("issuer", "")).rstrip("/") != server_url:
            raise OAuth2Error("the provider describes another issuer")
        if missing := [name for name in _NEEDED if not isinstance(found.get(name), str)]:
            raise OAuth2Error(f"the provider's description lacks {missing[0]}")
        return found

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Where the provider sends the browser back to."""
        return str(build_absolute_uri(request, reverse("openid-callback"), self.redirect_uri_protocol))

    def get_access_token_data(
        self, request: HttpRequest, app: SocialApp, client: Any, pkce_code_verifier: str | None = None
    ) -> Any:
        """Change the code for tokens; what was kept for that tells the nonce, too."""
        self._nonce = nonce_of(pkce_code_verifier or "")
        return super().get_access_token_data(request, app, client, pkce_code_verifier)

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """Who it is, by the ID token and what the provider tells of the same subject. Raises OAuth2Error."""
        try:
            claims = self._decode_id_token(app, kwargs["response"]["id_token"])
            told = self._fetch_user_info(token.token)
            if claims["nonce"] != self._nonce:
                raise OAuth2Error("the ID token was made for another sign-in")
            if told["sub"] != claims["sub"]:
                raise OAuth2Error("the provider tells of another subject than the ID token's")
        except (KeyError, TypeError, ValueError) as error:
            raise OAuth2Error(f"the provider's answer lacks something: {error}") from error
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= _LONGEST_SUBJECT:
            raise OAuth2Error("the ID token's subject is no name")
        login = self.get_provider().sociallogin_from_response(request, {"userinfo": claims | told})
        login.claims = claims | told  # for the adapter, which gives roles; not kept
        return login

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        config = self.openid_config
        found: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=config["jwks_uri"],
            issuer=config["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
            verify_signature=True,
        )
        if found.get("azp", app.client_id) != app.client_id:
            raise OAuth2Error("the ID token was made for another client")
        return found


class VerifyingProvider(OpenIDConnectProvider):  # type: ignore[misc]
    """The one provider that is configured: with PKCE and a nonce; keeps of a person what is needed to know them."""

    pkce_enabled_default = True
    oauth2_adapter_class = VerifyingAdapter

    def get_oauth2_adapter(self, request: HttpRequest) -> VerifyingAdapter:
        """The adapter for this sign-in."""
        return VerifyingAdapter(request)

    def get_pkce_params(self) -> dict[str, str]:
        """The challenge, and the nonce with it."""
        found: dict[str, str] = super().get_pkce_params()
        return found | {"nonce": nonce_of(found["code_verifier"])}

    def extract_extra_data(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Nothing: the subject stands in its own column, groups are read anew each time."""
        return {}

    def extract_email_addresses(self, data: Mapping[str, Any]) -> list[Any]:
        """The address, proved only when the provider says exactly `true`: some write "false" as a text."""
        found: list[Any] = super().extract_email_addresses(data)
        for address in found:
            address.verified = data["userinfo"].get("email_verified") is True
        return found


def configured() -> OpenId:
    """The provider that this installation has. Raises Http404 where it has none."""
    if settings.OPENID is None:
        raise Http404
    return settings.OPENID


def nonce_of(code_verifier: str) -> str:
    """A nonce that only the session which keeps this verifier can tell. The challenge is another digest of it."""
    return hashlib.sha256(b"nonce " + code_verifier.encode()).hexdigest()


provider_classes = [VerifyingProvider]
