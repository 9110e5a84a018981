"""Captures that several tests read."""

import io
import zipfile

import pytest

BUGREPORT = (
    f"{'=' * 56}\n== dumpstate: 2026-05-04 09:30:00\n{'=' * 56}\n\n{'-' * 79}\n"
    "DUMP OF SERVICE wifi:\nWi-Fi is enabled\n"
    "--------- 0.004s was the duration of dumpsys wifi, ending at: 2026-05-04 09:30:09\n"
).encode()


def zipped(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


@pytest.fixture
def bugreport_zip() -> bytes:
    name = "bugreport-device-AB1A.260505.001-2026-05-04-09-30-00.txt"
    return zipped({"version.txt": b"2.0", "main_entry.txt": name.encode(), name: BUGREPORT, "FS/data/x.txt": b"x"})
