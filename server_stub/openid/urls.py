"""The addresses of signing in at a provider; 404 where none is configured."""

from django.urls import path

from server_stub.openid import pages

urlpatterns = [
    path("", pages.leave, name="openid-leave"),
    path("callback/", pages.callback, name="openid-callback"),
    path("cancelled/", pages.cancelled, name="socialaccount_login_cancelled"),
]
