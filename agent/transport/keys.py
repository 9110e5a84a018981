"""The key by which phones know this workstation: one ADB key, made once, kept in the agent's data directory."""

import shutil
import tempfile
from pathlib import Path

from adb_shell.auth.keygen import keygen
from adb_shell.auth.sign_cryptography import CryptographySigner

from agent.messages import Message
from agent.transport.base import TransportError

_DIRECTORY = "adb-key"
_FILE = "adbkey"


def key_folder(data: Path) -> Path:
    """Where the key lies, whether it was made yet or not."""
    return data / _DIRECTORY


def workstation_key(data: Path) -> CryptographySigner:
    """Return this workstation's signer, making its key when `data` holds none yet.

    The private key is readable by its owner alone. Two agents that start at once end up with the same key: it is
    made aside and moved into place in one step.
    Errors: TransportError when it can neither be read nor made.
    """
    kept = key_folder(data)
    try:
        if not kept.exists():
            _make(data, kept)
        return CryptographySigner(str(kept / _FILE))
    except (OSError, ValueError) as error:
        raise TransportError(
            Message(
                "the key by which phones know this computer cannot be used: {path}: {error}; "
                "mend its permissions, or delete that folder and accept this computer on each phone again",
                {"path": str(kept), "error": str(error)},
            ),
            permanent=True,
        ) from error


def _make(data: Path, kept: Path) -> None:
    data.mkdir(parents=True, exist_ok=True)
    # mkdtemp's directory is its owner's alone from the start.
    aside = Path(tempfile.mkdtemp(prefix=f".{_DIRECTORY}-", dir=data))
    try:
        keygen(str(aside / _FILE))
        for file in aside.iterdir():
            file.chmod(0o600)
        aside.rename(kept)
    except OSError:
        if not kept.exists():
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
