"""Fuzz by coverage: `python -m tests.fuzz TARGET [libFuzzer's options]`, until Ctrl-C or `-max_total_time=60`.

`python -m tests.fuzz all SECONDS` gives every target so long and tells at the end which of them broke. What is found
useful stays in artifacts/fuzz/TARGET for the next time; an input that breaks something is written there too:
`python -m tests.fuzz TARGET FILE` repeats it.

Needs atheris (`pip install --group fuzz`), whose wheels are for Linux on x86-64. Elsewhere the short run without it,
`tests/fuzz/test_targets.py`, is what there is, and this says so.
"""

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

HOME = Path("artifacts/fuzz")


def every(seconds: int) -> int:
    """Run each target in a process of its own, one a processor; return 1 when one of them broke."""
    from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - a run of one target imports it instrumented

    def run(name: str) -> str | None:
        line = [sys.executable, "-m", "tests.fuzz", name, f"-max_total_time={seconds}", "-verbosity=0"]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        return f"{done.stdout}{done.stderr}"[-6000:] if done.returncode else None

    broken = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, said in zip(TARGETS, pool.map(run, TARGETS), strict=True):
            print(f"{name}: {seconds} s", flush=True)
            if said is not None:
                broken.append(name)
                print(said)
    print(f"broken: {', '.join(broken)}; the inputs are in {HOME}" if broken else "nothing broke")
    return bool(broken)


def one(name: str, options: list[str]) -> None:
    """Run one target in this process; libFuzzer ends it."""
    import atheris  # noqa: PLC0415 - not everywhere, see above

    with atheris.instrument_imports(include=["agent"]):
        from tests.fuzz.seeds import seeds  # noqa: PLC0415 - instrumented
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - instrumented
    if name not in TARGETS:
        sys.exit(f"usage: python -m tests.fuzz all SECONDS | {{{'|'.join(TARGETS)}}} [libFuzzer's options]")
    folder = HOME / name
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds(name):
        (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    if not any(Path(option).is_file() for option in options):
        options = [*options, "-timeout=10", f"-artifact_prefix={folder}/", str(folder)]
    atheris.Setup([sys.argv[0], *options], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    if find_spec("atheris") is None:
        print("atheris is not installed here, so nothing is fuzzed by coverage; `make test` has the short run without")
        sys.exit(0)
    if sys.argv[1:2] == ["all"] and sys.argv[2:] and sys.argv[2].isdigit():
        sys.exit(every(int(sys.argv[2])))
    one(sys.argv[1] if sys.argv[1:] else "", sys.argv[2:])
