"""`posture watch`: bench mode. Plug a phone in, read its verdict from two metres, unplug it, next."""

from contextlib import ExitStack
from pathlib import Path
from threading import Event

import click
from rich.live import Live

from agent import configuration
from agent.bench import Bench, Place, State, board
from agent.capture import OptIn
from agent.cli import options
from agent.cli.asking import Asking
from agent.cli.bells import ring
from agent.cli.bench_screen import Screen
from agent.cli.judging import set_up
from agent.cli.keys import Keys
from agent.cli.language import language, t
from agent.cli.terminal import console
from agent.cli.verdicts import show_phone
from agent.data_dir import DataDir
from agent.delivery import Collector, Outbox
from agent.policy.terms import Profile
from agent.scan import Judged


@click.command("watch", help=t("Bench mode: wait for phones, scan each as it is plugged in, show a large verdict."))
@options.targets
@options.opt_ins
@options.judging
@click.option("--web", is_flag=True, help=t("Show it on a page in this computer's browser; prints the address."))
@click.option("--sound", is_flag=True, help=t("Ring at each verdict: once Meets, twice Not proved, three times Fails."))
@click.option("--collector", "url", metavar="URL", help=t("Send to this collector; else to the one enrolled with."))
@click.option("--no-post", is_flag=True, help=t("Keep and send nothing."))
@click.option(
    "--save-in", "folder", type=click.Path(path_type=Path, file_okay=False, exists=True), default=".",
    metavar="DIR", help=t("Where certificates are saved; the working folder otherwise."),
)  # fmt: skip
@options.data
@options.lang
def command(
    *,
    wanted: options.Wanted,
    allowed: frozenset[OptIn],
    policy_path: Path | None,
    profile: Profile,
    web: bool,
    sound: bool,
    url: str | None,
    no_post: bool,
    folder: Path,
    data: Path | None,
) -> int:
    """Run until Ctrl-C, which is how it ends well."""
    state = DataDir.find(data)
    judge = set_up(state, policy_path, profile, language())
    collector = None if no_post else url or configuration.collector(state)
    if collector:
        Collector(collector)  # a wrong address is said before any phone is asked
    bench = Bench(judge, Outbox(state.outbox), collector, folder, language(), allowed)
    stop = Event()
    cables = not (wanted.tcp or wanted.usb or wanted.adb_server)
    try:
        bench.watch(
            state.root,
            stop,
            tcp=wanted.tcp,
            usb=wanted.usb or cables,
            adb_server=wanted.adb_server or cables,
            wifi=cables,
            serials=wanted.serials,
        )
        if web:
            _on_a_page(bench, sound=sound)
        elif console().is_terminal and not console().is_dumb_terminal:  # such a one cannot draw over what it shows
            _OnScreen(bench, sound=sound).run()
        else:
            _in_lines(bench)
    except KeyboardInterrupt:
        return 0
    finally:
        stop.set()
    return 0


def _on_a_page(bench: Bench, *, sound: bool) -> None:
    """Serve the page, for ever; nothing but its address stands in the terminal."""
    from agent.bench.web import Pages  # noqa: PLC0415 - the terminal needs no server

    with Pages(bench, language(), sound=sound) as pages, Keys(bench.inbox) as keys:
        click.echo(t("The bench is at {address}", address=pages.address))
        click.echo(t("Open it in this computer's browser. Ctrl-C ends it."))
        while True:
            pages.publish()
            keys.wait()
            bench.work()


def _in_lines(bench: Bench) -> None:
    """Without a terminal: each verdict in full, one after the other, for ever."""
    out = console()

    def show(judged: Judged) -> None:
        show_phone(judged, language(), out)

    bench.on_done = show
    with Keys(bench.inbox) as keys:
        while True:
            keys.wait()
            bench.work()


class _OnScreen:
    """The bench on the whole screen of a terminal, and its keys."""

    def __init__(self, bench: Bench, *, sound: bool) -> None:
        self._bench, self._sound = bench, sound
        self._asking = Asking()
        self._out = console()
        self._rang = 0

    def run(self) -> None:
        """Show it and do what each key says, for ever."""
        while True:
            self._react(self._show())

    def _show(self) -> str:
        """Draw until a key is pressed; return it."""
        with ExitStack() as stack:
            keys = stack.enter_context(Keys(self._bench.inbox))
            live = stack.enter_context(Live(console=self._out, screen=True, auto_refresh=False))
            while True:
                self._bench.work()
                shown = board(self._bench, language())
                live.update(Screen(shown, self._keys()), refresh=True)
                if self._sound and shown.ring is not None and shown.ring.number > self._rang:
                    self._rang = shown.ring.number
                    ring(self._out, shown.ring.sound)
                if key := keys.wait():
                    return key

    def _keys(self) -> str:
        done = len(self._bench.done)
        if not done:
            return t("[Ctrl-C] end")
        next_one = t("[N] next phone") if done > 1 else t("next phone: connect it")
        return "  ".join((t("[V] questions"), t("[C] certificate"), t("[R] repeat"), next_one))

    def _react(self, key: str) -> None:
        bench, shown = self._bench, self._bench.shown
        if shown is not None and shown.judged is not None:
            actions = {
                "q": lambda: self._ask(shown),
                "v": lambda: self._ask(shown),
                "c": lambda: bench.save(shown.name, language()),
                "r": lambda: bench.repeat(shown.name),
                "n": bench.show_next,
            }
            actions.get(key, lambda: None)()
        elif key == "r":
            for place in list(bench.desk.places.values()):
                if place.state is State.FAILED:
                    bench.repeat(place.name)

    def _ask(self, place: Place) -> None:
        if place.judged is not None:
            self._asking.resume()
            self._bench.heard(place, self._asking.ask(place.judged, self._bench.judge))
