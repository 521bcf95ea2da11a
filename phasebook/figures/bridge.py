"""What carries over from the random matrices to the tanh network: noise at the end, and widths of levels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from phasebook.figures.style import JAMMED, ORDERED, PARAMAGNETIC, BookFigure, new_figure, styled
from phasebook.network import Array

STYLES = (
    (ORDERED.colour, "o", "-"),
    (PARAMAGNETIC.colour, "^", "-."),
    (JAMMED.colour, "s", "--"),
)


@styled
def noise_against_loss(paths: Mapping[str, xr.Dataset]) -> BookFigure:
    """Does the noise vanish with the loss, or stay?

    Args:
        paths: name -> loss and noise along training, dims (model, time).

    Returns:
        Median over networks of the noise against that of the loss, training going left; both over their
        largest value.
    """
    figure = new_figure(height=4.2)
    axes = figure.subplots()
    for (name, path), (colour, marker, line) in zip(paths.items(), STYLES, strict=True):
        x, y = (path[key].median("model").values for key in ("loss", "noise"))
        axes.plot(x / x.max(), y / y.max(), color=colour, marker=marker, linestyle=line, label=name)
    axes.set(
        xscale="log", yscale="log", xlabel="loss / its largest value, falling to the left",
        ylabel="gradient noise / its largest value",
    )  # fmt: skip
    axes.legend(loc="lower right")
    return figure


@styled
def spacing_against_temperature(curves: Mapping[str, tuple[Array, Array, Array]]) -> BookFigure:
    """Is the level spacing a width made by noise, proportional to sqrt(T)?

    Args:
        curves: name -> (temperature, ascending, spacing, its standard error).

    Returns:
        Spacing against temperature, both over their value at the lowest temperature, with sqrt(T).
    """
    figure = new_figure(height=4.0)
    axes = figure.subplots()
    reach = 1.0
    for (name, (place, spacing, error)), (colour, marker, line) in zip(
        curves.items(), (STYLES[0], STYLES[2]), strict=True
    ):
        ratio = place / place[0]
        reach = max(reach, float(ratio[-1]))
        axes.errorbar(
            ratio, spacing / spacing[0], yerr=error / spacing[0], color=colour, marker=marker, linestyle=line,
            linewidth=0.9, label=name,
        )  # fmt: skip
    ends = np.array([1.0, reach])
    axes.plot(ends, np.sqrt(ends), color="0.4", linestyle=":", label=r"$\sqrt{T}$")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    axes.set(xlabel="temperature / lowest", ylabel="spacing / that at the lowest temperature")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")
    axes.legend(loc="upper left")
    return figure
