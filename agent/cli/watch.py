"""`posture watch`: bench mode. Plug a phone in, read its verdict from two metres, unplug it, next."""

import re
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import click
from rich.live import Live

from agent import configuration
from agent.bench import Desk, Place, Presence, State, There
from agent.cli import options
from agent.cli.asking import Asking
from agent.cli.bench_screen import Screen
from agent.cli.judging import set_up
from agent.cli.keys import Inbox, Keys
from agent.cli.language import language, t
from agent.cli.render import write
from agent.cli.terminal import console
from agent.cli.verdicts import show_phone
from agent.data_dir import DataDir
from agent.delivery import Collector, Outbox, deliver_due, keep
from agent.messages import Message, PostureError
from agent.policy.terms import Profile
from agent.report.check import open_report
from agent.scan import Judge, Judged

_ACCEPT = Message("unlock the phone, tick “Always allow from this computer” in the question on its screen, and accept")


@click.command("watch", help=t("Bench mode: wait for phones, scan each as it is plugged in, show a large verdict."))
@options.targets
@options.judging
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
    policy_path: Path | None,
    profile: Profile,
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
    bench = _Bench(judge, Outbox(state.outbox), collector, folder)
    stop = Event()
    try:
        bench.watch(state.root, wanted, stop)
    except KeyboardInterrupt:
        return 0
    finally:
        stop.set()
    return 0


class _Bench:
    """The desk, the screen and the keys. All of it is this thread's; others post to the inbox."""

    def __init__(self, judge: Judge, outbox: Outbox, collector: str | None, folder: Path) -> None:
        self._judge, self._outbox, self._collector, self._folder = judge, outbox, collector, folder
        self._inbox = Inbox()
        self._desk = Desk(judge, self._inbox.post, self._done)
        self._asking = Asking()
        self._out = console()
        self._shown: Place | None = None
        self._note = ""

    def watch(self, data: Path, wanted: options.Wanted, stop: Event) -> None:
        """Begin to look for phones and show what comes of them, for ever."""
        presence = Presence(
            data,
            tell=lambda way, phones: self._inbox.post(lambda: self._desk.seen(way, _only(wanted.serials, phones))),
            busy=self._desk.busy,
            on_ask=lambda name: self._inbox.post(lambda: self._desk.asked(name, _ACCEPT)),
            stop=stop,
        )
        cables = not (wanted.tcp or wanted.usb or wanted.adb_server)
        presence.start(tcp=wanted.tcp, usb=wanted.usb or cables, adb_server=wanted.adb_server or cables)
        if not self._out.is_terminal:
            with Keys(self._inbox) as keys:
                while True:
                    keys.wait()
                    self._inbox.work()
        while True:
            self._react(self._show())

    def _show(self) -> str:
        """Draw until a key is pressed; return it."""
        with Keys(self._inbox) as keys, Live(console=self._out, screen=True, auto_refresh=False) as live:
            while True:
                self._inbox.work()
                live.update(self._screen(), refresh=True)
                if key := keys.wait():
                    return key

    def _screen(self) -> Screen:
        places = list(self._desk.places.values())
        done = [each for each in places if each.judged is not None]
        if self._shown not in done:
            self._shown = done[-1] if done else None
            self._note = self._note if done else ""
        return Screen(places, self._shown, self._note, self._keys(len(done)))

    def _keys(self, done: int) -> str:
        if not done:
            return t("[Ctrl-C] end")
        next_one = t("[N] next phone") if done > 1 else t("next phone: connect it")
        return "  ".join((t("[V] questions"), t("[C] certificate"), t("[R] repeat"), next_one))

    def _react(self, key: str) -> None:
        actions = {"q": self._ask, "v": self._ask, "c": self._certify, "r": self._repeat, "n": self._next}
        if key in actions and self._shown is not None and self._shown.judged is not None:
            self._note = ""
            actions[key](self._shown)
        elif key == "r":
            for place in list(self._desk.places.values()):
                if place.state is State.FAILED:
                    self._desk.repeat(place.name)

    def _ask(self, place: Place) -> None:
        if place.judged is None:
            return
        self._asking.resume()
        judged = self._asking.ask(place.judged, self._judge)
        if judged is place.judged:
            self._note = t("No answer was given.")
            return
        place.judged = judged
        self._keep(judged)

    def _repeat(self, place: Place) -> None:
        self._desk.repeat(place.name)

    def _next(self, place: Place) -> None:
        done = [each for each in self._desk.places.values() if each.judged is not None]
        self._shown = done[(done.index(place) + 1) % len(done)]

    def _certify(self, place: Place) -> None:
        if place.judged is None:
            return
        report = place.judged.report
        name = re.sub(r"[^A-Za-z0-9_-]+", "_", report.device.serial)[:40]
        out = self._folder / f"posture-{name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.pdf"
        signed = self._judge.key.sign(report.to_json().encode())
        try:
            write(open_report(signed.encode(), self._judge.key.public_jwk), out)
            self._note = t("Saved: {path}", path=str(out))
        except PostureError as error:
            self._note = error.message(language())

    def _done(self, judged: Judged) -> None:
        if not self._out.is_terminal:
            show_phone(judged, language(), self._out)
        self._shown = next((each for each in self._desk.places.values() if each.judged is judged), self._shown)
        self._keep(judged)

    def _keep(self, judged: Judged) -> None:
        """Sign the report and put it into the outbox at once; the network gets it when it likes."""
        if self._collector is None:
            return
        try:
            trouble = keep(judged.report, self._judge.key, self._outbox, self._collector)
        except PostureError as error:
            trouble = error.message
        if trouble is not None:
            self._note = trouble(language())
        Thread(target=self._deliver, name="deliver", daemon=True).start()

    def _deliver(self) -> None:
        try:
            sent = deliver_due(self._outbox, language())
            trouble = sent.trouble
        except PostureError as error:
            trouble = error.message
        if trouble is not None:
            self._inbox.post(lambda: self._tell(trouble))

    def _tell(self, trouble: Message) -> None:
        self._note = t("Kept in the outbox: {why}", why=trouble(language()))


def _only(serials: tuple[str, ...], phones: There) -> There:
    return {name: present for name, present in phones.items() if name in serials} if serials else phones
