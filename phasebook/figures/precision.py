"""Single against double precision: the same networks, the same order of the data, two roundings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from phasebook.figures.style import JAMMED, ORDERED, PHASES, BookFigure, new_figure, styled
from phasebook.theory.power_law import geometric_mean
from phasebook.theory.rounding import Steps


@styled
def single_and_double(runs: Mapping[str, xr.Dataset], sizes: Mapping[str, Steps]) -> BookFigure:
    """Does rounding change the loss, the weights, or neither?

    Args:
        runs: name of a phase -> `rounding.both_precisions` of one of its cells, from step 0; the ordered one
            must be there.
        sizes: name of a phase -> `rounding.step_sizes` at the end of training.

    Returns:
        Left, geometric mean of the squared test error of the ordered cell in both precisions. Centre,
        distance between the two runs over the distance travelled, median over networks, for each phase.
        Right, how the motion at the end of training (sum of |step| over weights and updates) is shared
        between steps of different size, in units of the spacing of single precision: density over the
        logarithm.
    """
    figure = new_figure(height=3.9)
    left, centre, right = figure.subplots(1, 3)
    ordered = runs[ORDERED.name]
    error = geometric_mean(ordered["error"])
    left.plot(error["step"], error.sel(precision="float32"), "o", color=JAMMED.colour, label="float32")
    left.plot(error["step"], error.sel(precision="float64"), "-", color=ORDERED.colour, label="float64")
    left.set(xscale="log", yscale="log", xlabel="SGD steps", title="test error, ordered")
    left.legend()
    for phase in PHASES:
        if phase.name in runs:
            one = runs[phase.name]
            apart = (one["distance"] / one["displacement"]).median("model")
            centre.plot(
                apart["step"], apart, color=phase.colour, linestyle=phase.linestyle, marker=phase.marker,
                markersize=3.5, label=phase.name,
            )  # fmt: skip
    centre.set(xscale="log", yscale="log", xlabel="SGD steps", title="distance / distance travelled")
    centre.set_ylim(1e-7, 1e3)
    centre.legend(loc="upper left", fontsize=8.5)
    bins = np.linspace(-2.0, 8.0, 61)
    for phase in PHASES:
        if phase.name in sizes:
            steps = sizes[phase.name]
            logs = np.log10(np.clip(np.ravel(steps.in_spacings), 10 ** bins[0], None))
            share, edges = np.histogram(logs, bins=bins, weights=np.ravel(steps.size), density=True)
            right.stairs(share, edges, color=phase.colour, linestyle=phase.linestyle, label=phase.name)
    right.axvline(0.0, color="0.2", linestyle=":")
    right.set(title="share of the motion", xlabel=r"$\log_{10}$(step / spacing)")
    return figure
