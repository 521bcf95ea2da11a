"""Averages over an ensemble of networks, and how far to trust them.

The networks of one cell are independent (each has its own teacher and its own data), so the axis `model` is
the one sample over which every error of this book is estimated. A network whose weights are no longer finite
has NaN in its observables: it is left out of the average here, and counted in the provenance line of every
figure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike
from scipy.stats import rankdata

Data = TypeVar("Data", xr.Dataset, xr.DataArray)


class Estimate(NamedTuple):
    """A number with its standard error."""

    value: float
    error: float

    def __str__(self) -> str:
        return f"{self.value:.4f} ± {self.error:.4f}"


def mean_and_error(values: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
    """Mean over networks, Eq. (3.2), and its standard error s / sqrt(number of networks).

    Args:
        values: any dims, one of them `model`; NaN marks a network that diverged.

    Returns:
        (mean, standard error), dims of `values` without `model`. The error is NaN for fewer than two
        networks.
    """
    count = values.notnull().sum("model")
    variance = ((values - values.mean("model")) ** 2).sum("model") / (count - 1).where(count > 1)
    return values.mean("model"), (variance / count) ** 0.5


def median_and_band(values: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """Median over networks with the 16th and 84th percentile, as the published Figures 3 and 4 show.

    Args:
        values: any dims, one of them `model`.

    Returns:
        (median, lower, upper), dims of `values` without `model`. The band is the spread of single networks,
        not the error of the median.
    """
    quantiles = values.quantile([0.16, 0.5, 0.84], dim="model")
    lower, median, upper = (quantiles.isel(quantile=k, drop=True) for k in range(3))
    return median, lower, upper


def bootstrap(
    statistic: Callable[[Data], float], data: Data, *, resamples: int = 200, seed: int = 0
) -> Estimate:
    """A statistic of the ensemble with its bootstrap error: networks drawn with replacement.

    Args:
        statistic: takes the data, returns one number; may average, take medians or compare cells.
        data: has the dim `model`. The same draw is used in every cell, which is right for common teachers and
            harmless for independent ones.
        resamples: how many draws.
        seed: of the draws.

    Returns:
        The statistic of the data as they are, and its standard deviation over the draws.
    """
    rng = np.random.default_rng(seed)
    size = data.sizes["model"]
    draws = [float(statistic(data.isel(model=rng.integers(size, size=size)))) for _ in range(resamples)]
    return Estimate(float(statistic(data)), float(np.std(draws, ddof=1)))


def mean_of(values: ArrayLike) -> Estimate:
    """Mean of independent numbers and its standard error, not-a-number for a single one."""
    numbers = np.asarray(values, dtype=float)
    error = float(numbers.std(ddof=1) / np.sqrt(numbers.size)) if numbers.size > 1 else float("nan")
    return Estimate(float(numbers.mean()), error)


def geometric_mean_of(values: np.ndarray) -> Estimate:
    """Geometric mean of independent positive numbers and its standard error."""
    logs = np.log(values)
    middle = float(np.exp(logs.mean()))
    return Estimate(middle, middle * float(logs.std(ddof=1) / np.sqrt(len(logs))))


def scatter_of_logs(values: np.ndarray) -> Estimate:
    """Standard deviation s of the logarithm of independent numbers, with its error s / sqrt(2 (n - 1)).

    The error is that of a normal scatter.
    """
    scatter = float(np.log(values).std(ddof=1))
    return Estimate(scatter, scatter / float(np.sqrt(2 * len(values) - 2)))


def ratio(first: Estimate, second: Estimate) -> Estimate:
    """One independent estimate over another; their relative errors add in quadrature."""
    value = first.value / second.value
    return Estimate(value, value * float(np.hypot(first.error / first.value, second.error / second.value)))


def rank_correlation(first: xr.DataArray, second: xr.DataArray) -> float:
    """Spearman's rank correlation of two maps over their common cells (ties take their mean rank)."""
    first, second = xr.align(first, second, join="inner")
    x, y = first.values.ravel(), second.transpose(*first.dims).values.ravel()
    usable = np.isfinite(x) & np.isfinite(y)
    return float(np.corrcoef(rankdata(x[usable]), rankdata(y[usable]))[0, 1])


def median_log_ratio(first: xr.DataArray, second: xr.DataArray) -> float:
    """Median over common cells of log10(first / second), in decades; only cells with a logarithm count."""
    return float(log_ratio(first, second).median(skipna=True))


def log_ratio(first: xr.DataArray, second: xr.DataArray) -> xr.DataArray:
    """log10(first / second) on their common cells, NaN where either is not positive."""
    first, second = xr.align(first, second, join="inner")
    return xr.apply_ufunc(np.log10, first.where(first > 0) / second.where(second > 0))


def half_way_temperature(curve: xr.DataArray) -> float:
    """Where a curve along T has climbed half of its decades: a temperature for the transition of Figure 4.

    Args:
        curve: positive, dims (temperature,) only, ascending; falls to a minimum, then rises to its last.

    Returns:
        The T above the minimum at which the curve first crosses the geometric mean of its minimum and its
        last value, by straight lines between the points of the log-log plot.

    Raises:
        ValueError: the minimum is at the last temperature, so there is no rise.
    """
    height, place = np.log2(np.asarray(curve)), np.log2(np.asarray(curve["temperature"]))
    lowest = int(np.argmin(height))
    half = (height[lowest] + height[-1]) / 2
    above = np.flatnonzero(height[lowest:] > half)
    if above.size == 0:
        raise ValueError("the curve does not rise above its minimum")
    after = lowest + int(above[0])
    fraction = (half - height[after - 1]) / (height[after] - height[after - 1])
    return float(2 ** (place[after - 1] + fraction * (place[after] - place[after - 1])))
