"""Data sets that come with the package: the rule when they are used, and how one is found.

The rule, in one place:

1. `load_sweep` looks in the cache, then among the packaged files, and computes what neither has.
   `attrs["source"]` says which it was: "cache", "packaged" or "computed".
2. PHASEBOOK_NO_PACKAGED=1 forbids packaged data. `make book` sets it, so that every figure that can be
   recomputed while the book is built is recomputed.
3. What takes hours (`load.LARGEST`) is never computed behind a reader's back: without a cached or a packaged
   file there is an error with the cost and the command. A page about such a training time says
   `load_sweep("paper", packaged=True)`, which holds against rule 2; its figures then state "packaged,
   verified by phasebook verify". `make book` recomputes the whole book sweep and a few paper-time networks,
   chosen by the commit, and compares their bits with the packaged files.

Beside each `NAME.nc` lies `NAME.json`, its manifest. Packaged observables are rounded to single precision or
less; hashes and weights are not. tools/package_data.py makes both files. `book_forces.nc`, `book_terms.nc`
and `book_flow.nc` hold what pages compute from all weights and eigenvalues of the book sweep, which are too
many to be packaged.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import xarray as xr

from phasebook.runs.config import Config
from phasebook.runs.dataset import config_of, read_dataset
from phasebook.runs.store import SweepError
from phasebook.runs.variables import CELL
from phasebook.sgd import KERNEL_VERSION

FOLDER = Path(__file__).resolve().parents[1] / "data"
FORBIDDEN = "PHASEBOOK_NO_PACKAGED"


@dataclass(frozen=True)
class Packaged:
    """A packaged file and the sweep it holds."""

    path: Path
    config: Config

    def read(self, config: Config) -> xr.Dataset:
        """The part of it that `config` asks for, in memory.

        Raises:
            SweepError: the file is not the one its manifest describes, or cannot be read.
        """
        if problem := manifest_problem(self.path):
            raise SweepError(f"{problem}; install phasebook again, or set {FORBIDDEN}=1")
        return select(read_dataset(self.path), config)


def allowed(packaged: bool | None) -> bool:
    """Whether packaged data may be used: as the caller says, else unless the environment forbids it."""
    return os.environ.get(FORBIDDEN, "0") in ("", "0") if packaged is None else packaged


def find(config: Config, *, folder: Path | None = None) -> Packaged | None:
    """The packaged file with the most networks per cell among those with every cell of `config`.

    Networks do not depend on the grid around them, so a part of a larger grid serves as well. The number of
    networks is left to the caller.
    """
    best: Packaged | None = None
    for path in sorted((folder or FOLDER).glob("*.json")):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if manifest.get("kernel_version") != KERNEL_VERSION or not path.with_suffix(".nc").exists():
            continue
        there = Config.from_json(json.dumps(manifest["config"]))
        if covers(there, config) and (best is None or there.n_models > best.config.n_models):
            best = Packaged(path.with_suffix(".nc"), there)
    return best


def covers(there: Config, wanted: Config) -> bool:
    """Whether a sweep has all cells of another one, trained in the same way."""
    same = replace(
        there,
        n_models=wanted.n_models,
        temperatures=wanted.temperatures,
        inv_sigma_ws=wanted.inv_sigma_ws,
    )
    grid = set(wanted.temperatures) <= set(there.temperatures) and set(wanted.inv_sigma_ws) <= set(
        there.inv_sigma_ws
    )
    return grid and same == wanted


def derived(dataset: xr.Dataset, name: str, *, whole: bool = False) -> xr.Dataset | None:
    """What was computed from the weights and eigenvalues of a packaged sweep and comes in their place.

    Args:
        dataset: a sweep as `load_sweep` gives it.
        name: "forces", for `phasebook.boundaries.signal_and_noise`, "terms", for
            `phasebook.theory.spacing_terms.spacing_terms`, or "flow", for
            `phasebook.explorer.flow.eigenvalue_flow`.
        whole: give nothing for a part of the networks, as befits a statistic of all of them.

    Returns:
        The same cells and networks of the file `book_NAME.nc`; None where the sweep has its own weights.

    Raises:
        SweepError: the file was not made from the packaged sweep beside it.
    """
    if "weights" not in json.loads(dataset.attrs.get("left_out", "[]")):
        return None
    package = find(config_of(dataset))
    path = FOLDER / f"book_{name}.nc"
    if package is None or package.path.name != "book.nc" or not path.exists():
        return None
    if whole and dataset.sizes["model"] != package.config.n_models:
        return None
    with xr.open_dataset(path, engine="h5netcdf") as opened:
        kept = opened.load()
    if kept.attrs["made_from"] != json.loads(package.path.with_suffix(".json").read_text())["sha256"]:
        raise SweepError(f"{path} was not made from {package.path.name}; install phasebook again")
    kept.attrs = {}
    return kept.sel({axis: dataset[axis].values for axis in CELL})


def select(dataset: xr.Dataset, config: Config) -> xr.Dataset:
    """The cells and networks of `config` from a larger sweep that was trained in the same way."""
    wanted = {"temperature": list(config.temperatures), "inv_sigma_w": list(config.inv_sigma_ws)}
    if config_of(dataset) != config:
        dataset = dataset.sel(wanted).isel(model=slice(config.n_models))
    return dataset.assign_attrs(config=config.to_json(), n_models=np.int64(config.n_models))


def manifest_problem(path: Path) -> str | None:
    """What is wrong between a file and the manifest beside it, in one line; None if nothing, or no manifest.

    A manifest is for a reader of the file; that the numbers are right is shown by recomputing them.
    """
    manifest = path.with_suffix(".json")
    if not manifest.exists():
        return None
    try:
        recorded = json.loads(manifest.read_text(encoding="utf-8"))["sha256"]
    except (ValueError, KeyError, TypeError):
        return f"{manifest} is not a manifest"
    if sha256(path.read_bytes()).hexdigest() != recorded:
        return f"{path} is not the file that {manifest.name} describes (its SHA-256 differs)"
    return None
