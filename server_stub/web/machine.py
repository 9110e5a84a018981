"""What programs get of every address: errors as problem documents (RFC 9457), and 304 for what they have already."""

import hashlib
from collections.abc import Callable, Mapping
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from server_stub.ingest.api import problem
from server_stub.ingest.refusal import Refusal
from server_stub.web.answer import wants_json
from server_stub.web.sheet import wants_csv

_SAYS: Mapping[int, tuple[str, str | Promise]] = {
    400: ("bad-request", _("This address asks for something in a form that is not understood.")),
    403: ("not-allowed", _("Your role, or your token's scopes, do not include this.")),
    404: ("not-found", _("There is nothing at this address.")),
    405: ("wrong-method", _("This address does not take this method.")),
    409: ("conflict", _("As things stand, this cannot be done.")),
    410: ("gone", _("What was here was erased.")),
    413: ("too-large", _("What was sent is too large.")),
    422: ("wrong-form", _("What was sent is not in the form that this address takes.")),
    500: ("failed", _("The collector failed at this; what happened is written in its log.")),
}


def problems(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Errors in the form that the program asked for; a person gets pages."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code < 400 or not _is_program(request) or _is_said(response):
            return response
        phrase = HTTPStatus(response.status_code).phrase
        kind, detail = _SAYS.get(response.status_code, (phrase.lower().replace(" ", "-"), phrase))
        told = problem(Refusal(response.status_code, kind, str(detail)))
        for name in ("Allow", "Retry-After", "WWW-Authenticate"):
            if name in response.headers:
                told.headers[name] = response.headers[name]
        return told

    return answer


def etags(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """An ETag on JSON, and 304 when the program has it. Pages hold a fresh token each time: none for them."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        kind = response.headers.get("Content-Type", "")
        if request.method not in ("GET", "HEAD") or response.status_code != 200 or "json" not in kind:
            return response
        if response.streaming:
            return response
        etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
        response.headers["ETag"] = etag
        return get_conditional_response(request, etag=etag, response=response) or response

    return answer


def _is_program(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/") or wants_json(request) or wants_csv(request)


def _is_said(response: HttpResponse) -> bool:
    return "json" in response.headers.get("Content-Type", "")
