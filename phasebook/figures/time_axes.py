"""What the figures on training time share: an axis of SGD steps, and an ensemble drawn along it."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from phasebook.evidence.statistics import median_and_band
from phasebook.figures.dyson import cell_text
from phasebook.figures.style import Phase
from phasebook.theory.power_law import evenly_spaced

STEPS_LABEL = "SGD steps"


def power(number: float) -> str:
    """A power of ten as a title shows it; other numbers as they are."""
    exponent = np.log10(number)
    return rf"$10^{{{exponent:.0f}}}$" if abs(exponent - round(exponent)) < 0.01 else f"{number:.2g}"


def draw_median(axes: Axes, values: xr.DataArray, phase: Phase, cells: xr.Dataset, *, per_epoch: int) -> None:
    """Median over networks against SGD steps, with the band from the 16th to the 84th percentile."""
    middle, lower, upper = median_and_band(evenly_spaced(values))
    steps = middle["time"].values * per_epoch
    place = cells.sel(phase=phase.name)
    label = f"{phase.name}: {cell_text(float(place['temperature']), float(place['inv_sigma_w']))}"
    axes.plot(steps, middle, color=phase.colour, linestyle=phase.linestyle, label=label)
    axes.fill_between(steps, lower, upper, color=phase.colour, alpha=0.2, linewidth=0)
    axes.set(xscale="log", xlim=(steps[0], steps[-1]))
    axes.set_xticks(10.0 ** np.arange(2, np.log10(steps[-1]) + 0.01, 2))
    axes.minorticks_off()
