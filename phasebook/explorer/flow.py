"""How the eigenvalues of each cell move: all that the explorer shows of them."""

from __future__ import annotations

import numpy as np
import xarray as xr

from phasebook.runs.packaged import derived
from phasebook.spectra import level_spacing


def eigenvalue_flow(dataset: xr.Dataset) -> xr.Dataset:
    """Movement of the eigenvalues of X in each cell of a sweep.

    Returns:
        `growth`, dims (temperature, inv_sigma_w, model, time): ln S(t)/S(0) of the mean level spacing S, the
        averaged rate (4.7) times t; `levels`, dims (temperature, inv_sigma_w, time, level): the median of
        each eigenvalue over the networks. The packaged sweep of the book, whose eigenvalues were left out,
        brings both along; for a part of its networks they are computed.
    """
    if (kept := derived(dataset, "flow", whole=True)) is not None:
        return kept
    x = dataset["eigenvalues"].transpose("temperature", "inv_sigma_w", "model", "time", "level")
    spacing = x.isel(level=0, drop=True).copy(data=level_spacing(x.values))
    ratio = spacing / spacing.isel(time=0, drop=True)
    return xr.Dataset({"growth": ratio.copy(data=np.log(ratio.values)), "levels": x.median("model")})
