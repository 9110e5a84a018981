"""What is told to whom, and what became of it. Small tables beside the phones': reference tables when distributed."""

import uuid

from django.conf import settings
from django.db import models

from server_stub.alerts.events import SEVERITIES


class Channel(models.Model):
    """A way out of here. `sealed` holds its address and its secret, readable with this collector's key only."""

    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=20)  # email, webhook or apprise
    shown = models.CharField(max_length=300)  # of the address what anybody may see
    sealed = models.TextField()
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """Who may read and who may change what is told to whom."""

        default_permissions = ("view",)
        permissions = (("manage_channel", "May change what is told to whom"),)

    def __str__(self) -> str:
        return self.name


class Subscription(models.Model):
    """What a channel is told of."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="subscriptions")
    events = models.JSONField(default=list)  # words of `events.EVENTS`
    groups = models.JSONField(default=list)  # names; empty: all
    least = models.SmallIntegerField(default=len(SEVERITIES) - 1)  # the lightest severity that is told
    digest_hour = models.SmallIntegerField(null=True)  # of the organisation's clock; null: at once
    language = models.CharField(max_length=8)
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)  # when its last message was made

    class Meta:
        """No permissions of its own."""

        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.channel_id} {self.events}"


class Change(models.Model):
    """That a rule of this phone stands otherwise than before: written with the change itself, gone once looked at."""

    phone_key = models.CharField(max_length=80)

    class Meta:
        """No permissions of its own."""

        default_permissions = ()

    def __str__(self) -> str:
        return self.phone_key


class Trouble(models.Model):
    """Something that is wrong and lasts: told once until it ends, or gets worse.

    subject: a phone's key, an agent's id or a decision. topic: a clause, a refusal's kind or nothing.
    """

    event = models.CharField(max_length=40)
    subject = models.CharField(max_length=120)
    topic = models.CharField(max_length=60, blank=True)
    since = models.DateTimeField()
    told = models.SmallIntegerField(null=True)  # as how severe it was told; null: not yet, it is in its grace
    due_at = models.DateTimeField(null=True)  # when a grace ends that it is still in

    class Meta:
        """Found by subject, and by when a grace ends."""

        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=("event", "subject", "topic"), name="trouble_once"),)
        indexes = (models.Index("due_at", condition=models.Q(due_at__isnull=False), name="trouble_by_due"),)

    def __str__(self) -> str:
        return f"{self.event} {self.subject} {self.topic}"


class Alert(models.Model):
    """Something that happened and that people may want to be told of."""

    at = models.DateTimeField()
    event = models.CharField(max_length=40)
    weight = models.SmallIntegerField()  # 0 is critical: the place in `events.SEVERITIES`
    phone_key = models.CharField(max_length=80, blank=True)
    group = models.CharField(max_length=120, blank=True)
    clause = models.CharField(max_length=40, blank=True)
    about = models.CharField(max_length=120, blank=True)  # an agent's id, a rule, a row's number
    until = models.DateTimeField(null=True)

    class Meta:
        """Read by time."""

        default_permissions = ()
        indexes = (models.Index("at", name="alert_by_time"),)

    def __str__(self) -> str:
        return f"{self.at} {self.event} {self.phone_key or self.about}"


class Pending(models.Model):
    """An alert that a subscription's next message will tell of."""

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="pending")
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="+")

    class Meta:
        """No permissions of its own."""

        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=("subscription", "alert"), name="pending_once"),)

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.alert_id}"


class Delivery(models.Model):
    """One message on its way out, and each try to deliver it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    channel = models.ForeignKey(Channel, null=True, on_delete=models.CASCADE, related_name="deliveries")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    made_at = models.DateTimeField()
    subject = models.CharField(max_length=300)
    text = models.TextField()
    content = models.JSONField(default=dict)  # what a webhook is sent as `data`
    state = models.CharField(max_length=10, default="waiting")  # waiting, sending, sent or failed
    next_at = models.DateTimeField()  # not to be tried before; while it is being sent: given up for lost after
    tries = models.PositiveSmallIntegerField(default=0)  # since it was made, or sent again by a person
    log = models.JSONField(default=list)  # the newest tries: at, outcome, and why not

    class Meta:
        """Read newest first, and by what is due."""

        default_permissions = ()
        indexes = (
            models.Index("made_at", "id", name="delivery_by_time"),
            models.Index("next_at", condition=models.Q(state__in=("waiting", "sending")), name="delivery_by_due"),
        )

    def __str__(self) -> str:
        return f"{self.made_at} {self.state} {self.subject}"


class Grace(models.Model):
    """For how many days a failure of a rule, or of all rules of a clause, is not yet told. It fails all the same."""

    name = models.CharField(max_length=120, unique=True)  # a rule's id, or a clause's number
    days = models.PositiveSmallIntegerField()

    class Meta:
        """No permissions of its own."""

        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name} {self.days}"


class LateDay(models.Model):
    """How many phones were late, and listed but never scanned, at the last look of that day (UTC)."""

    day = models.DateField(primary_key=True)
    late = models.PositiveIntegerField()
    never = models.PositiveIntegerField()

    class Meta:
        """No permissions of its own."""

        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.day} {self.late} {self.never}"


class Cursor(models.Model):
    """Up to which row something was read already."""

    name = models.CharField(primary_key=True, max_length=40)
    number = models.BigIntegerField(default=0)

    class Meta:
        """No permissions of its own."""

        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name} {self.number}"
