"""The way to the provider and back."""

from collections.abc import Callable
from typing import cast

from allauth.account.utils import get_next_redirect_url
from allauth.core import ratelimit
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from requests import RequestException

from server_stub.openid.provider import VerifyingAdapter, configured


@require_POST
@never_cache
@login_not_required
def leave(request: HttpRequest) -> HttpResponse:
    """Send the browser to the provider.

    By a page that goes on by itself: Content-Security-Policy lets a form lead nowhere but here, and a redirect
    would count as the form's own way, at the provider's further stops too.
    """
    if (limited := ratelimit.consume_or_429(request, action="login")) is not None:
        return cast("HttpResponse", limited)
    answer = _heard(request, lambda adapter: _redirect(request, adapter))
    if answer.status_code != 302:
        return answer
    return render(request, "openid/leave.html", {"address": answer.headers["Location"], "name": configured().name})


@require_GET
@never_cache
@login_not_required
def callback(request: HttpRequest) -> HttpResponse:
    """Back from the provider."""
    return _heard(request, lambda adapter: OAuth2CallbackView.adapter_view(adapter)(request))


@require_GET
@login_not_required
def cancelled(request: HttpRequest) -> HttpResponse:
    """The person did not want to."""
    return render(request, "openid/cancelled.html")


def _redirect(request: HttpRequest, adapter: VerifyingAdapter) -> HttpResponse:
    answer: HttpResponse = adapter.get_provider().redirect(
        request, AuthProcess.LOGIN, next_url=get_next_redirect_url(request)
    )
    return answer


def _heard(request: HttpRequest, what: Callable[[VerifyingAdapter], HttpResponse]) -> HttpResponse:
    """Do it; a provider that does not answer, or not as one does, ends in a page that says so."""
    configured()
    adapter = VerifyingAdapter(request)
    try:
        return what(adapter)
    except (RequestException, OAuth2Error) as error:
        page: HttpResponse = render_authentication_error(request, adapter.get_provider(), exception=error)
        return page
