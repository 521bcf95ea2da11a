"""Two computations of the same networks: weights to the last bit, observables to rounding.

The kernel promises bits, so weights have none to spare. Observables are made of the same weights in double
precision by NumPy, whose last digits depend on the processor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from phasebook.runs.block import weights_hash
from phasebook.runs.dataset import config_of
from phasebook.runs.deferred import left_out
from phasebook.runs.variables import VARIABLES, Block

ROUNDING = 1e-9
"""Relative difference of observables that arithmetic in another order can make.

Double precision has a unit roundoff of 1.1e-16. A residual of 1e-4, the smallest at paper time, is the
difference of outputs of order one and keeps 12 digits; a sum of 1e3 terms loses another at most. What is
left is a factor of 100 for gradients that nearly cancel.
"""

COSINES = ("alignment", "feature_overlap")
"""Means of products of order one that may cancel: their error is absolute."""


@dataclass(frozen=True)
class Cell:
    """What came out for the networks of one cell.

    Attributes:
        models: numbers of the networks that were trained again.
        wrong_weights: those among them whose weights, or their hash, have other bits.
        worst: largest difference of an observable, in units of what rounding allows; agreement is up to 1.
        worst_name: the variable it was found in.
        relative: that difference, relative to the value.
    """

    temperature: float
    inv_sigma_w: float
    models: tuple[int, ...]
    wrong_weights: tuple[int, ...]
    worst: float
    worst_name: str
    relative: float

    @property
    def agrees(self) -> bool:
        return not self.wrong_weights and self.worst <= 1


def compare_cell(dataset: xr.Dataset, place: tuple[float, float], blocks: Sequence[Block]) -> Cell:
    """The networks of `blocks` that belong to the cell (temperature, 1/sigma_W), against the data set."""
    temperature, inv_sigma_w = place
    absent = left_out(dataset)
    stored = dataset.drop_vars(absent, errors="ignore").sel(temperature=temperature, inv_sigma_w=inv_sigma_w)
    models: list[int] = []
    wrong: list[int] = []
    worst = (0.0, "nothing to compare", 0.0)
    for block in blocks:
        mine = (block["temperature"] == temperature) & (block["inv_sigma_w"] == inv_sigma_w)
        for row in np.flatnonzero(mine):
            model = int(block["model"][row])
            models.append(model)
            there = {name: stored[name].values[model] for name in VARIABLES if name not in absent}
            if not _same_weights(there, {name: block[name][row] for name in there}):
                wrong.append(model)
            for name in there.keys() - {"weights", "weights_hash"}:
                worst = max(worst, _distance(dataset, name, there[name], block[name][row]))
    return Cell(temperature, inv_sigma_w, tuple(models), tuple(wrong), *worst)


def tolerance(name: str, stored: NDArray, *, rounding: float, t_f: float) -> NDArray:
    """How far a number computed anew may be from the stored one.

    Args:
        name: of the variable.
        stored: its values for one network.
        rounding: relative error with which they were stored.
        t_f: training time, the scale of rates.
    """
    size = np.abs(stored)
    scale = size
    if "eigenvalues" in name:  # the error of an eigenvalue is relative to the largest
        scale = size.max(axis=-1, keepdims=True)
    elif name == "averaged_rate":  # a logarithm, which may be zero, over t_f
        scale = np.maximum(size, 1 / t_f)
    elif name.startswith(COSINES):
        scale = np.maximum(size, 1.0)
    return ROUNDING * scale + 1.01 * rounding * size


def hash_problems(dataset: xr.Dataset) -> list[tuple[float, float, list[int]]]:
    """Networks whose stored weights do not have their stored hash: temperature, 1/sigma_W, numbers."""
    if "weights" in left_out(dataset):
        return []
    config = config_of(dataset)
    weights, hashes = dataset["weights"].values, dataset["weights_hash"].values
    problems = []
    for row, temperature in enumerate(config.temperatures):
        for column, inv_sigma_w in enumerate(config.inv_sigma_ws):
            cell = zip(weights[row, column], hashes[row, column], strict=True)
            wrong = [model for model, (matrix, digest) in enumerate(cell) if weights_hash(matrix) != digest]
            if wrong:
                problems.append((temperature, inv_sigma_w, wrong))
    return problems


def _same_weights(there: Block, again: Block) -> bool:
    """Bit for bit, by the hash, for which every NaN is the same: its sign differs between processors."""
    same_hash = bool(there["weights_hash"] == again["weights_hash"])
    if "weights" not in there:
        return same_hash
    return same_hash and weights_hash(there["weights"]) == weights_hash(again["weights"])


def _distance(dataset: xr.Dataset, name: str, there: NDArray, again: NDArray) -> tuple[float, str, float]:
    """Largest difference in units of the tolerance, where it is, and the difference relative to the value."""
    rounding = float(dataset[name].attrs.get("rounding", 0.0))
    there, again = (np.atleast_1d(np.asarray(values, dtype=np.float64)) for values in (there, again))
    if rounding:  # the overflow of a number that was stored in single precision
        again = np.where(np.isinf(there) & (np.abs(again) > np.finfo(np.float32).max), there, again)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        allowed = tolerance(name, there, rounding=rounding, t_f=float(dataset["time"][-1]))
        same = (there == again) | (np.isnan(there) & np.isnan(again))
        difference = np.where(same, 0.0, np.abs(again - there))
        units = np.where(same, 0.0, difference / allowed)
        units = np.where(np.isnan(units), np.inf, units)
        relative = np.where(same, 0.0, difference / np.abs(there))
    place = np.unravel_index(np.argmax(units), units.shape)
    return float(units[place]), name, float(relative[place])
