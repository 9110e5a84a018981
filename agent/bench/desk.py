"""The phones on the bench, each with its state, and what becomes of them. Only one thread changes them."""

from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from threading import Thread

from agent import probes
from agent.bench.presence import Present, There
from agent.capture import OptIn
from agent.capture.live import capture_phone
from agent.messages import Message, PostureError
from agent.probes import properties
from agent.scan import Judge, Judged

_WAYS = ("adb-server", "usb")  # what both see, the server alone can use; then by address
_ASKS = Message("the phone asks whether it may trust this computer")
_LOCKED = Message("it has been locked since it started: unlock it once with its code, and repeat")
_LOST = Message("it went away before it had said all; connect it again")


class State(StrEnum):
    """Where a phone stands."""

    CONNECTING = "connecting"
    WAITING = "waiting"  # for the person at the phone
    SCANNING = "scanning"
    DONE = "done"
    LOCKED = "locked"  # read, as far as a phone lets itself be read that nobody unlocked since it started
    FAILED = "failed"
    LOST = "lost"  # in the middle; it is scanned again when it comes back


@dataclass(slots=True)
class Place:
    """One phone on the bench. `said` tells the person what to do, `steps` how; `judged` is gone when the phone is."""

    name: str
    present: Present | None
    state: State = State.CONNECTING
    answered: int = 0
    commands: int = 0
    command: str = ""  # answered last
    said: Message | None = None
    steps: tuple[Message, ...] = ()
    judged: Judged | None = None
    round: int = 0  # what an earlier scan still says is not listened to
    retried: bool = False  # a scan broke off, and none was whole since


Post = Callable[[Callable[[], None]], None]
"""Has something done by the desk's own thread."""


class Desk:
    """All phones that are there. Every method but `busy` is for the desk's thread; scans `post` what they have to say.

    done: called for each phone that was wholly scanned, with its report. allowed: what else than shell's own commands
    may be asked of a phone.
    """

    def __init__(
        self, judge: Judge, post: Post, done: Callable[[Judged], None], allowed: Collection[OptIn] = ()
    ) -> None:
        self.places: dict[str, Place] = {}
        self._commands = probes.commands(allowed)
        self._judge = judge
        self._post = post
        self._done = done
        self._there: dict[str, There] = {}

    def busy(self, name: str) -> bool:
        """Whether a phone is being talked to; any thread may ask."""
        place = self.places.get(name)
        return place is not None and place.state in (State.CONNECTING, State.WAITING, State.SCANNING)

    def seen(self, way: str, phones: There) -> None:
        """Take in who is there by one way: begin with whoever is new, forget whoever has gone."""
        self._there[way] = phones
        there: dict[str, Present] = {}
        for each in (*_WAYS, *(way for way in self._there if way not in _WAYS)):
            for name, present in self._there.get(each, {}).items():
                there.setdefault(name, present)
        for name, place in list(self.places.items()):
            if name not in there:
                self._gone(place)
        for name, present in there.items():
            self._came(name, present)

    def repeat(self, name: str) -> None:
        """Scan a phone again."""
        place = self.places.get(name)
        if place is not None and place.present is not None and not self.busy(name):
            self._begin(place)

    def _came(self, name: str, present: Present) -> None:
        place = self.places.setdefault(name, Place(name, None))
        was, place.present = place.present, present
        if present.trouble is not None:
            place.state, place.said, place.steps, place.judged = State.WAITING, present.trouble, present.steps, None
        elif was is None or was.trouble is not None:
            self._begin(place)

    def _gone(self, place: Place) -> None:
        if place.state in (State.SCANNING, State.LOST):
            return  # a scan tells by itself how it ended
        if place.retried:
            self._lose(place)
            return
        place.round += 1
        del self.places[place.name]

    def _lose(self, place: Place) -> None:
        place.state, place.present, place.judged, place.said = State.LOST, None, None, _LOST

    def _begin(self, place: Place) -> None:
        place.round += 1
        place.state, place.answered, place.said, place.steps, place.judged = State.CONNECTING, 0, None, (), None
        Thread(target=self._scan, args=(place, place.round), name=f"scan-{place.name}", daemon=True).start()

    def asked(self, name: str, steps: tuple[Message, ...]) -> None:
        """A phone asks the person to accept this computer."""
        if (place := self.places.get(name)) is not None and place.state is State.CONNECTING:
            place.state, place.said, place.steps = State.WAITING, _ASKS, steps

    def _scan(self, place: Place, number: int) -> None:
        present = place.present
        if present is None:
            return

        def told(change: Callable[[], None]) -> None:
            self._post(lambda: change() if place.round == number else None)

        def answered(done: int, total: int, command: str = "") -> None:
            place.state, place.said, place.steps = State.SCANNING, None, ()
            place.answered, place.commands, place.command = done, total, command

        try:
            with closing(present.found.open()) as transport:
                told(lambda: answered(0, 1))
                capture = capture_phone(
                    transport,
                    self._commands,
                    on_answer=lambda each, done, total: told(lambda: answered(done, total, each.key)),
                )
            judged = self._judge.judge(capture)
        except PostureError as error:
            reason = error.message
            told(lambda: self._failed(place, reason))
        except Exception as error:
            mistake = error  # our own: the desk's thread ends with it, and no phone waits for ever
            self._post(lambda: _raise(mistake))
        else:
            locked = properties.locked_since_start(capture)
            told(lambda: self._finished(place, judged, locked=locked))

    def _failed(self, place: Place, reason: Message) -> None:
        if place.state is State.SCANNING and self._again(place):
            return
        place.state, place.said, place.steps = State.FAILED, reason, ()

    def _finished(self, place: Place, judged: Judged, *, locked: bool) -> None:
        if judged.broken is not None and self._again(place):
            return
        place.state, place.said = State.DONE, judged.broken
        if locked and judged.broken is None:
            place.state, place.said = State.LOCKED, _LOCKED
        place.judged = judged
        place.retried = judged.broken is not None
        self._done(judged)

    def _again(self, place: Place) -> bool:
        """After a scan that broke off: wait for a phone that has gone, or try once more."""
        if not self._is_there(place.name):
            self._lose(place)
            return True
        if place.retried:
            return False
        place.retried = True
        self._begin(place)
        return True

    def _is_there(self, name: str) -> bool:
        return any(name in phones for phones in self._there.values())


def _raise(error: Exception) -> None:
    raise error
