"""How fast training is: steps to a given loss, for the practical advice of Section 5."""

from __future__ import annotations

import numpy as np
import xarray as xr


def first_passage(history: xr.DataArray, *, level: float) -> xr.DataArray:
    """Time at which a falling quantity first reaches `level`.

    Args:
        history: has the dim `time`, which starts at 0; for example `test_loss_history`, (..., model, time).
        level: positive.

    Returns:
        Time in the unit of the coordinate, interpolated between records in the logarithms of both; the first
        record after t = 0 if the level was reached by then (no finer answer is kept), infinite if never.
        Dims of `history` without `time`.
    """
    time = history["time"].values

    def passage(values: np.ndarray) -> float:
        below = np.flatnonzero(values <= level)
        if below.size == 0:
            return np.inf
        k = int(below[0])
        if k <= 1:
            return float(time[1])
        before, after = np.log(values[k - 1] / level), np.log(level / values[k])
        share = before / (before + after) if before + after > 0 else 1.0
        return float(np.exp((1 - share) * np.log(time[k - 1]) + share * np.log(time[k])))

    return xr.apply_ufunc(passage, history, input_core_dims=[["time"]], vectorize=True)


def fastest_temperature(passage: xr.DataArray) -> float:
    """T at which the median over networks of the passage time is least.

    Args:
        passage: dims (temperature, model), infinite where a network did not arrive.
    """
    return float(passage["temperature"].values[int(passage.median("model").argmin("temperature"))])
