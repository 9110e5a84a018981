"""What a phone still holds of us when it is handed over: the computers that it lets debug it."""

from agent.capture import quoted
from agent.facts import State
from agent.messages import Language, Message
from agent.report.model import Report

_MOST = 20
_TRUSTED = Message(
    "The phone still lets these computers debug it: {computers}. Before it leaves: Settings › Developer options › "
    "Revoke USB debugging authorisations, then turn USB debugging off."
)
_UNREAD = Message(
    "Which computers may still debug the phone was not read. Before it leaves: Settings › Developer options › Revoke "
    "USB debugging authorisations, then turn USB debugging off."
)


def trusted_computers(report: Report, language: Language) -> str:
    """Name every workstation that a phone to be handed over still trusts, and say how it forgets them.

    Nothing for a phone in use, and where the phone proves that it trusts none.
    """
    if report.profile != "handover":
        return ""
    fact = report.facts.get("device.adb_keys")
    if fact is None or fact.state is not State.KNOWN or not isinstance(fact.value, list):
        return _UNREAD(language)
    if not fact.value:
        return ""
    named = [quoted(str(each), 80) for each in fact.value]
    shown = ", ".join(named[:_MOST]) + (f" (+{len(named) - _MOST})" if len(named) > _MOST else "")
    return Message(_TRUSTED.sentence, {"computers": shown})(language)
