"""Lines of equal fraction over the plane of 1/sigma_W and T."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patheffects import AbstractPathEffect, withStroke
from scipy.interpolate import RegularGridInterpolator

from phasebook.boundaries import LEVELS

Dash = Literal["-", "--", "-.", ":"]

FINE = 24
"""Points per grid spacing between which a contour is straight."""

LEVEL_STYLES: dict[float, tuple[str, Dash]] = dict(
    zip(LEVELS, (("0.75", "-."), ("0.9", "--"), ("1.0", "-")), strict=True)
)
"""Colour and line of the paper's three levels: the dimmest for the lowest, as in its Figure 8."""

HALO: list[AbstractPathEffect] = [withStroke(linewidth=3.0, foreground="black")]
"""A dark edge, so that a pale line shows on the bright end of a map."""

LEGEND: dict[str, Any] = {"frameon": True, "facecolor": "0.35", "labelcolor": "white", "fontsize": 9}
"""Pale lines on a dark ground, as in the maps."""


def contour(
    axes: Axes,
    fraction: xr.DataArray,
    *,
    level: float,
    colour: str,
    linestyle: Dash,
    width: float = 1.6,
    between: tuple[float, float] = (0.0, np.inf),
) -> list[np.ndarray]:
    """Draw where a quantity given on the cells equals `level`, linear between centres in log2 of both axes.

    Args:
        axes: of a map made by `heat_map`.
        fraction: dims temperature and inv_sigma_w (any order), NaN nowhere.
        level, colour, linestyle, width: of the line.
        between: draw it only where T / sigma_W lies in here.

    Returns:
        The pieces drawn, each (point, 2) in (1/sigma_W, T).
    """
    values = fraction.transpose("temperature", "inv_sigma_w")
    logs = [np.log2(values[name].values) for name in values.dims]
    fine = [np.linspace(log[0], log[-1], FINE * (len(log) - 1) + 1) for log in logs]
    mesh = np.stack(np.meshgrid(*fine, indexing="ij"), axis=-1)
    refined = RegularGridInterpolator(logs, values.values.astype(float))(mesh)
    product = 2.0 ** mesh.sum(axis=-1)
    refined = np.ma.masked_where((product < between[0]) | (product > between[1]), refined)
    if not refined.min() < level <= refined.max():
        return []
    drawn = axes.contour(
        2 ** fine[1], 2 ** fine[0], refined,
        levels=[level], colors=[colour], linestyles=[linestyle], linewidths=[width],
    )  # fmt: skip
    drawn.set_path_effects(HALO if width > 1 else [])
    pieces = []
    for path in drawn.get_paths():
        path.should_simplify = False  # or points closer than a part of a data unit go: most of those at 1/256
        pieces += [np.asarray(piece) for piece in path.to_polygons(closed_only=False)]
    return pieces


def level_contours(axes: Axes, fraction: xr.DataArray) -> dict[float, list[np.ndarray]]:
    """The paper's three contours, 68, 95 and 99.7 %, each in its style."""
    return {
        level: contour(axes, fraction, level=level, colour=colour, linestyle=linestyle)
        for level, (colour, linestyle) in LEVEL_STYLES.items()
    }


def level_keys() -> list[Line2D]:
    """Legend entries for `level_contours`."""
    return [
        Line2D([], [], color=colour, linestyle=linestyle, label=f"{100 * level:g} %")
        for level, (colour, linestyle) in LEVEL_STYLES.items()
    ]
