"""Headers on every answer, and the login in front of every page."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from server_stub.ingest.api import problem
from server_stub.ingest.refusal import Refusal
from server_stub.web import health
from server_stub.web.answer import wants_json
from server_stub.web.sheet import wants_csv

# Nothing but our own files; images also as data:, for the picture that sets up two-factor authentication.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def secure_headers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Content-Security-Policy and Permissions-Policy, on files too."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), usb=()"
        return response

    return answer


def for_machines(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer what watches the service before anything asks by which name it came: it often comes by an address."""
    views = {"/healthz": health.healthz, "/readyz": health.readyz, "/metrics": health.metrics}

    def answer(request: HttpRequest) -> HttpResponse:
        return views.get(request.path_info, get_response)(request)

    return answer


class LoginRequired(LoginRequiredMiddleware):
    """Everything needs a login but the API, which is open to whoever signs, and views that say otherwise."""

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase], view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        """Let agents through to the API."""
        if request.resolver_match is not None and request.resolver_match.namespace == "api":
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseBase:
        """A person is led to the login; a program is told."""
        if wants_json(request) or wants_csv(request):
            return problem(Refusal(401, "login-required", "This page needs a login."))
        return super().handle_no_permission(request, view_func)
