"""A real PostgreSQL for as long as a command runs: `python -m tests.postgres pytest tests/collector`.

Debian's server in a temporary folder, reached by a socket in it alone. It keeps nothing, so it need not wait for disks.
"""

import os
import pwd
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

_SPEED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "jit=off", "max_connections=60")
_ANYONE = "postgres"  # Debian's package makes this user; PostgreSQL refuses to run as root


@contextmanager
def postgresql(*settings: str) -> Iterator[str]:
    """Give the address of an empty database `posture`, for POSTURE_DATABASE_URL. `settings`: further `name=value`."""
    with tempfile.TemporaryDirectory(prefix="posture-pg-") as folder:
        data = Path(folder) / "data"
        if os.getuid() == 0:
            os.chown(folder, pwd.getpwnam(_ANYONE).pw_uid, -1)
        _run("initdb", "-D", data, "-U", "posture", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        options = ["-k", folder, "-c", "listen_addresses="]
        for setting in (*_SPEED, *settings):
            options += ["-c", setting]
        _run("pg_ctl", "-D", data, "-w", "-l", Path(folder) / "log", "-o", " ".join(options), "start")
        try:
            _run("createdb", "-h", folder, "-U", "posture", "posture")
            yield f"postgresql://posture@/posture?host={quote(folder, safe='')}"
        finally:
            _run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")


def _run(program: str, *words: str | Path) -> None:
    """Run one of PostgreSQL's programs, as nobody special. Its output is shown when it fails."""
    user = _ANYONE if os.getuid() == 0 else None
    command = [str(_programs() / program), *map(str, words)]
    # A file and no pipe: the server keeps pg_ctl's output open for as long as it runs.
    with tempfile.TemporaryFile("w+") as said:
        if subprocess.run(command, user=user, cwd="/", stdout=said, stderr=said, check=False).returncode:
            said.seek(0)
            raise RuntimeError(f"{program}: {said.read()}")


def _programs() -> Path:
    """The newest version that Debian has installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not found:
        raise RuntimeError("PostgreSQL is missing; install it: sudo apt-get install postgresql")
    return found[-1]


if __name__ == "__main__":
    with postgresql() as url:
        ended = subprocess.run(sys.argv[1:], env=os.environ | {"POSTURE_DATABASE_URL": url}, check=False)
    sys.exit(ended.returncode)
