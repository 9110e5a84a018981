"""Files that are there whole or not at all: through a full disk, a power cut, and another process that writes too."""

import os
import secrets
from pathlib import Path


def write_whole(path: Path, content: str | bytes) -> None:
    """Put a file in place of what is there, on disk when this returns. Errors: OSError, and what was there stays."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
            stream.flush()
            os.fsync(stream.fileno())  # else a power cut may leave the name without the content
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
