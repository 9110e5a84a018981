"""Of allauth's addresses those that we use: no sign-up, no e-mail, no reset by mail (an administrator resets)."""

from allauth.account import views
from django.urls import include, path

from server_stub.people import pages

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("password/change/", pages.password_change, name="account_change_password"),
    path("2fa/", include("allauth.mfa.urls")),
    path("openid/", include("server_stub.openid.urls")),
]
