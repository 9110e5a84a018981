"""Fuzz by coverage: `python -m tests.fuzz TARGET [libFuzzer's options]`, until Ctrl-C or `-max_total_time=60`.

Needs atheris (`pip install --group fuzz`). What it finds useful stays in artifacts/fuzz/TARGET for the next time;
an input that breaks something is written there too: `python -m tests.fuzz TARGET FILE` repeats it.
"""

import hashlib
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["agent"]):
    from tests.fuzz.targets import TARGETS, seeds

if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
    sys.exit(f"usage: python -m tests.fuzz {{{'|'.join(TARGETS)}}} [libFuzzer's options]")
name, options = sys.argv[1], sys.argv[2:]
folder = Path("artifacts/fuzz") / name
folder.mkdir(parents=True, exist_ok=True)
for seed in seeds(name):
    (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
if not any(Path(option).is_file() for option in options):
    options = [*options, "-timeout=10", f"-artifact_prefix={folder}/", str(folder)]
atheris.Setup([sys.argv[0], *options], TARGETS[name])
atheris.Fuzz()
