"""Run and package a thousand spheres near the absorbing transition: python tools/small_packings.py FOLDER.

May be stopped and repeated: what the folder has is not run again. Takes about five minutes of one core.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tqdm import tqdm

from phasebook.runs.packings import run_packing
from phasebook.runs.small_packings import NAME, small_runs
from phasebook.runs.transition import collect, package

SEEDS = (0, 1, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where runs are kept")
    folder = parser.parse_args().folder
    runs = small_runs(SEEDS)
    for run in tqdm(runs, unit=" runs"):
        run_packing(run, folder)
    print(package(collect(runs, folder), name=NAME, command="python tools/small_packings.py FOLDER"))


if __name__ == "__main__":
    main()
