"""How many epochs to a given test error, along the temperature axis: the advice of Section 5."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr

from phasebook.boundaries import boundary_temperature
from phasebook.figures.maps import TEMPERATURE_LABEL, power_of_two_axis
from phasebook.figures.style import BookFigure, curve_colours, new_figure, styled
from phasebook.theory.speed import first_passage


@styled
def steps_to_loss(scan: xr.Dataset, result: xr.Dataset, *, errors: Sequence[float]) -> BookFigure:
    """Is the largest temperature of the ordered phase the fastest to train at?

    Args:
        scan: a sweep with a fine temperature axis.
        result: `convergence` of a sweep that has these 1/sigma_W, one reading.
        errors: mean squared test errors to reach, descending.

    Returns:
        One panel for each 1/sigma_W: median over networks of the epochs to each test error against T, with a
        dot at the fastest unless that is the first record, and the 68 % line of the criterion with Wilson's
        interval. A curve ends where fewer than half of the networks arrive.
    """
    columns = scan["inv_sigma_w"].values
    figure = new_figure(height=4.4)
    panels = np.atleast_1d(figure.subplots(1, len(columns), sharey=True))
    colours = curve_colours(len(errors))
    for axes, column in zip(panels, columns, strict=True):
        history = 2 * scan["test_loss_history"].sel(inv_sigma_w=column)
        for k, error in enumerate(errors):
            median = first_passage(history, level=error).median("model")
            finite = median.where(np.isfinite(median))
            axes.plot(
                scan["temperature"],
                finite,
                "-",
                color=colours(k),
                label=f"error {_as_power(error)}",
            )
            if float(finite.min()) > float(scan["time"][1]):
                best = int(np.nanargmin(finite.values))
                axes.plot(
                    scan["temperature"][best], finite[best], "o", color=colours(k), gid=f"fastest {error:g}"
                )
        cut = result.sel(inv_sigma_w=column)
        place = {name: float(boundary_temperature(cut[name])) for name in ("lower", "fraction", "upper")}
        if np.isfinite(place["fraction"]):
            ends = [min(max(place[name], 1e-9), 1e9) for name in ("lower", "upper")]
            axes.axvspan(*ends, color="0.85", linewidth=0, zorder=0)
            axes.axvline(place["fraction"], color="0.2", linestyle="-.", gid="boundary")
        power_of_two_axis(axes, "x", scan["temperature"].values, label=TEMPERATURE_LABEL)
        axes.set_xlim(scan["temperature"].values[[0, -1]])
        axes.set(yscale="log", title=f"$1/\\sigma_W = {column:g}$")
    panels[0].set_ylabel("epochs to reach it (median)")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(errors))
    return figure


def _as_power(value: float) -> str:
    """3 x 10^-4 in the same form as 10^-3, for a legend that lists both."""
    power = math.floor(math.log10(value) + 1e-9)
    factor = f"{value / 10**power:.2g}"
    product = "" if factor == "1" else rf"{factor} \times "
    return rf"${product}10^{{{power}}}$"
