"""Whose policies this workstation takes: pinned publishers' keys, and the newest edition seen of each policy.

With no key pinned nothing is refused. With one, a policy is taken only signed by a pinned key, and never an edition
older than one that was taken before. The policy that comes with the agent needs no signature, but may be older too.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from pydantic import Field, ValidationError

from agent.capture import quoted
from agent.messages import Message, PostureError, because
from agent.policy.bundle import Release, release
from agent.policy.document import Date, Part, Word
from agent.policy.files import Files
from agent.policy.source import PolicyError
from agent.whole_file import write_whole


class _Taken(Part):
    """The newest edition of a policy that was taken."""

    version: Word
    date: Date
    sha256: Word


class _State(Part):
    publishers: dict[str, dict[str, str]] = Field(default_factory=dict)
    taken: dict[str, _Taken] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trust:
    """The file in the agent's data folder that remembers it."""

    path: Path

    @property
    def publishers(self) -> tuple[str, ...]:
        """The ids of the pinned keys."""
        return tuple(self._state().publishers)

    def pin(self, public_jwk: Mapping[str, Any]) -> str:
        """Trust a publisher from now on, and return the key's id. Raises PostureError for what is no Ed25519 key."""
        try:
            key = OKPKey.import_key({name: str(public_jwk.get(name)) for name in ("kty", "crv", "x")})
            if key.curve_name != "Ed25519":
                raise ValueError(key.curve_name)
        except (ValueError, TypeError, KeyError, JoseError) as error:
            raise PostureError(Message("this is no publisher's public key (JWK, Ed25519)"), permanent=True) from error
        state = self._state()
        jwk = {name: str(value) for name, value in key.as_dict(private=False).items() if name in ("kty", "crv", "x")}
        self._write(state.model_copy(update={"publishers": {**state.publishers, key.thumbprint(): jwk}}))
        return key.thumbprint()

    def unpin(self, key_id: str) -> None:
        """Trust a publisher no longer. Raises PostureError where it is not trusted anyway."""
        state = self._state()
        if key_id not in state.publishers:
            raise PostureError(Message("no key {id} is trusted here", {"id": quoted(key_id)}), permanent=True)
        kept = {name: jwk for name, jwk in state.publishers.items() if name != key_id}
        self._write(state.model_copy(update={"publishers": kept}))

    def check(self, files: Files, name: str) -> None:
        """Raise PolicyError where this policy is refused; `name` is what the person calls it."""
        state = self._state()
        if state.publishers and (refusal := _refusal(files, release(files), state, name)):
            raise PolicyError(refusal)

    def accept(self, files: Files, name: str) -> None:
        """Take a policy, and remember its edition where it is signed. Raises PolicyError where it is refused."""
        self.check(files, name)
        state, edition = self._state(), release(files)
        if not state.publishers:
            return
        taken = _Taken(version=edition.version, date=edition.date, sha256=files.sha256)
        if files.publisher is not None and state.taken.get(edition.id) != taken:
            self._write(state.model_copy(update={"taken": {**state.taken, edition.id: taken}}))

    def _state(self) -> _State:
        try:
            return _State.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return _State()
        except (OSError, ValidationError) as error:
            # Never "trust everything" because the file that says whom to trust cannot be read.
            values = {"path": str(self.path)}
            told = Message("{path} is damaged; delete it and pin the publisher's key again", values)
            raise PolicyError(told) from error

    def _write(self, state: _State) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.path, json.dumps(state.model_dump(mode="json"), indent=1) + "\n")
        except OSError as error:
            values: dict[str, str | int | Message] = {"path": str(self.path), "why": because(error)}
            raise PostureError(Message("{path} cannot be written: {why}", values)) from error


def _refusal(files: Files, edition: Release, state: _State, name: str) -> Message | None:
    """Why a policy is not taken; None where it is."""
    values: dict[str, str | int | Message] = {
        "name": quoted(name),
        "id": quoted(edition.id),
        "version": quoted(edition.version),
        "date": edition.date.isoformat(),
    }
    if files.publisher is None and not files.own:
        return Message(
            "{name} is not signed, and this workstation takes only signed policies; ask their publisher for a bundle",
            values,
        )
    if files.publisher is not None and files.publisher not in state.publishers:
        values["publisher"] = files.publisher
        return Message("{name} is signed by {publisher}, which this workstation does not trust", values)
    taken = state.taken.get(edition.id)
    if taken is None or taken.sha256 == files.sha256:
        return None
    values |= {"newest": quoted(taken.version), "newest_date": taken.date.isoformat()}
    if _order(edition.date, edition.version) < _order(taken.date, taken.version):
        return Message(
            "{id} {version} of {date} is older than {newest} of {newest_date}, which this workstation took before; "
            "give the newest bundle with --policy",
            values,
        )
    if _order(edition.date, edition.version) == _order(taken.date, taken.version):
        return Message(
            "{id} {version} of {date} was taken here before with other contents; a change needs a new version", values
        )
    return None


def _order(published: date, version: str) -> tuple[date, tuple[int, ...]]:
    return published, tuple(int(number) for number in re.findall(r"[0-9]{1,9}", version))
