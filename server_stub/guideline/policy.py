"""The policy that comes with this version, read once a process, and a policy's values in words."""

from dataclasses import dataclass
from functools import cache

from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

from agent.messages import Language
from agent.policy.document import Duration, ParameterValue
from agent.policy.loading import load
from agent.policy.model import Parameter, Policy


@cache
def shipped() -> Policy:
    """CM-G-03 as it comes with this version. Takes a second the first time."""
    return load()


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """A value that an organisation may set, in words, and the layer that set it last."""

    name: str
    title: str
    value: str
    layer: str


def parameter_row(parameter: Parameter, language: Language) -> ParameterRow:
    """One parameter for a reader."""
    return ParameterRow(
        parameter.name, parameter.title[language], value_text(parameter.value), layer_text(parameter.layer)
    )


def layer_text(layer: str) -> str:
    """A layer of a policy in words; the name in it is its author's."""
    kind, _, name = layer.partition(" ")
    words = {
        "policy": gettext("The policy itself"),
        "organisation": gettext("Organisation: %(name)s"),
        "group": gettext("Group %(name)s"),
        "phone": gettext("Phone %(serial)s"),
    }
    return words[kind] % {"name": name, "serial": name} if kind in words else layer


def value_text(value: ParameterValue) -> str:
    """A parameter's value in words."""
    if isinstance(value, tuple):
        return ", ".join(value) or gettext("None")
    if isinstance(value, int):
        return number_format(value, use_l10n=True, force_grouping=True)
    return _duration(value)


def _duration(value: Duration) -> str:
    number = value.value
    words = {
        "seconds": ngettext("%(number)s second", "%(number)s seconds", number),
        "minutes": ngettext("%(number)s minute", "%(number)s minutes", number),
        "hours": ngettext("%(number)s hour", "%(number)s hours", number),
        "days": ngettext("%(number)s day", "%(number)s days", number),
    }
    return words[value.unit] % {"number": number}
