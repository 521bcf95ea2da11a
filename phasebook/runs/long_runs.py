"""The cells of Figure 6 at the paper's training time, with more networks than the whole plane has."""

from __future__ import annotations

from collections.abc import Mapping

import xarray as xr

from phasebook.runs.load import load_sweep

LONG_CELLS: Mapping[str, tuple[float, float]] = {
    "ordered": (2.0**-5, 8.0),
    "paramagnetic": (4.0, 8.0),
    "jammed": (2.0**-5, 2.0**-8),
}
"""Phase -> (T, 1/sigma_W), in the order of Figure 6."""

LONG_MODELS = 16
"""Networks of each."""


def long_sweeps(*, n_models: int = LONG_MODELS) -> list[xr.Dataset]:
    """The cells, each as a sweep of its own.

    Raises:
        SweepError: they are neither in the cache nor in the package.
    """
    return [
        load_sweep(
            "paper",
            packaged=True,
            n_models=n_models,
            temperatures=(temperature,),
            inv_sigma_ws=(inv_sigma_w,),
        )
        for temperature, inv_sigma_w in LONG_CELLS.values()
    ]


def long_cells(*, n_models: int = LONG_MODELS) -> xr.Dataset:
    """The cells side by side.

    Returns:
        The variables of a sweep with the dim `phase` in place of temperature and inv_sigma_w, which become
        coordinates along it; attributes of the first cell, `seconds` of all together.

    Raises:
        SweepError: they are neither in the cache nor in the package.
    """
    sweeps = long_sweeps(n_models=n_models)
    joined = xr.concat(
        [one.squeeze(["temperature", "inv_sigma_w"]) for one in sweeps],
        dim="phase",
        coords="different",
        compat="equals",
        join="exact",
        combine_attrs="override",
    )
    seconds = sum(float(one.attrs["seconds"]) for one in sweeps)
    return joined.assign_coords(phase=list(LONG_CELLS)).assign_attrs(seconds=seconds)
