"""Run spheres near the absorbing transition: python tools/packings.py FOLDER [--seeds 0 1 2] [--minutes 30].

May be stopped, killed and repeated; finished runs are not run again, unfinished ones go on. With --package,
the finished runs of these seeds become phasebook/data/packings.nc, and nothing is run.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tqdm import tqdm

from phasebook.runs.packings import CENTRES, finished, read_run, run_packing, transition_runs
from phasebook.runs.transition import collect, package


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where runs are kept")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="S")
    parser.add_argument(
        "--kicks", type=float, nargs="+", default=list(CENTRES), metavar="K", help="default: all"
    )
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no run after so many")
    parser.add_argument("--package", action="store_true", help="package what is finished")
    options = parser.parse_args(arguments)
    runs = [run for run in transition_runs(options.seeds) if run.kick in options.kicks]
    if options.package:
        print(package(collect(runs, options.folder)))
        return 0
    started = time.monotonic()
    states = {run: read_run(run, options.folder) for run in runs}
    left = {run: state.packing.step for run, state in states.items() if not finished(run, state)}
    total = sum(run.n_steps - step for run, step in left.items())
    with tqdm(total=total, unit=" steps", unit_scale=True, mininterval=5, file=sys.stderr) as bar:
        for run in left:
            if time.monotonic() - started > 60 * options.minutes:
                print(f"stopped after {options.minutes:g} minutes; the same command goes on")
                return 1
            state = run_packing(run, options.folder, progress=bar.update)
            bar.update(run.n_steps - state.packing.step)
            absorbed, activity = state.packing.absorbed, state.series.activity[-1]
            end = f"absorbed at {state.packing.step}" if absorbed else f"active, f_a = {activity:.4f}"
            tqdm.write(
                f"{run.rule} kick {run.kick:g} phi {run.packing_fraction:g} seed {run.seed}: {end}, "
                f"{state.seconds:.0f} s"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
