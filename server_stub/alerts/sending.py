"""Sending messages: by e-mail, by webhook, by Apprise; again when it fails, later each time, and not for ever."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext
from django_tasks import task

from agent.facts import instant
from server_stub.alerts import apprising, webhook
from server_stub.alerts.guard import Forbidden
from server_stub.alerts.models import Delivery
from server_stub.alerts.sealing import Unreadable, unseal
from server_stub.alerts.webhook import NotTaken
from server_stub.web.text import clean

TRIES = 8  # over about a day
_FIRST = timedelta(seconds=30)
_LONGEST = timedelta(hours=12)
_LEASE = timedelta(minutes=5)  # whoever sends for longer is gone
_LOGGED = 20


def queue(delivery: Delivery) -> None:
    """Have it sent when it is due. Within the transaction that makes it: one is not there without the other."""
    send.using(run_after=delivery.next_at).enqueue(str(delivery.pk))


@task()
def send(delivery_id: str) -> None:
    """Try once. Twice at once is harmless: whoever takes it sends it, and the other side knows it by its id."""
    now = timezone.now()
    takes = Delivery.objects.filter(id=delivery_id, state__in=("waiting", "sending"), next_at__lte=now)
    if not takes.update(state="sending", next_at=now + _LEASE, tries=F("tries") + 1):
        return
    delivery = Delivery.objects.select_related("channel", "person").get(id=delivery_id)
    try:
        said, why, final = _out(delivery), "", False
    except NotTaken as problem:
        said, why, final = "", str(problem), problem.final
    except Unreadable:
        why, final = gettext("Another key sealed this channel's address; make the channel anew."), True
        said = ""
    except Forbidden as problem:
        said, why, final = "", str(problem), True
    _note(delivery, said, why, timezone.now(), final=final)


def lost(now: datetime) -> None:
    """Send again what a worker took and never ended, or what nobody took."""
    stale = Q(state="sending", next_at__lte=now) | Q(state="waiting", next_at__lte=now - _LEASE)
    Delivery.objects.filter(stale, tries__gte=TRIES).update(state="failed")  # each try ended its worker
    for delivery in Delivery.objects.filter(stale).order_by("next_at")[:100]:
        with transaction.atomic():
            Delivery.objects.filter(id=delivery.pk).update(next_at=now, state="waiting")
            delivery.next_at = now
            queue(delivery)


def replay(delivery_id: UUID) -> bool:
    """Send it again, now, with as many tries as a new one. False when it is on its way already."""
    now = timezone.now()
    with transaction.atomic():
        ended = Delivery.objects.filter(id=delivery_id, state__in=("sent", "failed"))
        if not ended.update(state="waiting", next_at=now, tries=0):
            return False
        queue(Delivery.objects.get(id=delivery_id))
    return True


def _out(delivery: Delivery) -> str:
    if delivery.person is not None:
        return _mail(delivery, {"to": [delivery.person.email]})
    channel = delivery.channel
    if channel is None or channel.ended_at is not None:
        raise NotTaken(gettext("The channel was ended."), final=True)
    return _WAYS[channel.kind](delivery, unseal(channel.sealed))


def _mail(delivery: Delivery, where: Mapping[str, Any]) -> str:
    if not settings.MAIL_FROM:
        raise NotTaken(gettext("No mail server is set (POSTURE_SMTP_URL and POSTURE_MAIL_FROM)."), final=True)
    headers = {"Message-ID": f"<{delivery.pk}@posture>", "Auto-Submitted": "auto-generated"}
    mail = EmailMessage(delivery.subject, delivery.text, settings.MAIL_FROM, list(where["to"]), headers=headers)
    try:
        mail.send()
    except (SMTPException, OSError) as error:
        raise NotTaken(clean(f"{type(error).__name__}: {error}", 200)) from error
    return "250"


def _post(delivery: Delivery, where: Mapping[str, Any]) -> str:
    return webhook.post(where["url"], where["secret"], f"msg_{delivery.pk.hex}", "posture.alert", delivery.content)


def _apprise(delivery: Delivery, where: Mapping[str, Any]) -> str:
    return apprising.notify(where["url"], delivery.subject, delivery.text)


_WAYS: Mapping[str, Callable[[Delivery, Mapping[str, Any]], str]] = {
    "email": _mail,
    "webhook": _post,
    "apprise": _apprise,
}
KINDS = tuple(_WAYS)


def _note(delivery: Delivery, said: str, why: str, now: datetime, *, final: bool) -> None:
    if not why:
        delivery.state = "sent"
    elif final or delivery.tries >= TRIES:
        delivery.state = "failed"
    else:
        delivery.state, delivery.next_at = "waiting", now + pause(delivery.tries)
    told = {"at": instant(now), "sent": not why, "said": clean(why or said, 240)}
    delivery.log = [*delivery.log, told][-_LOGGED:]
    with transaction.atomic():
        delivery.save(update_fields=["state", "next_at", "log"])
        if delivery.state == "waiting":
            queue(delivery)


def pause(tries: int) -> timedelta:
    """After so many tries: four times as long each time, and a fifth more or less, so that not all come at once."""
    usual: timedelta = min(_FIRST * 4 ** (tries - 1), _LONGEST)
    return usual * (0.8 + secrets.randbelow(401) / 1000)
