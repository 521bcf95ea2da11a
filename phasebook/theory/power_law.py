"""Power laws in time: how fast the loss falls, L ~ t^-p, and whether p stays the same."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr

from phasebook.evidence.statistics import Estimate, bootstrap
from phasebook.network import Array


class PowerLaw(NamedTuple):
    """amplitude * t^-exponent."""

    exponent: float
    amplitude: float

    def at(self, time: float | Array) -> Array:
        """Its value at `time`, any shape."""
        return np.asarray(self.amplitude * np.asarray(time, dtype=float) ** -self.exponent)


def evenly_spaced(history: xr.DataArray, *, per_decade: int = 5) -> xr.DataArray:
    """The records at which log10 t is a multiple of 1 / per_decade, to a per cent of t.

    A run of the paper's length is also recorded at evenly spaced times, which crowd at the end; a fit to all
    records would be a fit to the last decade.

    Args:
        history: has the dim `time`, coordinate not negative; t = 0 is dropped.
        per_decade: as the run was recorded.
    """
    positive = history.isel(time=np.flatnonzero(history["time"].values > 0))
    place = per_decade * np.log10(positive["time"].values)
    off = np.abs(place - np.round(place)) / per_decade * np.log(10)
    return positive.isel(time=np.flatnonzero(off < 0.01))


def fit_power_law(history: xr.DataArray) -> PowerLaw:
    """Straight line through log(history) against log(t), by least squares, every record with equal weight.

    Args:
        history: dims (time,), positive; two records at least.

    Raises:
        ValueError: fewer than two records, or a value or time that has no logarithm.
    """
    time, values = history["time"].values, history.values
    if len(time) < 2 or not (np.all(time > 0) and np.all(values > 0)):
        raise ValueError(f"a power law needs two or more positive records, got {len(time)} records")
    slope, intercept = np.polyfit(np.log(time), np.log(values), 1)
    return PowerLaw(float(-slope), float(np.exp(intercept)))


def logarithm(values: xr.DataArray) -> xr.DataArray:
    """Natural logarithm, coordinates kept."""
    return xr.apply_ufunc(np.log, values)


def geometric_mean(history: xr.DataArray) -> xr.DataArray:
    """exp of the mean over networks of the logarithm: the typical network, whatever the tail."""
    return xr.apply_ufunc(np.exp, logarithm(history).mean("model"))


def exponent(histories: xr.DataArray, *, resamples: int = 500) -> Estimate:
    """Exponent of the geometric mean over networks, with its bootstrap error.

    The fit is linear in the logarithm, so this is also the mean of the exponents of the single networks. The
    error says how far the networks leave the line uncertain, not whether there is a line.

    Args:
        histories: dims (model, time), positive.
        resamples: of the bootstrap over networks; with a single network the error is not-a-number.
    """
    value, error = bootstrap(
        lambda drawn: fit_power_law(geometric_mean(drawn)).exponent, histories, resamples=resamples
    )
    return Estimate(value, error if histories.sizes["model"] > 1 else float("nan"))


def local_exponents(histories: xr.DataArray, *, records: int = 5) -> xr.DataArray:
    """p(t) = -d ln L / d ln t of each network, over windows of `records` steps between records.

    Args:
        histories: dims (..., time), positive, from `evenly_spaced`.
        records: width of the window; with five records a decade, 5 is one decade.

    Returns:
        Dims of `histories`, `time` being the geometric centre of each window.

    Raises:
        ValueError: not more records than the window is wide.
    """
    if histories.sizes["time"] <= records:
        raise ValueError(f"a window of {records} needs more records, got {histories.sizes['time']}")
    time = histories["time"].values
    logs = logarithm(histories.transpose(..., "time"))
    late, early = logs.isel(time=slice(records, None)), logs.isel(time=slice(None, -records))
    change = late.values - early.values
    centres = np.sqrt(time[records:] * time[:-records])
    return early.copy(data=-change / np.log(time[records:] / time[:-records])).assign_coords(time=centres)
