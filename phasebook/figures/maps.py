"""Heat maps over the plane of 1/sigma_W (across) and T = eps/|B| (up), both axes logarithmic to base 2."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import QuadMesh
from matplotlib.colorbar import Colorbar
from matplotlib.colors import BoundaryNorm, LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogFormatterMathtext, NullLocator

from phasebook.figures.style import DIVERGING, SEQUENTIAL, Phase, curve_colours

INV_SIGMA_W_LABEL = r"$1/\sigma_W$"
TEMPERATURE_LABEL = r"$T = \epsilon/|\mathcal{B}|$"


def heat_map(
    axes: Axes, values: xr.DataArray, *, norm: Normalize, cmap: str = SEQUENTIAL, title: str = ""
) -> QuadMesh:
    """Draw one number per cell of the plane.

    Args:
        axes: where to draw.
        values: dims temperature and inv_sigma_w (any order), coordinates positive and ascending; NaN stays
            grey.
        norm: maps values to colours; share it between panels that are to be compared.
        cmap: name of the colour map.
        title: of the panel.

    Returns:
        The mesh, whose array has shape (temperature, inv_sigma_w), for a colour bar.
    """
    values = values.transpose("temperature", "inv_sigma_w")
    inv_sigma_w, temperature = values["inv_sigma_w"].values, values["temperature"].values
    axes.set_facecolor("0.75")
    mesh = axes.pcolormesh(
        cell_edges(inv_sigma_w), cell_edges(temperature), values.values, norm=norm, cmap=cmap
    )
    mesh.set_rasterized(True)
    power_of_two_axis(axes, "x", inv_sigma_w, label=INV_SIGMA_W_LABEL)
    power_of_two_axis(axes, "y", temperature, label=TEMPERATURE_LABEL)
    axes.set_title(title)
    return mesh


def power_of_two_axis(axes: Axes, which: str, values: np.ndarray, *, label: str, every: int = 2) -> None:
    """Make an axis logarithmic to base 2 with ticks at every `every`-th power of two that `values` span."""
    scale, axis, set_label = {
        "x": (axes.set_xscale, axes.xaxis, axes.set_xlabel),
        "y": (axes.set_yscale, axes.yaxis, axes.set_ylabel),
    }[which]
    scale("log", base=2)
    powers = np.arange(np.ceil(np.log2(values.min())), np.floor(np.log2(values.max())) + 1)
    axis.set_major_locator(
        FixedLocator(list(2.0 ** (powers[powers % every == 0] if len(powers) > 4 else powers)))
    )
    axis.set_major_formatter(LogFormatterMathtext(base=2, labelOnlyBase=True))
    axis.set_minor_locator(NullLocator())
    set_label(label)


def cell_edges(centres: np.ndarray) -> np.ndarray:
    """Edges of cells around logarithmic centres, shape (n,) -> (n + 1,); a single cell is a factor 2 wide."""
    logs = np.log2(centres)
    inner = (logs[1:] + logs[:-1]) / 2
    half = (0.5, 0.5) if len(logs) == 1 else ((logs[1] - logs[0]) / 2, (logs[-1] - logs[-2]) / 2)
    return 2.0 ** np.concatenate([[logs[0] - half[0]], inner, [logs[-1] + half[1]]])


def decade_norm(*maps: xr.DataArray) -> LogNorm:
    """One logarithmic colour scale for several maps: from the power of ten below the least positive value to
    the one above the greatest.

    Raises:
        ValueError: no positive finite value in any map.
    """
    values = np.concatenate([np.asarray(one.values, dtype=float).ravel() for one in maps])
    positive = values[np.isfinite(values) & (values > 0)]
    if positive.size == 0:
        raise ValueError("a logarithmic colour scale needs a positive value, got none")
    low, high = np.floor(np.log10(positive.min())), np.ceil(np.log10(positive.max()))
    return LogNorm(10.0**low, 10.0 ** max(high, low + 1))


def symmetric_norm(values: xr.DataArray) -> Normalize:
    """A linear scale centred on zero, up to the greatest absolute value rounded up to an integer."""
    limit = max(np.ceil(float(np.abs(values).max())), 1.0)
    return Normalize(-limit, limit)


def log_ratio_map(axes: Axes, ratio: xr.DataArray, *, title: str) -> QuadMesh:
    """A diverging map of log10 of a ratio; cells below zero carry a dot: the sign survives greyscale."""
    mesh = heat_map(axes, ratio, norm=symmetric_norm(ratio), cmap=DIVERGING, title=title)
    ordered = ratio.transpose("temperature", "inv_sigma_w")
    rows, columns = np.nonzero(ordered.values < 0)
    axes.plot(
        ordered["inv_sigma_w"].values[columns], ordered["temperature"].values[rows], "k.", markersize=2.5
    )
    return mesh


def name_region(axes: Axes, phase: Phase, place: tuple[float, float]) -> None:
    """Write the name of a phase into a map, framed in its colour; `place` in fractions of the axes."""
    frame = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": phase.colour, "linewidth": 2.0}
    axes.text(*place, phase.name, transform=axes.transAxes, ha="center", va="center", bbox=frame)


def curve_bar(figure: Figure, axes: Axes | list[Axes], values: np.ndarray, *, label: str) -> Colorbar:
    """The key to what is coloured by `curve_colours`: one block for each of `values` (powers of two)."""
    count = len(values)
    norm = BoundaryNorm(np.arange(count + 1) - 0.5, count)
    bar = figure.colorbar(ScalarMappable(norm, curve_colours(count)), ax=axes, label=label)
    shown = range(0, count, 2 if count > 4 else 1)
    bar.set_ticks(list(shown), labels=[rf"$2^{{{np.log2(values[k]):g}}}$" for k in shown])
    bar.minorticks_off()
    return bar
