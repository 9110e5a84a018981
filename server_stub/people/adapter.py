"""What allauth asks of us: nobody makes an account for themselves."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by an administrator: `posture collector create-user`."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Closed, always."""
        return False
