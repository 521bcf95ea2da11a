"""The boundary (4.15) as the explorer overlays it: lines, counts and phases under each reading."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from phasebook.boundaries import LEVELS, READINGS, boundary_temperature, phase_of
from phasebook.explorer.observables import CELL
from phasebook.figures.contours import FINE, contour
from phasebook.theory.criterion import critical_inv_sigma_w

KEYS = ("released", "indices", "signed", "size", "literal", "spread-table", "spread-samples")
"""Short names of `READINGS`, for addresses."""


def readings(result: xr.Dataset) -> list[dict[str, Any]]:
    """Every reading that `result` has, in the order of the book.

    Args:
        result: `boundaries.convergence` of a sweep.

    Returns:
        For each reading `key`, `name` and `origin`; `counts`, the networks that fulfil the criterion, and
        `phases`, the first letter of each cell's phase, cells with T slowest; `contours`, for each level of
        the paper the pieces of its line, points (log2 1/sigma_W, log2 T).
    """
    there = [str(name) for name in result["reading"].values]
    return [
        {"key": key, "name": one.name, "origin": one.origin, **_reading(result.sel(reading=one.name))}
        for key, one in zip(KEYS, READINGS, strict=True)
        if one.name in there
    ]


def vertical_line() -> float:
    """log2 of the 1/sigma_W that separates ordered from jammed, as in Figure 9."""
    return float(np.log2(critical_inv_sigma_w()))


def _reading(one: xr.Dataset) -> dict[str, Any]:
    fraction = one["fraction"].transpose(*CELL)
    boundary = boundary_temperature(fraction)
    cells = [(float(t), float(s)) for t in fraction["temperature"] for s in fraction["inv_sigma_w"]]
    axes = Figure().subplots()
    return {
        "counts": one["count"].transpose(*CELL).values.ravel().astype(int).tolist(),
        "networks": int(one["networks"].max()),
        "phases": "".join(phase_of(t, s, boundary=boundary)[0] for t, s in cells),
        "contours": [
            [_thinned(piece) for piece in contour(axes, fraction, level=level, colour="k", linestyle="-")]
            for level in LEVELS
        ],
    }


def _thinned(piece: np.ndarray) -> list[list[float]]:
    """Six points of a line per grid spacing, and its end, in powers of two to a hundredth."""
    kept = np.concatenate([piece[: -1 : FINE // 6], piece[-1:]])
    return np.round(np.log2(kept), 2).tolist()
