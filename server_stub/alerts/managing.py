"""Changing what is told to whom: each change with its row in the audit log, which never holds an address."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from server_stub.alerts import apprising, webhook
from server_stub.alerts.changes import changed
from server_stub.alerts.events import FAILS
from server_stub.alerts.guard import Forbidden
from server_stub.alerts.models import Channel, Delivery, Grace, Subscription, Trouble
from server_stub.alerts.sealing import Unreadable, seal, unseal
from server_stub.alerts.sending import queue
from server_stub.alerts.told import Told
from server_stub.audit.chain import Actor, record
from server_stub.web.text import clean

_MOST_ADDRESSES = 20


def make_channel(name: str, kind: str, address: str, actor: Actor) -> tuple[Channel, str]:
    """Make a channel. Returns it and, of a webhook, the secret, to be shown once. Raises Forbidden with a sentence."""
    secret, address = "", address.strip()
    where: dict[str, Any]
    if kind == "email":
        to = _addresses(address)
        where, shown = {"to": to}, ", ".join(to)
    elif kind == "webhook":
        webhook.check(address)
        secret = webhook.new_secret()
        where, shown = {"url": address, "secret": secret}, f"{urlsplit(address).scheme}://{urlsplit(address).netloc}/…"
    else:
        where, shown = {"url": address}, apprising.check(address)
    channel = Channel(name=clean(name, 120), kind=kind, shown=clean(shown, 300), sealed=seal(where))
    channel.made_at = timezone.now()
    with transaction.atomic():
        channel.save()
        record("alerts.channel-made", actor, channel.name, kind=kind)
    return channel, secret


def _addresses(text: str) -> list[str]:
    found = [each.strip() for each in text.replace(";", ",").split(",") if each.strip()]
    try:
        for each in found:
            validate_email(each)
    except ValidationError as error:
        raise Forbidden(gettext("“%(address)s” is no e-mail address.") % {"address": clean(each, 80)}) from error
    if not 0 < len(found) <= _MOST_ADDRESSES:
        raise Forbidden(gettext("Give up to %(number)s e-mail addresses.") % {"number": _MOST_ADDRESSES})
    return found


def renew_secret(channel: Channel, actor: Actor) -> str:
    """A new secret for a webhook, to be shown once; the old one counts no longer. Raises Forbidden with a sentence."""
    try:
        where = unseal(channel.sealed)
    except Unreadable as error:
        raise Forbidden(gettext("Another key sealed this channel's address; make the channel anew.")) from error
    secret = webhook.new_secret()
    with transaction.atomic():
        Channel.objects.filter(pk=channel.pk).update(sealed=seal({**where, "secret": secret}))
        record("alerts.secret-renewed", actor, channel.name)
    return secret


def end_channel(channel: Channel, actor: Actor) -> None:
    """Send nothing there any more; what was sent stays in the log, the address and the secret do not."""
    with transaction.atomic():
        channel.subscriptions.all().delete()
        Channel.objects.filter(pk=channel.pk).update(ended_at=timezone.now(), sealed="")
        record("alerts.channel-ended", actor, channel.name, kind=channel.kind)


def try_channel(channel: Channel, actor: Actor) -> None:
    """Send a message that says it is a trial."""
    now = timezone.now()
    subject = gettext("Phone Posture: a trial")
    text = gettext("This message only tries whether the channel works. Nothing happened.")
    with transaction.atomic():
        trial = Delivery(channel=channel, made_at=now, next_at=now, subject=subject, text=text + "\n")
        trial.content = asdict(Told(subject, {}, []))
        trial.save()
        queue(trial)
        record("alerts.channel-tried", actor, channel.name)


def subscribe(subscription: Subscription, actor: Actor) -> None:
    """Have a channel told of what the subscription, unsaved, asks for."""
    subscription.made_at = timezone.now()
    with transaction.atomic():
        subscription.save()
        told = {"events": ", ".join(subscription.events), "groups": ", ".join(subscription.groups)}
        record("alerts.subscribed", actor, subscription.channel.name, **told)


def unsubscribe(subscription: Subscription, actor: Actor) -> None:
    """End a subscription; what it has not told yet is not told."""
    with transaction.atomic():
        record("alerts.unsubscribed", actor, subscription.channel.name, events=", ".join(subscription.events))
        subscription.delete()


def set_grace(name: str, days: int, actor: Actor) -> None:
    """Say for how many days failures of this rule or clause are not yet told; 0: told at once."""
    with transaction.atomic():
        if days:
            Grace.objects.update_or_create(name=name, defaults={"days": days})
        else:
            Grace.objects.filter(name=name).delete()
        record("alerts.grace-set", actor, name, days=days)
        changed(_in_trouble())


def _in_trouble() -> Sequence[str]:
    return list(Trouble.objects.filter(event=FAILS).values_list("subject", flat=True).distinct())
