"""Four numbers without a unit that tell the phases apart, and three more to look at.

They need neither the width of the network nor its data: only ratios of one quantity at two times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

SATURATION, MEMORY, GROWTH, LOSS = "saturation", "memory", "growth", "loss_left"
INDICATORS = (SATURATION, MEMORY, GROWTH, LOSS)
"""Those from which a phase is read; the first is missing where an activation has no bounds."""


@dataclass(frozen=True)
class Meaning:
    """How an indicator is called, defined and read."""

    label: str
    formula: str
    high: str
    low: str


MEANING = {
    SATURATION: Meaning("saturation of the features", "E[phi^2]", "units are spins", "units are soft"),
    MEMORY: Meaning("memory of the initial features", "G(t,0)/G(t,t)", "features kept", "features new"),
    GROWTH: Meaning("growth of the level spacing", "ln S(t)/S(0)", "levels flew apart", "levels stayed"),
    LOSS: Meaning("loss left", "log10 L(t)/L(0)", "little learnt", "much learnt"),
}


def indicators(dataset: xr.Dataset) -> xr.Dataset:
    """The indicators at every step of a monitored run.

    Args:
        dataset: from `Monitor.dataset` or `ensemble_dataset`.

    Returns:
        Each of `INDICATORS`, with the dims of `feature_overlap` (`layer`, `step` and any others).

    Raises:
        ValueError: the data set is not a monitor's.
    """
    needed = ("feature_saturation", "feature_rms", "feature_overlap", "level_spacing", "loss")
    if missing := [name for name in needed if name not in dataset]:
        raise ValueError(f"not a monitor's data set: it has no {', '.join(missing)}")
    spacing, loss = dataset["level_spacing"], dataset["loss"]
    with np.errstate(divide="ignore", invalid="ignore"):
        return xr.Dataset(
            {
                SATURATION: dataset["feature_saturation"],
                MEMORY: dataset["feature_overlap"] / dataset["feature_rms"] ** 2,
                GROWTH: np.log(spacing / spacing.isel(step=0)),
                LOSS: np.log10(loss / loss.isel(step=0)) + xr.zeros_like(spacing),
            }
        ).transpose(*dataset["feature_overlap"].dims)


def table(values: xr.Dataset, names: Sequence[str] = INDICATORS) -> np.ndarray:
    """Indicators as an array, (..., indicator)."""
    return np.stack([values[name].values for name in names], axis=-1)


def recent_exponent(dataset: xr.Dataset, name: str, *, decades: float = 1.0) -> xr.DataArray:
    """d ln(quantity) / d ln t over the last `decades` of the run: minus one half for a loss that falls as
    t^(-1/2), zero for what stands still.

    Not-a-number where the run has no record that early.
    """
    steps = dataset["step"].values
    early = np.flatnonzero((steps > 0) & (steps <= steps[-1] / 10**decades * 1.001))
    values = dataset[name].drop_vars("step")
    if early.size == 0:
        return values.isel(step=-1) * np.nan
    first = int(early[-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        change: xr.DataArray = np.log(values.isel(step=-1) / values.isel(step=first))  # type: ignore[assignment]
    return change / np.log(steps[-1] / steps[first])


def noise_over_signal(dataset: xr.Dataset) -> xr.DataArray:
    """T V_S / (|K_S| S(0)) at every step: the two sides of Eq. (4.15), with the spacing at the start.

    Raises:
        ValueError: the monitor was not told the temperature.
    """
    if "temperature" not in dataset:
        raise ValueError(
            "noise_over_signal needs the temperature: Monitor(..., temperature=eps / batch_size)"
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        return (
            dataset["temperature"]
            * dataset["spacing_repulsion"]
            / (np.abs(dataset["spacing_drift"]) * dataset["level_spacing"].isel(step=0))
        )
