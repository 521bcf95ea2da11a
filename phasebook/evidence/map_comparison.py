"""How alike are two maps of the plane, with an error that holds for any number of networks in a cell."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from phasebook.evidence.statistics import Estimate, median_log_ratio, rank_correlation


def over_cells(
    statistic: Callable[[xr.DataArray, xr.DataArray], float],
    first: xr.DataArray,
    second: xr.DataArray,
    *,
    resamples: int = 200,
    seed: int = 0,
) -> Estimate:
    """A statistic of two maps, with its bootstrap error over cells.

    The networks of different cells are independent, so the scatter of small ensembles shows as scatter over
    cells, even with one network in each. What varies systematically over the plane counts as scatter too:
    the error is on the safe side.

    Args:
        statistic: takes two maps over the same cells, dims (cell,), returns one number.
        first, second: dims (temperature, inv_sigma_w); compared on their common cells.
        resamples: how many draws of cells with replacement.
        seed: of the draws.
    """
    first, second = xr.align(first, second, join="inner")
    pair = xr.Dataset({"first": first, "second": second}).stack(cell=("temperature", "inv_sigma_w"))
    pair = pair.drop_vars(["cell", "temperature", "inv_sigma_w"]).dropna("cell")
    size = pair.sizes["cell"]
    rng = np.random.default_rng(seed)
    draws = [rng.integers(size, size=size) for _ in range(resamples)]
    found = [float(statistic(pair["first"][draw], pair["second"][draw])) for draw in draws]
    return Estimate(float(statistic(pair["first"], pair["second"])), float(np.std(found, ddof=1)))


def rank_with_error(first: xr.DataArray, second: xr.DataArray) -> Estimate:
    """Spearman's rank correlation of two maps, dims (temperature, inv_sigma_w)."""
    return over_cells(rank_correlation, first, second)


def shift_with_error(first: xr.DataArray, second: xr.DataArray) -> Estimate:
    """Median over cells of log10(first / second), in decades."""
    return over_cells(median_log_ratio, first, second)
