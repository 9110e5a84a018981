"""What every form says of a result, in the reader's language where the report holds it."""

from agent.messages import Language
from agent.report.model import Report, ReportedResult


def title(result: ReportedResult, language: Language) -> str:
    """The good state; the rule's id where the report holds no sentence."""
    told = result.texts.get(language)
    return told.title if told and told.title else result.rule


def message(result: ReportedResult, language: Language) -> str:
    """What was found."""
    told = result.texts.get(language)
    return (told.message if told else result.message) or result.rule


def remediation(result: ReportedResult, language: Language) -> str:
    """What to do; empty where nothing is to be done."""
    told = result.texts.get(language)
    return told.remediation if told else result.remediation


def phone(report: Report) -> str:
    """The phone in one line: maker, model and serial number."""
    device = report.device
    return " ".join(part for part in (device.manufacturer, device.model, device.serial) if part)


def advice(result: ReportedResult) -> bool:
    """Whether a result does not count for the verdict, whatever it is."""
    return result.in_the_way is False and result.status in ("fail", "inconclusive", "error")


def stated(result: ReportedResult) -> bool:
    """Whether a person's statement that still holds decided."""
    return result.attestation is not None and result.attestation.get("state") != "lapsed"
