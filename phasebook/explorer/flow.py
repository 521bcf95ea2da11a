"""How the eigenvalues of each cell move: all that the explorer shows of them."""

from __future__ import annotations

import numpy as np
import xarray as xr

from phasebook.runs.packaged import derived
from phasebook.spectra import level_spacing

CELL = ("temperature", "inv_sigma_w")


def spacing_growth(dataset: xr.Dataset) -> xr.DataArray:
    """ln S(t)/S(0) of the mean level spacing S, the averaged rate (4.7) times t.

    Returns:
        Dims (temperature, inv_sigma_w, model, time).
    """
    if (kept := derived(dataset, "flow", whole=True)) is not None:
        return kept["growth"]
    x = dataset["eigenvalues"].transpose(*CELL, "model", "time", "level")
    spacing = x.isel(level=0, drop=True).copy(data=level_spacing(x.values))
    ratio = spacing / spacing.isel(time=0, drop=True)
    return ratio.copy(data=np.log(ratio.values))


def median_levels(dataset: xr.Dataset) -> xr.DataArray:
    """Median of each eigenvalue of X over the networks, dims (temperature, inv_sigma_w, time, level)."""
    if (kept := derived(dataset, "flow", whole=True)) is not None:
        return kept["levels"]
    return dataset["eigenvalues"].median("model").transpose(*CELL, "time", "level")


def eigenvalue_flow(dataset: xr.Dataset) -> xr.Dataset:
    """`spacing_growth` and `median_levels`, as they come with the packaged sweep of the book.

    That sweep is packaged without its eigenvalues; for a part of its networks both are computed.
    """
    return xr.Dataset({"growth": spacing_growth(dataset), "levels": median_levels(dataset)})
