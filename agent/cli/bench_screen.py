"""The bench in a terminal: one large verdict, what to do about it, and a line for every other phone."""

from collections.abc import Iterable, Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from agent.bench import Board, Row, Shown, State, Step
from agent.cli.language import language
from agent.cli.terminal import printable, unicode_fits, word

_BAR, _STATE = 20, 20  # columns
_LEAST = 5  # lines for what is to be done, however many phones there are


class Screen:
    """The whole screen: cut to its height, the keys always in its last line."""

    def __init__(self, board: Board, keys: str) -> None:
        self._board, self._keys = board, keys

    def __rich_console__(self, out: Console, options: ConsoleOptions) -> RenderResult:
        height, board, plain = options.height or out.height, self._board, options.update(height=None)

        def drawn(*parts: RenderableType) -> list[list[Segment]]:
            return out.render_lines(Group(*parts), plain) if parts else []

        top = drawn(*([] if board.shown is None else [_verdict(board.shown, out)]))
        notes = [Text(printable(each, out), style="dim") for each in board.notes or ("",)]
        last = drawn(*notes, Text(printable(self._keys, out)))
        room = height - len(top) - len(last) - _LEAST
        others = [drawn(_line(each, out)) for each in _urgent_first(board.rows)]
        bottom = [*_folded(others, room, out), *last]
        middle = drawn(*(_welcome(board, out) if board.shown is None else _steps(board.shown, out)))
        room = max(0, height - len(top) - len(bottom) - 1)
        if len(middle) > room:
            middle = [*middle[: max(0, room - 1)], [Segment(f"   {_dots(out)}")]]
        blank = [[Segment("")] for _ in range(height - len(top) - len(middle) - len(bottom))]
        for number, line in enumerate([*top, *middle, *blank, *bottom][:height]):
            if number:
                yield Segment.line()
            yield from line


def _urgent_first(rows: Iterable[Row]) -> list[Row]:
    """The other phones: first those that wait for somebody."""
    order = [State.WAITING, State.FAILED, State.LOST, State.LOCKED, State.CONNECTING, State.SCANNING, State.DONE]
    return sorted((each for each in rows if not each.is_shown), key=lambda each: order.index(each.state))


def _folded(others: Sequence[list[list[Segment]]], room: int, out: Console) -> list[list[Segment]]:
    """As many of the other phones as there is room for, and how many more there are."""
    lines: list[list[Segment]] = []
    for number, each in enumerate(others):
        is_last = number == len(others) - 1
        if len(lines) + len(each) > room - (not is_last):
            return [*lines, [Segment(f"{_dots(out)} +{len(others) - number}")]]
        lines += each
    return lines


def _dots(out: Console) -> str:
    return "…" if unicode_fits(out) else "..."


def _verdict(shown: Shown, out: Console) -> RenderableType:
    large = word(shown.status, language(), out, upper=True)
    sign, _, letters = large.plain.partition(" ")
    spaced = Text(f"  {sign}   {'   '.join(' '.join(each) for each in letters.split())}")
    bar = Table.grid(expand=True, padding=(0, 1))
    bar.add_column(ratio=1)
    bar.add_column(justify="right", no_wrap=True)
    bar.add_row(spaced, Text(printable(shown.seconds, out)))
    name = Text(printable(shown.phone, out), style="bold")
    if shown.android:
        name.append(printable(f" · {shown.android}", out), style="default")
    return Group(Padding(bar, (1, 0), style=f"bold reverse {large.style}"), Padding(name, (0, 0, 1, 2)))


def _steps(shown: Shown, out: Console) -> Iterable[RenderableType]:
    """What to do: what is said of the phone, then each thing in the way; the first of all is bold."""
    if shown.said or not shown.steps:
        yield Padding(Text(printable(shown.said or shown.to_do, out), style="bold"), (0, 0, 1, 2))
    for number, step in enumerate(shown.steps):
        yield _step(step, out, first=not number and not shown.said)


def _step(step: Step, out: Console, *, first: bool) -> RenderableType:
    row = Table.grid(padding=(0, 1))
    row.add_column(width=4, justify="right")
    row.add_column()
    mark = Text(step.mark, style=word(step.status, language(), out).style)
    row.add_row(mark, Text(printable(step.sentence, out), style="bold" if first else ""))
    if step.status == "fail" and step.remedy:
        row.add_row("", Text(printable(step.remedy, out), style="bold" if first else "dim"))
    return row


def _line(row: Row, out: Console) -> RenderableType:
    state = Text(row.word) if row.status is None else word(row.status, language(), out)
    if row.status is not None and row.word not in state.plain:  # it has a verdict, and something goes before it
        state = Text(row.word)
    line = Table.grid(padding=(0, 1), expand=True)
    line.add_column(no_wrap=True, overflow="ellipsis" if unicode_fits(out) else "crop", ratio=1)
    line.add_column(no_wrap=True, min_width=_STATE)
    line.add_column(no_wrap=True, width=_BAR + 8)
    name = Text(printable(row.phone, out))
    if row.command:
        name.append(printable(f" · {row.command}", out), style="dim")
    line.add_row(name, Text(printable(state, out), style=state.style), Text(_bar(row)))
    told = [row.said] if row.said and row.status is None else []
    told += [f"{number}. {step}" for number, step in enumerate(row.steps, 1)]
    return Group(line, *(Padding(Text(printable(each, out), style="yellow"), (0, 0, 0, 3)) for each in told))


def _bar(row: Row) -> str:
    if not row.commands:
        return ""
    full = _BAR * row.answered // row.commands
    return f"[{'#' * full}{'.' * (_BAR - full)}] {row.answered}/{row.commands}"


def _welcome(board: Board, out: Console) -> list[RenderableType]:
    if not board.welcome:
        return []
    return [Padding(Text(printable(board.welcome, out), style="bold"), (2, 0, 0, 2))]
