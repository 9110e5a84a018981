"""The words and signs of a status, the same in the terminal, on paper and on a screen."""

from typing import Literal, NamedTuple

from agent.messages import Language, Message
from agent.report.model import Report

Colour = Literal["green", "red", "amber", "blue", "grey"]
"""Green meets, red fails, amber is not proved, blue is excepted or stated."""


class Look(NamedTuple):
    """How a status is shown: never by its colour alone."""

    word: Message
    sign: str
    ascii_sign: str
    colour: Colour


LOOKS: dict[str, Look] = {
    "pass": Look(Message("Meets"), "✓", "+", "green"),
    "compliant": Look(Message("Meets"), "✓", "+", "green"),
    "fail": Look(Message("Fails"), "✕", "x", "red"),
    "non_compliant": Look(Message("Fails"), "✕", "x", "red"),
    "inconclusive": Look(Message("Not proved"), "?", "?", "amber"),
    "not_applicable": Look(Message("Does not apply"), "–", "-", "grey"),
    "waived": Look(Message("Excepted"), "◐", "o", "blue"),
    "attested": Look(Message("Stated"), "✎", "s", "blue"),
    "error": Look(Message("Could not be judged"), "!", "!", "amber"),
}


def phone_name(report: Report, language: Language) -> str:
    """How a person calls the phone: model and serial, as far as they are known."""
    serial = report.device.serial if report.device.serial != "unknown" else ""
    named = " · ".join(part for part in (report.device.model, serial) if part)
    return named or Message("phone of unknown model")(language)
