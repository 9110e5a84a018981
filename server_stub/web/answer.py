"""One page, two forms: HTML for people, the same typed content as JSON for programs."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def wants_json(request: HttpRequest) -> bool:
    """`?format=json`, or an Accept header that prefers JSON to HTML."""
    if "format" in request.GET:
        return request.GET["format"] == "json"
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def answer(request: HttpRequest, template: str, page: "DataclassInstance", **extra: Any) -> HttpResponse:
    """Answer with a page. `extra` is for the template alone (forms)."""
    response: HttpResponse
    response = JsonResponse(asdict(page)) if wants_json(request) else render(request, template, {"page": page, **extra})
    patch_vary_headers(response, ["Accept", "Cookie"])
    response.headers["Cache-Control"] = "private, no-cache"
    return response
