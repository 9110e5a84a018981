"""Verdicts as a person at the bench reads them: one word, then what to do, then what is not proved."""

from collections.abc import Iterable, Sequence
from textwrap import shorten

from babel.numbers import format_decimal
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from agent.cli.terminal import printable, unicode_fits, word
from agent.messages import Language, Message
from agent.report.handover import trusted_computers
from agent.report.model import ReportedResult
from agent.report.words import phone_name
from agent.scan import Failed, Judged

_ORDER = {"fail": 0, "error": 1, "inconclusive": 2, "waived": 3, "pass": 4, "not_applicable": 5}
_SEVERITY = {"critical": 0, "high": 1, "medium": 2, "low": 3}
_LONGEST = 160  # characters of a sentence in a table; the whole stands in the phone's own list
_SHOWN = ("fail", "error", "inconclusive", "waived")


def by_urgency(results: Iterable[ReportedResult]) -> list[ReportedResult]:
    """Results in the order in which a person should read them."""
    return sorted(results, key=lambda each: (_ORDER[each.status], _SEVERITY[each.severity], each.clause, each.rule))


def show_phone(judged: Judged, language: Language, out: Console) -> None:
    """One phone: the verdict, then each thing that stands between it and "meets", with what to do."""
    report = judged.report
    head = Table.grid(padding=(0, 2), expand=True)
    head.add_column(no_wrap=True)
    head.add_column(ratio=1)
    head.add_column(no_wrap=True, justify="right")
    seconds = Message("{seconds} s", {"seconds": format_decimal(report.duration_ms / 1000, "0.0", language)})(language)
    verdict = word(report.verdict, language, out, upper=True)
    verdict.stylize("bold")
    head.add_row(verdict, printable(phone_name(report, language), out), seconds)
    out.print(head)
    if judged.broken is not None:
        out.print(Padding(Text(printable(judged.broken(language), out)), (0, 0, 0, 3)))
    rest: dict[str, int] = {}
    for result in by_urgency(report.results):
        if result.status not in _SHOWN:
            rest[result.status] = rest.get(result.status, 0) + 1
            continue
        _show_result(result, language, out)
    if last := trusted_computers(report, language):
        out.print(Padding(Text(printable(last, out)), (0, 0, 0, 3)))
    for status, count in rest.items():
        line = word(status, language, out)
        line.append(f": {count}", style="default")
        out.print(Padding(line, (0, 0, 0, 3)))


def _show_result(result: ReportedResult, language: Language, out: Console) -> None:
    texts = result.texts[language]
    table = Table.grid(padding=(0, 1))
    table.add_column(width=2)
    table.add_column(width=9, no_wrap=True)
    table.add_column()
    sign = word(result.status, language, out)
    mark = Text(sign.plain[0], style=sign.style)
    number = result.clause
    clause = Message("clause {number}", {"number": number}) if number[:1].isdigit() else Message("preamble")
    table.add_row(mark, clause(language), Text(printable(texts.message, out)))
    if result.status != "waived" and texts.remediation:
        arrow = "→" if unicode_fits(out) else ">"
        table.add_row("", "", Text(printable(f"{arrow} {texts.remediation}", out), style="dim"))
    out.print(Padding(table, (0, 0, 0, 1)))


def show_table(seen: Sequence[Judged | Failed], language: Language, out: Console) -> None:
    """Many phones: a line each, with the one sentence that matters."""
    table = Table(box=None, padding=(0, 1), pad_edge=False, expand=True)
    table.add_column(Message("Verdict")(language), no_wrap=True)
    table.add_column(Message("Phone")(language), max_width=24, overflow="fold")
    table.add_column(Message("What stands between it and “Meets”")(language), ratio=1)
    for each in seen:
        if isinstance(each, Failed):
            table.add_row(
                word("error", language, out), printable(each.name, out), Text(printable(each.reason(language), out))
            )
        else:
            report = each.report
            name = Text(printable(report.device.model or report.device.serial, out))
            if report.device.android_version:
                name.append(printable(f" Android {report.device.android_version}", out), style="dim")
            sentence = shorten(each.evaluation.summary[language], _LONGEST, placeholder=" …")
            table.add_row(word(report.verdict, language, out), name, Text(printable(sentence, out)))
        table.add_row("", "", "")
    out.print(table)
