"""What the provider tells of a person, and how it lies."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from oauth2_provider.oauth2_validators import OAuth2Validator


def known(name: str) -> dict[str, Any]:
    """The person's entry in the file that the tests write."""
    found: dict[str, Any] = json.loads(settings.PEOPLE.read_text())[name]
    return found


class Claims(OAuth2Validator):  # type: ignore[misc]
    """The library's answers, with the claims of the file; lies stand in the ID token alone, and are signed."""

    oidc_claim_scope = None

    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        name: str = request.user.username
        return {"sub": f"subject-of-{name}", "preferred_username": name} | known(name)["claims"]

    def get_id_token_dictionary(
        self, token: Any, token_handler: Callable[..., Any], request: Any
    ) -> tuple[dict[str, Any], datetime]:
        claims, expires = super().get_id_token_dictionary(token, token_handler, request)
        return claims | known(request.user.username)["lies"], expires
