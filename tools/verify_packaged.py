"""Prove the packaged data: python tools/verify_packaged.py [SEED].

The book sweep is computed here, unless the cache has it, and must have the bits of phasebook/data/book.nc in
every one of its networks; of what comes with it one row is computed again. Of the paper-time data,
which nobody computes in passing, sixteen networks are trained again, and of the spheres near their
transition the first steps of a few runs. SEED chooses the row, the file, the networks and the runs; by
default it is the hash of the commit.
"""

import subprocess
import sys

import numpy as np
import xarray as xr
from package_data import DERIVED

from phasebook.cli import execute
from phasebook.runs.dataset import read_dataset
from phasebook.runs.load import load_sweep
from phasebook.runs.packaged import FOLDER, manifest_problem
from phasebook.runs.transition import PROVED_RUNS, PROVED_STEPS, load_packings, verify_packings

CELLS = 16
"""One network in each, as many as the kernel trains side by side; a file of one cell gives them all."""


def commit_number() -> int:
    """The first 48 bits of the commit's hash; 0 where there is no commit."""
    words = ["git", "-C", str(FOLDER), "rev-parse", "HEAD"]
    found = subprocess.run(words, capture_output=True, text=True, check=False)
    return int(found.stdout[:12], 16) if found.returncode == 0 else 0


def compare(packaged: xr.Dataset, computed: xr.Dataset) -> str:
    """Nothing if every network has the same bits, else what differs, in one line."""
    wrong = packaged["weights_hash"].values != computed["weights_hash"].values
    if not wrong.any():
        return ""
    first = np.argwhere(wrong)[0]
    place = packaged["weights_hash"].isel(dict(zip(packaged["weights_hash"].dims, first, strict=True)))
    return (
        f"{np.count_nonzero(wrong)} of {wrong.size} networks have other weights here, the first at "
        f"T = {float(place['temperature']):g}, 1/sigma_W = {float(place['inv_sigma_w']):g}, "
        f"network {int(place['model'])}"
    )


def compare_derived(computed: xr.Dataset, row: int) -> str:
    """Nothing if what comes with the book sweep is in one row of the grid what is computed here."""
    wrong = []
    for part, (_, compute) in DERIVED.items():
        here = compute(computed.isel(temperature=[row]))
        with xr.open_dataset(FOLDER / f"book_{part}.nc", engine="h5netcdf") as packaged:
            there = packaged.isel(temperature=[row]).load()
        for name, values in here.data_vars.items():
            rounding = 1e-6 * float(abs(values).median())  # single precision, differences of larger numbers
            if not np.allclose(there[name], values, rtol=1e-5, atol=rounding, equal_nan=True):
                wrong.append(f"{name} of book_{part}.nc")
    return f"{', '.join(wrong)} differs from what is computed here" if wrong else ""


def main(arguments: list[str]) -> int:
    seed = int(arguments[0]) if arguments else commit_number()
    book = FOLDER / "book.nc"
    computed = load_sweep("book", packaged=False)
    problem = manifest_problem(book) or compare(read_dataset(book), computed)
    print(
        f"{book.name}: {problem or 'verified: every network has the bits of those computed here'}", flush=True
    )
    row = seed % computed.sizes["temperature"]
    problem = problem or compare_derived(computed, row)
    at = f"at T = {float(computed['temperature'][row]):g}"
    print(f"book_*.nc: {problem or 'verified: the same numbers are computed here'}, {at}", flush=True)
    paper = sorted(FOLDER.glob("paper_time*.nc"))
    code = execute(["verify", str(paper[seed % len(paper)]), "--cells", str(CELLS), "--seed", str(seed)])
    for path in sorted(FOLDER.glob("packings*.nc")):
        different = "; ".join(verify_packings(load_packings(path.stem), seed=seed))
        same = f"verified: {PROVED_RUNS} runs have the same first {PROVED_STEPS} steps"
        print(f"{path.name}: {different or same}", flush=True)
        problem = problem or different
    return 1 if problem else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
