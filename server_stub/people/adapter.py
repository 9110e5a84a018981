"""What allauth asks of us: nobody makes an account for themselves, and guesses at one are counted together."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by an administrator: `posture collector create-user`."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Closed, always."""
        return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """By what failed attempts are counted: allauth adds the Host, which whoever guesses may write as they like."""
        return str(credentials.get("email", credentials.get("username", ""))).lower()
