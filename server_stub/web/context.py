"""What the frame around every page needs: the theme, the language switch, who is signed in."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from server_stub.web.preferences import THEME_COOKIE, THEMES


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context for `base.html`. The theme's cookie is a stranger's text: only a known word goes through."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return {
        "theme": theme if theme in THEMES else "auto",
        "languages": settings.LANGUAGES,
        "here": _here(request),
        "openid_name": settings.OPENID.name if settings.OPENID else "",
    }


def _here(request: HttpRequest) -> str:
    """Where a switch leads back to: this page, or the fleet where the page came from a form."""
    return request.get_full_path() if request.method == "GET" else "/"
