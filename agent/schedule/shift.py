"""One night's work: who is due, a scan of them all as `posture scan` does it, and when to come back."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from agent.capture import quoted
from agent.data_dir import DataDir
from agent.delivery import Outbox, deliver_due, keep
from agent.facts import instant
from agent.messages import Language, Message, PostureError
from agent.scan import Judge, Judged, scan_all
from agent.schedule.journal import Attempt, Journal, in_every_language
from agent.schedule.places import Place, look_for
from agent.schedule.plan import Phone, Plan, Retry, Window
from agent.schedule.windows import Night

Tell = Callable[[Message], None]
_KEPT = timedelta(days=400)
_NEVER = datetime.max.replace(tzinfo=UTC)
_WORDS = {
    "compliant": Message("Meets"),
    "non_compliant": Message("Fails"),
    "inconclusive": Message("Not proved"),
}


@dataclass(frozen=True, slots=True)
class Shift:
    """Everything that a night's work needs.

    judge: makes the judge, anew for each round, so that a policy or indicators changed by day hold at night.
    collector: where the reports go. tell: is given each event, for the service's log. language: the workstation's.
    """

    plan: Plan
    data: DataDir
    judge: Callable[[], Judge]
    collector: str
    tell: Tell
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    language: Language = "en"

    @property
    def journal(self) -> Journal:
        """What happened so far."""
        return Journal(self.data.schedule)

    def work(self, window: Window, night: Night, *, insist: bool = False) -> datetime | None:
        """Scan once what is due of a night's phones; return when to come back this night, None when nothing is left.

        insist: scan all that is left, also what failed a moment ago.
        Errors: JournalError.
        """
        phones = self.plan.phones_of(window)
        self.journal.forget_before(night.opens_at - _KEPT)
        self.journal.expect(night, [(phone.key, phone.name) for phone in phones])
        attempts = self.journal.attempts(night)
        by = _NEVER - timedelta(days=1) if insist else self.now()
        due = [phone for phone in phones if self._due_at(attempts.get(phone.key, ())) <= by]
        if due or self.plan.unlisted == "scan":
            listed = {phone.key for phone in self.plan.phones}
            resting = {key for key, tries in attempts.items() if key not in listed and self._due_at(tries) > by}
            _Round(self, night, phones, attempts).scan(due, resting)
            self.deliver()
        return self._come_back(night, phones)

    def deliver(self) -> None:
        """Post what waits in the outbox and is due."""
        result = deliver_due(Outbox(self.data.outbox), self.language)
        if result.sent:
            self.tell(Message("Delivered to the collector: {count}.", {"count": result.sent}))
        if result.trouble is not None:
            self.tell(Message("Kept in the outbox: {count}; {why}.", {"count": result.kept, "why": result.trouble}))

    def _due_at(self, attempts: Sequence[Attempt]) -> datetime:
        """When a phone is to be tried: at once, later after each failure, and never again once it was scanned."""
        if not attempts:
            return datetime.min.replace(tzinfo=UTC)
        if any(attempt.outcome == "scanned" for attempt in attempts):
            return _NEVER
        return datetime.fromisoformat(attempts[-1].ended_at) + back_off(self.plan.retry, len(attempts))

    def _come_back(self, night: Night, phones: Sequence[Phone]) -> datetime | None:
        attempts = self.journal.attempts(night)
        next_at = min((self._due_at(attempts.get(phone.key, ())) for phone in phones), default=night.closes_at)
        if self.plan.unlisted == "scan":  # somebody may plug in another phone
            next_at = min(next_at, self.now() + timedelta(seconds=self.plan.retry.longest.in_seconds))
        return next_at if next_at < night.closes_at else None


def back_off(retry: Retry, failures: int) -> timedelta:
    """How long a phone is left alone after so many failures."""
    return timedelta(seconds=min(retry.first.in_seconds * 2 ** min(failures - 1, 20), retry.longest.in_seconds))


class _Round:
    """One scan of all that is due, and what the journal is told of each phone."""

    def __init__(
        self, shift: Shift, night: Night, phones: Sequence[Phone], attempts: Mapping[str, Sequence[Attempt]]
    ) -> None:
        self._shift = shift
        self._night = night
        self._phones = phones
        self._done = {phone for phone, tries in attempts.items() if any(each.outcome == "scanned" for each in tries)}
        self._taken = {
            each.place for tries in attempts.values() for each in tries if each.outcome == "scanned" and each.place
        }
        self._why: dict[str, Message] = {}
        self._elsewhere: list[Message] = []  # the troubles of addresses at which any phone may be
        self._noted: set[str] = set()

    def scan(self, due: Sequence[Phone], resting: Collection[str]) -> None:
        """Look at every place; each phone that is due has one attempt more in the end.

        resting: connected phones that the plan does not list, and that are not due.
        """
        shift = self._shift
        try:
            judge = shift.judge()
        except PostureError as error:  # a policy that somebody broke by day
            self._why.update({phone.key: error.message for phone in due})
        else:
            found = look_for(due, shift.plan, shift.journal.seen(), self._taken.union(resting), shift.data.root)
            self._why.update(found.nowhere)
            self._look(found.places, judge)
        for phone in due:
            if phone.key not in self._noted:
                self._failed(phone.key)

    def _look(self, places: Sequence[Place], judge: Judge) -> None:
        by_serial = {place.found.serial: place for place in places}
        phones = [place.found for place in places]
        for phone, outcome in scan_all(phones, judge, lambda *_: None, at_once=self._shift.plan.side_by_side):
            place = by_serial[phone.serial]
            if isinstance(outcome, Judged):
                self._judged(place, outcome, judge)
                continue
            self._why.update(dict.fromkeys(place.surely, outcome.reason))
            if not place.surely and place.unlisted:
                key = quoted(phone.serial)  # what a cable tells, a stranger may have written
                self._why[key] = outcome.reason
                self._failed(key)
            elif not place.surely:
                self._elsewhere.append(outcome.reason)

    def _judged(self, place: Place, judged: Judged, judge: Judge) -> None:
        key = self._whose(place, judged)
        if key is None:
            stranger = Message(
                "at {place} stood another phone, with the serial number {serial}",
                {"place": quoted(place.found.serial), "serial": judged.report.device.serial},
            )
            self._why.update(dict.fromkeys(place.surely, stranger))
            return
        if key in self._done:  # on a cable and at an address, too
            return
        shift, report = self._shift, judged.report
        try:
            trouble = keep(report, judge.key, Outbox(shift.data.outbox), shift.collector)
        except PostureError as error:
            self._why[key] = error.message
            return
        if trouble is not None:
            shift.tell(trouble)
        if judged.broken is None:
            self._done.add(key)
        self._note(
            Attempt(
                phone=key,
                ended_at=instant(shift.now()),
                outcome="scanned" if judged.broken is None else "partly",
                place=place.found.serial,
                verdict=report.verdict,
                report_id=report.report_id,
                reasons=None if judged.broken is None else in_every_language(judged.broken),
            )
        )
        shift.tell(Message("{phone}: {verdict}", {"phone": key, "verdict": _WORDS[report.verdict]}))

    def _whose(self, place: Place, judged: Judged) -> str | None:
        """Whose report it is: by the phone's own number, else by its address where the plan knows no number.

        A cable names its phone, too; what is announced on Wi-Fi, another phone may announce.
        """
        serials = {judged.report.device.serial}
        if place.found.way != "wifi":
            serials.add(place.found.serial)
        for phone in self._phones:
            if phone.serial in serials or (phone.serial is None and phone.address == place.found.serial):
                return phone.key
        return judged.report.device.serial if self._shift.plan.unlisted == "scan" else None

    def _failed(self, key: str) -> None:
        reason = self._why.get(key) or _not_found(key, self._elsewhere)
        self._note(Attempt(key, instant(self._shift.now()), "failed", reasons=in_every_language(reason)))
        self._shift.tell(Message("{phone}: not scanned; {why}", {"phone": key, "why": reason}))

    def _note(self, attempt: Attempt) -> None:
        self._noted.add(attempt.phone)
        self._shift.journal.note(self._night, attempt)


def _not_found(key: str, elsewhere: Sequence[Message]) -> Message:
    """Nobody knows which phone it is that does not answer at an address: its trouble may be this phone's."""
    if not elsewhere:
        return Message("{phone} was found at none of the addresses where it may be", {"phone": key})
    return Message(
        "{phone} was found at none of the addresses where it may be; of one of them is known: {why}",
        {"phone": key, "why": elsewhere[0]},
    )
