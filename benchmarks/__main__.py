"""Runs the benchmarks and prints their ratios: `python -m benchmarks [NAME …]`."""

import importlib
import pkgutil
import sys
from pathlib import Path

from benchmarks.measuring import Ratio


def main(wanted: list[str]) -> int:
    names = [each.name for each in pkgutil.iter_modules([str(Path(__file__).parent)]) if each.name.startswith("bench_")]
    known = {name.removeprefix("bench_"): name for name in names}
    if unknown := [name for name in wanted if name not in known]:
        print(f"No benchmark is called {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    for name in wanted or known:
        module = importlib.import_module(f"benchmarks.{known[name]}")
        print(f"\n{name}: {module.__doc__.splitlines()[0]}", flush=True)
        for ratio in module.measure():
            show(ratio)
    return 0


def show(ratio: Ratio) -> None:
    aim = (
        "" if ratio.aim is None else f"   aim: at most {ratio.aim:g}" + ("" if ratio.ratio <= ratio.aim else "  MISSED")
    )
    print(f"  {ratio.what:<58} {ratio.ratio:8.2f} x{aim}")
    print(f"      {ratio.seconds:.3f} s against {ratio.against_seconds:.3f} s ({ratio.against})", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
