"""The page of alerts, and where the links in messages lead."""

from uuid import UUID

from django import forms
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from server_stub.alerts import managing
from server_stub.alerts.events import BROKEN, EVENTS, EXPIRED, EXPIRES, REFUSED, SEVERITIES, WAITS, weight
from server_stub.alerts.guard import Forbidden
from server_stub.alerts.models import Alert, Channel, Delivery, Subscription
from server_stub.alerts.reading import LOG_COLUMNS, alerts_view, choices, log_rows
from server_stub.alerts.sending import KINDS, replay
from server_stub.audit.chain import by, record
from server_stub.holders.models import Group
from server_stub.policies.published import in_force
from server_stub.web.answer import answer
from server_stub.web.clauses import CLAUSES
from server_stub.web.sheet import sheet, wants_csv

_MANAGE = "alerts.manage_channel"
_PAGES = {REFUSED: "agents", WAITS: "due", EXPIRES: "due", EXPIRED: "due", BROKEN: "audit"}


class OfChannel:
    """What is done to a channel, in an address."""

    regex = "try|end|secret"

    def to_python(self, value: str) -> str:
        """The word itself."""
        return value

    def to_url(self, value: str) -> str:
        """The word itself."""
        return value


class _NewChannel(forms.Form):
    """A channel's name, kind and address."""

    name = forms.CharField(max_length=120)
    kind = forms.ChoiceField(choices=[(kind, "") for kind in KINDS])
    address = forms.CharField(max_length=2000)


class _NewSubscription(forms.Form):
    """What a channel is to be told of."""

    channel = forms.ModelChoiceField(Channel.objects.filter(ended_at=None))
    events = forms.MultipleChoiceField(choices=[(event, "") for event in EVENTS])
    groups = forms.ModelMultipleChoiceField(Group.objects.all(), required=False, to_field_name="name")
    least = forms.ChoiceField(choices=[(severity, "") for severity in SEVERITIES])
    digest_hour = forms.IntegerField(required=False, min_value=0, max_value=23)
    language = forms.ChoiceField(choices=[("en", ""), ("es", "")])


class _NewGrace(forms.Form):
    """A rule or a clause, and days."""

    name = forms.CharField(max_length=120)
    days = forms.IntegerField(min_value=0, max_value=365)

    def clean_name(self) -> str:
        """Only what the policy has."""
        name: str = self.cleaned_data["name"]
        if name not in CLAUSES and in_force().rule(name) is None:
            raise forms.ValidationError(_("The policy has no such rule or clause."))
        return name


@require_safe
@permission_required("alerts.view_channel", raise_exception=True)
def alerts_page(request: HttpRequest) -> HttpResponseBase:
    """Channels, subscriptions, graces, and the log of messages (`?state=`); as CSV the log."""
    if wants_csv(request):
        return sheet("messages", LOG_COLUMNS, log_rows(request.GET.dict()))
    return _page(request)


@require_safe
@permission_required("phones.view_phone", raise_exception=True)
def alert(request: HttpRequest, alert_id: int) -> HttpResponse:
    """Where a message's link leads: the address of a message tells no serial."""
    found = get_object_or_404(Alert, id=alert_id)
    if found.phone_key and found.event not in _PAGES:
        return redirect("phone", found.phone_key)
    return redirect(_PAGES.get(found.event, "fleet"))


@require_POST
@never_cache
@permission_required(_MANAGE, raise_exception=True)
def new_channel(request: HttpRequest) -> HttpResponse:
    """Make a channel; a webhook's secret is shown this once."""
    form = _NewChannel(request.POST)
    if not form.is_valid():
        return _page(request, problem=gettext("Give the channel a name, a kind and an address."))
    told = form.cleaned_data
    try:
        _channel, secret = managing.make_channel(told["name"], told["kind"], told["address"], by(request.user))
    except Forbidden as problem:
        return _page(request, problem=str(problem))
    return _page(request, secret=secret) if secret else redirect("alerts")


@require_POST
@never_cache
@permission_required(_MANAGE, raise_exception=True)
def change_channel(request: HttpRequest, channel_id: int, what: str) -> HttpResponse:
    """Try a channel, end it, or give a webhook a new secret."""
    channel, actor = get_object_or_404(Channel, id=channel_id, ended_at=None), by(request.user)
    if what == "secret":
        if channel.kind != "webhook":
            raise Http404
        try:
            return _page(request, secret=managing.renew_secret(channel, actor))
        except Forbidden as problem:
            return _page(request, problem=str(problem))
    (managing.end_channel if what == "end" else managing.try_channel)(channel, actor)
    return redirect("alerts")


@require_POST
@permission_required(_MANAGE, raise_exception=True)
def new_subscription(request: HttpRequest) -> HttpResponse:
    """Have a channel told of something."""
    form = _NewSubscription(request.POST)
    if not form.is_valid():
        return _page(request, problem=gettext("Choose a channel and at least one event."))
    told = form.cleaned_data
    made = Subscription(channel=told["channel"], events=told["events"], groups=[each.name for each in told["groups"]])
    made.least, made.digest_hour, made.language = weight(told["least"]), told["digest_hour"], told["language"]
    managing.subscribe(made, by(request.user))
    return redirect("alerts")


@require_POST
@permission_required(_MANAGE, raise_exception=True)
def end_subscription(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """Tell it no more."""
    managing.unsubscribe(get_object_or_404(Subscription, id=subscription_id), by(request.user))
    return redirect("alerts")


@require_POST
@permission_required(_MANAGE, raise_exception=True)
def replay_delivery(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    """Send a message again."""
    get_object_or_404(Delivery, id=delivery_id)
    with transaction.atomic():
        if replay(delivery_id):
            record("alerts.replayed", by(request.user), str(delivery_id))
    return redirect("alerts")


@require_POST
@permission_required(_MANAGE, raise_exception=True)
def new_grace(request: HttpRequest) -> HttpResponse:
    """Give a rule or a clause a grace, or take it away (0 days)."""
    form = _NewGrace(request.POST)
    if not form.is_valid():
        return _page(request, problem=gettext("Choose a rule or a clause of the policy, and days from 0 to 365."))
    managing.set_grace(form.cleaned_data["name"], form.cleaned_data["days"], by(request.user))
    return redirect("alerts")


def _page(request: HttpRequest, secret: str | None = None, problem: str = "") -> HttpResponse:
    page = alerts_view(request.GET.dict(), secret=secret, problem=problem)
    response = answer(request, "alerts.html", page, choices=choices())
    response.status_code = 422 if problem else 200
    return response
