"""What the person at a bench can do with the phones there. Every view shows its state and calls these methods.

One thread does all of it; phones, views and deliveries post what they want done to the `inbox`.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Literal

from agent.bench.desk import Desk, Place
from agent.bench.inbox import Inbox
from agent.bench.presence import Presence, There
from agent.capture import OptIn
from agent.delivery import Outbox, deliver_due, keep
from agent.messages import Language, Message, PostureError
from agent.policy import ROLES, Attestation, attest, speaker
from agent.report.check import Opened, open_report
from agent.report.render import write
from agent.scan import Judge, Judged
from agent.transport.accepting import accept_steps
from agent.transport.keys import fingerprint

Sound = Literal["pass", "fail", "unclear"]
_SOUNDS: Mapping[str, Sound] = {"compliant": "pass", "non_compliant": "fail"}
_HOLDER = "holder"


@dataclass(frozen=True, slots=True)
class Ring:
    """A verdict that may be heard: `number` grows by one with each, so that a view rings once."""

    number: int
    sound: Sound


class Bench:
    """A bench at work.

    shown: the phone whose verdict stands large. held: the phone that it stays, while somebody answers its questions,
    however many others are done. note: what became of the last thing that was done. undelivered: why
    reports wait in the outbox. names: who answers here, by role; a holder's name goes with the phone.
    """

    def __init__(
        self,
        judge: Judge,
        outbox: Outbox,
        collector: str | None,
        folder: Path,
        language: Language,
        allowed: Collection[OptIn] = (),
    ) -> None:
        self.judge = judge
        self.inbox = Inbox()
        self.desk = Desk(judge, self.inbox.post, self._done, allowed)
        self.shown: Place | None = None
        self.held: str | None = None
        self.note: Message | None = None
        self.undelivered: Message | None = None
        self.names: dict[str, str] = {}
        self.ring: Ring | None = None
        self.on_done: Callable[[Judged], None] = lambda _: None
        self._outbox, self._collector, self._folder, self._language = outbox, collector, folder, language

    def watch(
        self,
        data: Path,
        stop: Event,
        *,
        tcp: Sequence[str],
        usb: bool,
        adb_server: bool,
        wifi: bool,
        serials: Collection[str],
    ) -> None:
        """Begin to look for phones, until `stop` is set. serials: only these; none given means every phone."""

        def tell(way: str, phones: There) -> None:
            wanted = {name: each for name, each in phones.items() if not serials or name in serials}
            self.inbox.post(lambda: self.desk.seen(way, wanted))

        def asked(name: str) -> None:
            steps = accept_steps(fingerprint(data))
            self.inbox.post(lambda: self.desk.asked(name, steps))

        presence = Presence(
            data,
            tell=tell,
            busy=self.desk.busy,
            on_ask=asked,
            stop=stop,
        )
        presence.start(tcp=tcp, usb=usb, adb_server=adb_server, wifi=wifi)

    def work(self) -> None:
        """Do what waits, and forget what belonged to a phone that has gone."""
        self.inbox.work()
        done = self.done
        if self.shown not in done:
            self.shown, self.held = done[-1] if done else None, None
        if not done:
            self.note = None

    @property
    def done(self) -> list[Place]:
        """The phones that have a verdict."""
        return [each for each in self.desk.places.values() if each.judged is not None]

    def show(self, name: str) -> None:
        """Show the verdict of a phone large, if it has one."""
        place = self.desk.places.get(name)
        if place is not None and place.judged is not None:
            self.shown, self.held, self.note = place, None, None

    def hold(self, name: str, *, on: bool) -> None:
        """Have the phone that is shown stay, or let the next one take its place."""
        self.held = name if on else None

    def show_next(self) -> None:
        """Show the next phone that has a verdict."""
        done = self.done
        if self.shown in done:
            self.show(done[(done.index(self.shown) + 1) % len(done)].name)

    def repeat(self, name: str) -> None:
        """Scan a phone again."""
        self.note = None
        self.desk.repeat(name)

    def answer(self, name: str, answers: Mapping[str, bool], names: Mapping[str, str]) -> None:
        """Take answers to the policy's open questions of a phone, by question. names: who answers, by role."""
        place = self.desk.places.get(name)
        if place is None or place.judged is None:
            return
        evaluation, stated = place.judged.evaluation, list[Attestation]()
        for question in evaluation.open_questions:
            if question.id not in answers:
                continue
            role = speaker(question, names)
            if role not in names:
                self.note = Message("Say who answers: {role}.", {"role": ROLES[role]})
                return
            said, now = answers[question.id], datetime.now(UTC)
            stated += attest(evaluation, question, answer=said, by=names[role], role=role, at=now)
        self.held = None
        self.names = {role: by for role, by in names.items() if role != _HOLDER}
        self.heard(place, self.judge.heard(place.judged, stated) if stated else place.judged)

    def heard(self, place: Place, judged: Judged) -> None:
        """Take a phone's verdict after its questions; the same one when none was answered."""
        if judged is place.judged:
            self.note = Message("No answer was given.")
            return
        self.note, place.judged = None, judged
        self._rings(judged)
        self._keep(judged)

    def certificate(self, name: str) -> Opened | None:
        """The signed report of a phone, to be rendered; None when the phone has none (any longer)."""
        place = self.desk.places.get(name)
        if place is None or place.judged is None:
            return None
        signed = self.judge.key.sign(place.judged.report.to_json().encode())
        return open_report(signed.encode(), self.judge.key.public_jwk)

    def save(self, name: str, language: Language) -> None:
        """Save the hand-over certificate, or the report, as PDF."""
        opened = self.certificate(name)
        if opened is None:
            return
        serial = re.sub(r"[^A-Za-z0-9_-]+", "_", opened.report.device.serial)[:40]
        out = self._folder / f"posture-{serial}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.pdf"
        try:
            write(opened, out, language)
            self.note = Message("Saved: {path}", {"path": str(out)})
        except PostureError as error:
            self.note = error.message

    def _done(self, judged: Judged) -> None:
        if self.held is None:
            self.shown = next((each for each in self.desk.places.values() if each.judged is judged), self.shown)
            self.note = None
        self._rings(judged)
        self.on_done(judged)
        self._keep(judged)

    def _rings(self, judged: Judged) -> None:
        number = 1 if self.ring is None else self.ring.number + 1
        self.ring = Ring(number, _SOUNDS.get(judged.report.verdict, "unclear"))

    def _keep(self, judged: Judged) -> None:
        """Sign the report and put it into the outbox at once; the network gets it when it likes."""
        if self._collector is None:
            return
        try:
            trouble = keep(judged.report, self.judge.key, self._outbox, self._collector)
        except PostureError as error:
            trouble = error.message
        self.undelivered = trouble
        Thread(target=self._deliver, name="deliver", daemon=True).start()

    def _deliver(self) -> None:
        try:
            trouble = deliver_due(self._outbox, self._language).trouble
        except PostureError as error:
            trouble = error.message
        said = None if trouble is None else Message("Kept in the outbox: {why}", {"why": trouble})
        self.inbox.post(lambda: self._tell(said))

    def _tell(self, said: Message | None) -> None:
        self.undelivered = said
