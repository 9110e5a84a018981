"""What the bench shows: one large verdict, what to do about it, and a line for every other phone."""

from collections.abc import Iterable, Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from agent.bench import Place, State
from agent.cli.language import language, t
from agent.cli.terminal import printable, unicode_fits, word
from agent.cli.verdicts import by_urgency, phone_name
from agent.messages import Message
from agent.scan import Judged

_BAR = 20
_STATES = {
    State.CONNECTING: Message("connecting"),
    State.WAITING: Message("waits for its holder"),
    State.SCANNING: Message("is being read"),
    State.DONE: Message("done"),
    State.FAILED: Message("could not be read"),
    State.LOST: Message("went away"),
}


class Screen:
    """The whole screen: cut to its height, the keys always in its last line."""

    def __init__(self, places: Sequence[Place], current: Place | None, note: str, keys: str) -> None:
        self._places, self._current, self._note, self._keys = places, current, note, keys

    def __rich_console__(self, out: Console, options: ConsoleOptions) -> RenderResult:
        height = options.height or out.height
        head: list[RenderableType] = []
        if self._current is not None and self._current.judged is not None:
            head.append(_verdict(self._current.judged, out))
        others = [_line(each, out) for each in self._places if each is not self._current]
        foot: list[RenderableType] = [*others, Text(printable(self._note, out), style="dim"), Text(self._keys)]
        body = [*_findings(self._current, out)] if self._current is not None else [_welcome(out, bool(others))]
        plain = options.update(height=None)
        top, middle, bottom = (out.render_lines(Group(*part), plain) for part in (head, body, foot))
        room = max(0, height - len(top) - len(bottom) - 1)
        if len(middle) > room:
            middle = [*middle[: max(0, room - 1)], [Segment("   …" if unicode_fits(out) else "   ...")]]
        blank = [[Segment("")] for _ in range(height - len(top) - len(middle) - len(bottom))]
        for number, line in enumerate([*top, *middle, *blank, *bottom][:height]):
            if number:
                yield Segment.line()
            yield from line


def _verdict(judged: Judged, out: Console) -> RenderableType:
    report = judged.report
    large = word(report.verdict, language(), out, upper=True)
    sign, _, letters = large.plain.partition(" ")
    spaced = Text(f"  {sign}   {'   '.join(' '.join(each) for each in letters.split())}")
    bar = Table.grid(expand=True, padding=(0, 1))
    bar.add_column(ratio=1)
    bar.add_column(justify="right", no_wrap=True)
    bar.add_row(spaced, Text(t("{seconds} s", seconds=f"{report.duration_ms / 1000:.1f}")))
    name = Text(printable(phone_name(report, language()), out), style="bold")
    if report.device.android_version:
        name.append(printable(f" · Android {report.device.android_version}", out), style="default")
    return Group(Padding(bar, (1, 0), style=f"bold reverse {large.style}"), Padding(name, (0, 0, 1, 2)))


def _findings(place: Place, out: Console) -> Iterable[RenderableType]:
    if place.said is not None:
        yield Padding(Text(printable(place.said(language()), out), style="bold"), (0, 0, 1, 2))
    if place.judged is None:
        return
    number = 0
    for result in by_urgency(place.judged.report.results):
        if result.status not in ("fail", "error", "inconclusive") or not result.in_the_way:
            continue
        texts = result.texts[language()]
        row = Table.grid(padding=(0, 1))
        row.add_column(width=4, justify="right")
        row.add_column()
        if result.status == "inconclusive":
            mark = "?"
        else:
            number += 1
            mark = str(number)
        row.add_row(Text(mark, style=word(result.status, language(), out).style), Text(printable(texts.message, out)))
        if result.status == "fail" and texts.remediation:
            row.add_row("", Text(printable(texts.remediation, out), style="dim"))
        yield row
    if not number and place.judged.report.verdict == "compliant":
        yield Padding(Text(printable(place.judged.evaluation.summary[language()], out)), (0, 0, 0, 2))


def _line(place: Place, out: Console) -> RenderableType:
    state = (
        word(place.judged.report.verdict, language(), out) if place.judged else Text(_STATES[place.state](language()))
    )
    name = place.name if place.judged is None else phone_name(place.judged.report, language())
    row = Table.grid(padding=(0, 1), expand=True)
    row.add_column(no_wrap=True, overflow="ellipsis" if unicode_fits(out) else "crop", ratio=1)
    row.add_column(no_wrap=True)
    row.add_column(no_wrap=True, width=_BAR + 8)
    row.add_row(Text(printable(name, out)), state, Text(_bar(place)))
    if place.said is not None and place.judged is None:
        return Group(row, Padding(Text(printable(place.said(language()), out), style="yellow"), (0, 0, 0, 3)))
    return row


def _bar(place: Place) -> str:
    if place.state is not State.SCANNING or not place.commands:
        return ""
    full = _BAR * place.answered // place.commands
    return f"[{'#' * full}{'.' * (_BAR - full)}] {place.answered}/{place.commands}"


def _welcome(out: Console, anybody: bool) -> RenderableType:
    if anybody:
        return Text("")
    told = t("Connect a phone by USB, with USB debugging on. It is read only, and nothing of it is kept here.")
    return Padding(Text(printable(told, out), style="bold"), (2, 0, 0, 2))
