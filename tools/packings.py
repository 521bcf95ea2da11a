"""Run spheres near the absorbing transition: python tools/packings.py FOLDER [--seeds 0 1 2] [--minutes 30].

May be stopped, killed and repeated; finished runs are not run again, unfinished ones go on.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tqdm import tqdm

from phasebook.runs.packings import finished, run_packing, transition_runs


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where runs are kept")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="S")
    parser.add_argument("--kicks", type=float, nargs="+", metavar="K", help="default: all")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no run after so many")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    runs = [
        run for run in transition_runs(options.seeds) if options.kicks is None or run.kick in options.kicks
    ]
    left = [run for run in runs if not finished(run, options.folder)]
    total = sum(run.n_steps for run in left)
    with tqdm(total=total, unit=" steps", unit_scale=True, mininterval=5, file=sys.stderr) as bar:
        for run in left:
            if time.monotonic() - started > 60 * options.minutes:
                print(f"stopped after {options.minutes:g} minutes; the same command goes on")
                return 1
            before = bar.n
            packing, series = run_packing(run, options.folder, progress=bar.update)
            bar.update(run.n_steps - (bar.n - before))
            end = (
                f"absorbed at {packing.step}"
                if packing.absorbed
                else f"active, f_a = {series.activity[-1]:.4f}"
            )
            tqdm.write(f"{run.rule} kick {run.kick:g} phi {run.packing_fraction:g} seed {run.seed}: {end}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
