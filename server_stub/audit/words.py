"""What the audit log's short words mean, for people."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ACTORS: Mapping[str, str | Promise] = {
    "person": _("person"),
    "agent": _("agent"),
    "terminal": _("the collector's terminal"),
    "collector": _("the collector itself"),
    "stranger": _("somebody unknown"),
}
ACTIONS: Mapping[str, str | Promise] = {
    "person.created": _("made an account"),
    "person.changed": _("changed an account's password and role"),
    "person.signed-in": _("signed in"),
    "person.signed-out": _("signed out"),
    "person.sign-in-failed": _("failed to sign in"),
    "person.sign-in-refused": _("was not let in"),
    "person.roles-read": _("came with other roles"),
    "person.password-changed": _("changed the own password"),
    "person.factor-added": _("added a second factor"),
    "person.factor-removed": _("removed a second factor"),
    "person.factor-renewed": _("renewed a second factor"),
    "agent.code-made": _("made an enrolment code"),
    "agent.enrolled": _("was enrolled"),
    "agent.enrolment-refused": _("was refused at enrolment"),
    "agent.revoked": _("revoked an agent"),
    "agent.rotated": _("has a new key"),
    "agent.rotation-asked": _("asked an agent for a new key"),
    "agent.rotation-refused": _("was refused a new key"),
    "agent.limited": _("set of which phones an agent may report"),
    "policy.submitted": _("submitted a policy"),
    "policy.published": _("approved and published a policy"),
    "policy.refused": _("refused a policy"),
    "policy.withdrawn": _("withdrew a policy"),
    "waiver.asked": _("asked for an exception"),
    "waiver.approved": _("approved an exception"),
    "waiver.refused": _("refused an exception"),
    "waiver.ended": _("ended an exception"),
    "statement.noted": _("noted a statement"),
    "holder.erased": _("erased a holder"),
    "retention.ran": _("let go of old data"),
    "holders.imported": _("imported holders and groups"),
    "group.period-set": _("set a group's period"),
    "alerts.channel-made": _("made a channel for alerts"),
    "alerts.channel-ended": _("ended a channel for alerts"),
    "alerts.channel-tried": _("tried a channel for alerts"),
    "alerts.secret-renewed": _("gave a webhook a new secret"),
    "alerts.subscribed": _("had a channel told of events"),
    "alerts.unsubscribed": _("had a channel told of events no more"),
    "alerts.replayed": _("sent a message again"),
    "alerts.grace-set": _("set a grace"),
    "delivery.refused": _("was refused a delivery"),
    "delivery.repeated": _("sent again what was known"),
}
