"""Progress while phones are scanned: a bar each on a terminal, nothing elsewhere."""

from collections.abc import Mapping
from types import TracebackType

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from agent.cli.terminal import console, printable


class Bars:
    """One bar for each phone, on stderr; thread-safe. `names`: what to call a phone instead of its address."""

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        self._names = names or {}
        self._console = console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def progress(self, name: str, done: int, total: int) -> None:
        """Show that a phone has answered `done` of `total` commands."""
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(
                printable(self._names.get(name, name), self._console), total=total
            )
        self._progress.update(self._tasks[name], completed=done, total=total)

    def done(self, name: str) -> None:
        """Take a phone's bar away."""
        if name in self._tasks:
            self._progress.remove_task(self._tasks.pop(name))
