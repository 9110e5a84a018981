"""The library's addresses, and a page that asks who it is."""

from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import include, path
from jwcrypto.jwk import JWK

FORM = (
    '<!doctype html><html lang="en"><title>The provider</title><main><h1>The provider</h1><form method="post">'
    '<label>Name <input name="name"></label><button>Sign in</button></form></main></html>'
)


def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return HttpResponse(FORM)
    person, _ = User.objects.get_or_create(username=request.POST["name"])
    login(request, person, backend="django.contrib.auth.backends.ModelBackend")
    return HttpResponseRedirect(request.GET["next"])


def other_keys(_request: HttpRequest) -> JsonResponse:
    """Keys that sign nothing here."""
    return JsonResponse({"keys": [JWK.generate(kty="RSA", size=2048, kid="another").export_public(as_dict=True)]})


urlpatterns = [path("sign-in/", sign_in), path("other-keys/", other_keys), path("", include("oauth2_provider.urls"))]
