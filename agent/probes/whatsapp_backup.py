"""WhatsApp's newest complete local backup: when, how large, where, and who holds its key.

Each account is judged by itself: one WhatsApp of one user, and each further account in it
(`WhatsApp/accounts/NNNN`). The one whose newest backup is oldest decides when and where, and one without any
backup decides before all others; the key is the users' own only where every account's newest backup says so. The
old and the new place of the folder, and copies on an SD card, are places of the same account. Account 1000 is the
first one, which lived in `WhatsApp/Databases` before there were two.

What is a complete backup stands in `backup_copies`, how the key's holder is read in `backup_header`, what WhatsApp's
screen adds to that in `whatsapp_screen`. Times are the phone's own, read in the same breath as its clock.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from agent.capture import Capture, Unanswered
from agent.facts import Evidence, Fact, instant, known, not_applicable, unknown
from agent.messages import Message
from agent.probes import (
    ProbeError,
    backup_copies,
    backup_header,
    whatsapp_package,
    whatsapp_screen,
    whatsapp_storage,
)
from agent.probes.backup_copies import Copy, Refused
from agent.probes.proof import proved
from agent.probes.whatsapp_storage import Access, Folder, Listing, StoredFile, Volume

COMMANDS = (whatsapp_storage.COMMAND, whatsapp_screen.COMMAND, *whatsapp_package.COMMANDS)
FACTS = (
    "whatsapp.backup.latest_at",
    "whatsapp.backup.size_bytes",
    "whatsapp.backup.path",
    "whatsapp.backup.end_to_end_encrypted",
    "whatsapp.backup.count",
)
PROOF = {name: (proved(limit="a backup's content is never read, so damage inside it is not seen"),) for name in FACTS}
_LATEST, _SIZE, _PATH, _ENCRYPTED, _COUNT = FACTS
_SOURCE = whatsapp_storage.COMMAND.key
_FIRST_ACCOUNT = 1000

NOT_INSTALLED = Message("WhatsApp is not installed")
NO_BACKUP = Message("{account} has no local backup; make one in WhatsApp › ⋮ › Settings › Chats › Chat backup")
LOCKED = Message("the storage of user {user} is still locked; unlock the phone once and scan again")
UNREADABLE = Message("{place} may not be read from outside; look at WhatsApp's chat backup screen on the phone")
NOT_EVERY_CARD = Message("not every SD card could be looked at, so a backup may be there; scan again")
TOO_MANY = Message("{place} holds more files than are read; look at WhatsApp's chat backup screen on the phone")
DOUBTFUL = Message("the newest file {path} may be no backup: {why}; make a new backup in WhatsApp and scan again")
NO_HEADER = Message("the header of {path} could not be read; scan again")
WHOSE_KEY = Message("who holds the key of {path} is not known: {why}")


class Account(NamedTuple):
    """One account of one WhatsApp. `number` is 0 for the only or first one."""

    user: int
    package: str
    number: int

    @property
    def label(self) -> str:
        """How evidence names it."""
        return f"{self.package}, user {self.user}" + (f", account {self.number}" if self.number else "")


@dataclass(frozen=True, slots=True)
class Backups:
    """What one account has: its copies and refused files, oldest first, and what stands in the way of knowing."""

    account: Account
    copies: tuple[Copy, ...]
    refused: tuple[Refused, ...]
    places: tuple[Evidence, ...]
    unsure: Message | None

    @property
    def newest(self) -> Copy | None:
        """The copy that counts."""
        return self.copies[-1] if self.copies else None


def probe(capture: Capture) -> Iterator[Fact]:
    """Judge every account and report the worst one; hold its encryption against the screen, where that was read."""
    try:
        for fact in _by_files(capture):
            yield whatsapp_screen.confirmed(capture, fact) if fact.name == _ENCRYPTED else fact
    except Unanswered as error:
        for name in FACTS:
            fact = unknown(name, error.message)
            yield whatsapp_screen.confirmed(capture, fact) if name == _ENCRYPTED else fact


def _by_files(capture: Capture) -> Iterator[Fact]:
    installed, why = _installed(capture)
    if installed == frozenset():
        evidence = whatsapp_package.absence(capture)
        yield from (not_applicable(name, NOT_INSTALLED, *evidence) for name in FACTS)
        return
    listing = whatsapp_storage.read(capture)
    accounts = list(_accounts(listing, installed))
    # Without the list of apps, one of several folders may be what an app left behind that is long gone.
    if not accounts or (why is not None and (len(accounts) > 1 or not accounts[0].copies)):
        raise Unanswered(why or UNREADABLE)
    unsure = [backups for backups in accounts if backups.unsure]
    if unsure:
        known_ones = tuple(_summary(backups) for backups in accounts if not backups.unsure)
        evidence = tuple(each for backups in unsure for each in backups.places)[:5] + known_ones[:5]
        reason = unsure[0].unsure or UNREADABLE
        yield from (unknown(name, reason, *evidence) for name in FACTS)
        return
    worst = min(accounts, key=lambda backups: backups.newest.file.modified_s if backups.newest else -1)
    yield from _facts(worst, accounts, listing)


def _installed(capture: Capture) -> tuple[frozenset[tuple[str, int]] | None, Message | None]:
    """(package, user) of each WhatsApp, or None and why that is not known."""
    try:
        return whatsapp_package.official(capture), None
    except Unanswered as error:
        return None, error.message


def _facts(worst: Backups, accounts: Sequence[Backups], listing: Listing) -> Iterator[Fact]:
    clock = Evidence.of(_SOURCE, f"now {instant(_utc(listing.now_s))}")
    others = tuple(_summary(each) for each in accounts if each is not worst)[:5]
    refused = tuple(
        Evidence.of(_SOURCE, f"{_line(each.file)}: {each.why}")
        for each in reversed(worst.refused)
        if worst.newest is None or each.file.modified_s >= worst.newest.file.modified_s
    )[:5]
    newest = worst.newest
    if newest is None:
        yield known(_COUNT, 0, *worst.places, *refused, clock, *others)
        reason = Message(NO_BACKUP.sentence, {"account": worst.account.label})
        yield from (not_applicable(name, reason, *worst.places, *refused) for name in (_LATEST, _SIZE, _PATH))
        encrypted = _every_key(accounts)
        absent = not_applicable(_ENCRYPTED, reason, *worst.places, *refused)
        yield encrypted if encrypted is not None and encrypted.value is False else absent
        return
    lines = tuple(Evidence.of(_SOURCE, _line(file)) for file in newest.files)
    evidence = (*lines, clock, *refused, *others)
    yield known(_LATEST, instant(_utc(newest.file.modified_s)), *evidence)
    yield known(_SIZE, newest.file.size_bytes, *lines)
    yield known(_PATH, newest.file.path, *lines)
    yield known(_COUNT, len(worst.copies), *(Evidence.of(_SOURCE, _line(copy.file)) for copy in worst.copies[-10:]))
    yield _every_key(accounts) or _encrypted(newest)


def _every_key(accounts: Sequence[Backups]) -> Fact | None:
    """Whether all newest backups are the users' own to open: one that is not gives its chats away, however new."""
    each = [_encrypted(backups.newest) for backups in accounts if backups.newest is not None]
    doubtful = [fact for fact in each if fact.value is False] or [fact for fact in each if fact.value is None]
    if doubtful or not each:
        return next(iter(doubtful), None)
    return known(_ENCRYPTED, True, *(line for fact in each for line in fact.evidence))  # noqa: FBT003 - a fact's value


def _encrypted(newest: Copy) -> Fact:
    evidence, answers = [], []
    for file in newest.files:
        if file.skeleton is None:
            return unknown(_ENCRYPTED, Message(NO_HEADER.sentence, {"path": file.path}))
        evidence.append(Evidence.of(_SOURCE, f"{file.name}: header {file.skeleton}"))
        try:
            answer = backup_header.end_to_end(file.skeleton, file.name)
        except ProbeError as error:
            reason = Message(WHOSE_KEY.sentence, {"path": file.path, "why": error.message})
            return unknown(_ENCRYPTED, reason, *evidence)
        if backup_header.contradicts(file.name, end_to_end=answer):
            evidence.append(Evidence.of(_SOURCE, f"{file.name}: the name says otherwise; the header decides"))
        answers.append(answer)
    return known(_ENCRYPTED, all(answers), *evidence)


def _accounts(listing: Listing, installed: frozenset[tuple[str, int]] | None) -> Iterator[Backups]:
    volumes = {volume.user: volume for volume in listing.volumes if volume.user is not None}
    places: dict[Account, list[Folder]] = defaultdict(list)
    if installed is not None:
        places.update({Account(user, package, 0): [] for package, user in installed})
    for volume in listing.volumes:
        for folder in volume.folders:
            user = volume.user if volume.user is not None else 0  # a card's copies are the owner's
            named = installed is None and folder.access is not Access.ABSENT
            if named or (installed is not None and (folder.package, user) in installed):
                places[Account(user, folder.package, folder.account)].append(folder)
    for account in sorted(_merged(places)):
        yield _backups(account, places[account], volumes.get(account.user), listing)
    if installed is None:
        yield from _unseen(volumes, listing)


def _merged(places: dict[Account, list[Folder]]) -> dict[Account, list[Folder]]:
    """Put what lies in the first account's old place to its new one."""
    for account in list(places):
        first = account._replace(number=_FIRST_ACCOUNT)
        if account.number == 0 and first in places:
            places[first] += places.pop(account)
    return places


def _unseen(volumes: dict[int, Volume], listing: Listing) -> Iterator[Backups]:
    """Users whose apps and storage are both unknown: somebody may have a WhatsApp there."""
    for user, volume in volumes.items():
        if not volume.proves_absence:
            account = Account(user, "com.whatsapp", 0)
            yield _backups(account, [], volume, listing)


def _backups(account: Account, folders: list[Folder], volume: Volume | None, listing: Listing) -> Backups:
    judged = [each for folder in folders for each in backup_copies.judge(folder, listing.now_s)]
    judged.sort(key=lambda each: each.file.modified_s)
    copies = tuple(each for each in judged if isinstance(each, Copy))
    places = tuple(Evidence.of(_SOURCE, f"{folder.path}: {folder.access}") for folder in folders)[:20]
    return Backups(
        account=account,
        copies=copies,
        refused=tuple(each for each in judged if isinstance(each, Refused)),
        places=places or ((volume.evidence,) if volume else ()),
        unsure=_unsure(account, folders, volume, copies, listing),
    )


def _unsure(
    account: Account, folders: list[Folder], volume: Volume | None, copies: Sequence[Copy], listing: Listing
) -> Message | None:
    # A copy on an SD card says nothing of the storage that is locked: the newer one is there.
    at_home = [copy for copy in copies if volume is not None and f"/{volume.name}/" in copy.file.path]
    if volume is None or volume.unlocked is False or (volume.access is Access.EMPTY and not at_home):
        return Message(LOCKED.sentence, {"user": account.user})
    if volume.access in (Access.UNREADABLE, Access.ABSENT):
        return Message(UNREADABLE.sentence, {"place": f"/storage/{volume.name}"})
    for folder in folders:
        if folder.access is Access.UNREADABLE or folder.unlisted:
            sentence = (TOO_MANY if folder.unlisted else UNREADABLE).sentence
            return Message(sentence, {"place": folder.path})
    if not copies:
        return None if listing.cards_listed else NOT_EVERY_CARD
    return _doubt(copies[-1].file)


def _doubt(newest: StoredFile) -> Message | None:
    if newest.skeleton is None:
        return None
    try:
        backup_header.end_to_end(newest.skeleton, newest.name)
    except ProbeError as error:
        if error.message is backup_header.NOT_A_HEADER:
            return Message(DOUBTFUL.sentence, {"path": newest.path, "why": error.message})
    return None


def _summary(backups: Backups) -> Evidence:
    newest = backups.newest
    return Evidence.of(_SOURCE, f"{backups.account.label}: {_line(newest.file) if newest else 'no complete backup'}")


def _line(file: StoredFile) -> str:
    return f"{instant(_utc(file.modified_s))} {file.size_bytes} {file.path}"


def _utc(seconds: int) -> datetime:
    # A file's time is a stranger's number: years beyond 9999 are shown as the last second that there is.
    return datetime.fromtimestamp(min(max(seconds, 0), 253_402_300_799), UTC)
