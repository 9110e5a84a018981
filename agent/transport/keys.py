"""The key by which phones know this workstation: one ADB key, made once, kept in the agent's data directory."""

import base64
import hashlib
import platform
import re
import shutil
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock

from adb_shell.auth.keygen import keygen
from adb_shell.auth.sign_cryptography import CryptographySigner

from agent.messages import Message, because
from agent.transport.base import TransportError

_DIRECTORY = "adb-key"
_FILE = "adbkey"


def workstation_key(data: Path) -> CryptographySigner:
    """Return this workstation's signer, making its key when `data` holds none yet.

    The private key is readable by its owner alone. Two agents that start at once end up with the same key: it is
    made aside and moved into place in one step.
    Errors: TransportError when it can neither be read nor made.
    """
    return WorkstationKey(data).open()


def _name() -> str:
    """What a phone's list of computers is to show: this agent, and on which workstation."""
    return "posture@" + (re.sub(r"[^A-Za-z0-9._-]+", "-", platform.node())[:64] or "workstation")


def fingerprint(data: Path) -> str | None:
    """What a phone shows when it asks; None where our key cannot be read, which is no reason not to go on."""
    try:
        return WorkstationKey(data).fingerprint
    except TransportError:
        return None


# Thirty phones ask for the one key at once, and reading it takes 0.1 s: OpenSSL tests its primes.
_LOADING = Lock()


@lru_cache(maxsize=2)
def _signer(file: str, _private: bytes, _public: str) -> CryptographySigner:
    return CryptographySigner(file)


@dataclass(frozen=True, slots=True)
class WorkstationKey:
    """The key in the agent's data folder. Every method raises TransportError where it cannot be used."""

    data: Path

    @property
    def folder(self) -> Path:
        """Where the key lies, whether it was made yet or not; its owner's alone."""
        return self.data / _DIRECTORY

    @property
    def file(self) -> Path:
        """The private half."""
        return self.folder / _FILE

    @property
    def exists(self) -> bool:
        """Whether it was made."""
        return self.folder.exists()

    @property
    def name(self) -> str:
        """What phones call it: `posture@host`, beside the key in their list."""
        return self._public().partition(" ")[2].strip()

    @property
    def fingerprint(self) -> str:
        """What a phone shows when it asks: MD5 of the public half (getFingerprints of AdbDebuggingManager.java)."""
        try:
            public = base64.b64decode(self._public().partition(" ")[0], validate=True)
        except ValueError as error:
            raise self._unusable(error) from error
        digest = hashlib.md5(public, usedforsecurity=False).hexdigest()
        return ":".join(digest[i : i + 2] for i in range(0, len(digest), 2)).upper()

    def open(self) -> CryptographySigner:
        """Return the signer; the key is made where there is none."""
        try:
            if not self.exists:
                self._make()
            with _LOADING:
                return _signer(str(self.file), self.file.read_bytes(), self._public())
        except (OSError, ValueError) as error:
            raise self._unusable(error) from error

    def rotate(self) -> None:
        """Make a new key in place of the old one, which is gone afterwards."""
        try:
            old = Path(tempfile.mkdtemp(prefix=f".{_DIRECTORY}-", dir=self._made_folder()))
            if self.exists:
                self.folder.rename(old / _DIRECTORY)
            try:
                self._make()
            except OSError:
                if (old / _DIRECTORY).exists() and not self.exists:
                    (old / _DIRECTORY).rename(self.folder)
                raise
            finally:
                shutil.rmtree(old, ignore_errors=True)
        except OSError as error:
            raise self._unusable(error) from error

    def _public(self) -> str:
        try:
            return self.file.with_suffix(".pub").read_text()
        except (OSError, ValueError) as error:
            raise self._unusable(error) from error

    def _made_folder(self) -> Path:
        self.data.mkdir(parents=True, exist_ok=True)
        return self.data

    def _make(self) -> None:
        # mkdtemp's directory is its owner's alone from the start.
        aside = Path(tempfile.mkdtemp(prefix=f".{_DIRECTORY}-", dir=self._made_folder()))
        try:
            keygen(str(aside / _FILE))
            # adb-shell calls it `unknown@host` where nobody is logged in, as at night.
            public = aside / f"{_FILE}.pub"
            public.write_text(f"{public.read_text().partition(' ')[0]} {_name()}")
            for file in aside.iterdir():
                file.chmod(0o600)
            aside.rename(self.folder)
        except OSError:
            if not self.exists:
                raise
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def _unusable(self, error: OSError | ValueError) -> TransportError:
        return TransportError(
            Message(
                "the key by which phones know this computer cannot be used: {path}: {error}; "
                "mend its permissions, or delete that folder and accept this computer on each phone again",
                {
                    "path": str(self.folder),
                    "error": because(error) if isinstance(error, OSError) else str(error),
                },
            ),
            permanent=True,
        )
