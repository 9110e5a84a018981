"""The library's addresses, and a page that asks who it is."""

from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import include, path

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


urlpatterns = [path("sign-in/", sign_in), path("", include("oauth2_provider.urls"))]
