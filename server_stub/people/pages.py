"""Where allauth's pages are not enough."""

from allauth.account import views
from django.http import Http404, HttpRequest, HttpResponse


def password_change(request: HttpRequest) -> HttpResponse:
    """Change one's password. Who comes by a provider has none here, and makes none: the provider decides who comes."""
    if request.user.is_authenticated and not request.user.has_usable_password():
        raise Http404
    page: HttpResponse = views.password_change(request)
    return page
