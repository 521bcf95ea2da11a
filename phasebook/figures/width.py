"""Figures on networks of 1, 2, 4 and 8 times the paper's hidden widths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from phasebook.evidence.statistics import Estimate, mean_and_error
from phasebook.figures.maps import INV_SIGMA_W_LABEL, TEMPERATURE_LABEL, power_of_two_axis
from phasebook.figures.style import JAMMED, ORDERED, BookFigure, curve_colours, new_figure, styled
from phasebook.network import PAPER_WIDTHS, Array
from phasebook.theory.power_law import logarithm
from phasebook.theory.width import static_overlap

MARKERS = "os^D"
SIZE_LABEL = "units of the first hidden layer, $n_1$"
SCALED_LABEL = r"$T\,n_1/32$"


def name_of(factor: int) -> str:
    """The hidden widths, such as "64-32"."""
    return "-".join(str(factor * units) for units in PAPER_WIDTHS[1:3])


@styled
def cost(seconds: Mapping[str, Mapping[int, float]]) -> BookFigure:
    """What does a step cost, and which way of training is faster?

    Args:
        seconds: way -> factor -> seconds of one core for one step of one network.

    Returns:
        Left the times against the number of trained weights, with a line in proportion to it; right each time
        over the shortest of its width.
    """
    figure = new_figure(height=3.4)
    left, right = figure.subplots(1, 2)
    for (way, times), phase in zip(seconds.items(), (ORDERED, JAMMED), strict=False):
        factors = np.array(list(times))
        weights = factors**2 * PAPER_WIDTHS[1] * PAPER_WIDTHS[2]
        microseconds = 1e6 * np.array(list(times.values()))
        best = np.array([1e6 * min(way[factor] for way in seconds.values()) for factor in factors])
        style = {"marker": phase.marker, "linestyle": phase.linestyle, "color": phase.colour, "label": way}
        left.plot(weights, microseconds, **style)
        right.plot(weights, microseconds / best, **style)
        if way == next(iter(seconds)):
            left.plot(
                weights, microseconds[0] * weights / weights[0], ":", color="0.4", label="in proportion"
            )
            for axes in (left, right):
                axes.set(xscale="log", yscale="log", xlabel="trained weights $n_1 n_2$")
                axes.set_xticks(list(weights), labels=[f"{n}" for n in weights])
                axes.xaxis.set_minor_locator(NullLocator())
    left.set_ylabel("µs per network and step")
    right.set_ylabel("time over the shorter one")
    left.legend()
    return figure


@styled
def error_curves(errors: Mapping[int, xr.DataArray]) -> BookFigure:
    """Where is the transition of wide networks, and is it steeper?

    Args:
        errors: factor -> squared test error, dims temperature and model.

    Returns:
        Geometric means over networks with their errors, left against T, right against T n_1 / 32.
    """
    figure = new_figure(height=3.8)
    panels = figure.subplots(1, 2, sharey=True)
    colours = curve_colours(len(errors))
    for scaled, (axes, label) in enumerate(zip(panels, (TEMPERATURE_LABEL, SCALED_LABEL), strict=True)):
        seen = []
        for k, (factor, error) in enumerate(errors.items()):
            mean, spread = mean_and_error(logarithm(error))
            place = error["temperature"].values * (factor if scaled else 1)
            seen.append(place)
            middle = np.exp(mean.values)
            bars = np.abs(np.exp(mean.values + np.outer([-1, 1], spread.values)) - middle)
            axes.errorbar(place, middle, bars, fmt=f"{MARKERS[k]}-", color=colours(k), label=name_of(factor),
                          linewidth=1.0, markersize=4)  # fmt: skip
        power_of_two_axis(axes, "x", np.concatenate(seen), label=label)
        axes.set_yscale("log")
    panels[0].set_ylabel("test error, geometric mean")
    panels[0].legend(title="hidden units")
    return figure


@styled
def transition(
    temperatures: Mapping[int, Estimate],
    limits: Mapping[int, Array],
    widths: Mapping[float, Mapping[int, Estimate]],
) -> BookFigure:
    """How does the transition move with the width of the network, and does it get sharper?

    Args:
        temperatures: factor -> half-way temperature.
        limits: factor -> largest stable T of each teacher.
        widths: training time in epochs -> factor -> ln T from a quarter to three quarters of the rise.

    Returns:
        Left both temperatures against n_1 with lines 1/n_1; right the widths against n_1.
    """
    figure = new_figure(height=3.6)
    left, right = figure.subplots(1, 2)
    sizes = _sizes(temperatures)
    _estimates(left, temperatures, fmt="o", color=ORDERED.colour, label="half-way temperature")
    middle = {
        factor: Estimate(float(np.exp(np.log(t).mean())), float(np.std(t, ddof=1) / np.sqrt(len(t))))
        for factor, t in limits.items()
    }
    _estimates(left, middle, fmt="s", color=JAMMED.colour, label="stability limit at the teacher")
    for points in (temperatures, middle):
        left.plot(sizes, points[min(points)].value * sizes[0] / sizes, ":", color="0.4")
    left.set_yscale("log", base=2)
    left.set_ylabel("$T$")
    left.set_ylim(top=4 * max(point.value for point in temperatures.values()))
    left.legend(title="dotted: in proportion to $1/n_1$", loc="upper right")
    colours = curve_colours(len(widths))
    for k, (time, found) in enumerate(widths.items()):
        label = f"{time:.2g} epoch" + "s" * (time != 1)
        _estimates(
            right, found, fmt=f"{MARKERS[k]}-", color=colours(k), label=label, shift=1 + 0.05 * (k - 1)
        )
    right.set(ylabel=r"width of the rise in $\ln T$", ylim=(0, None))
    right.legend(loc="lower left")
    return figure


@styled
def overlap(
    overlaps: Mapping[int, xr.DataArray], intervals: Mapping[int, Estimate], limit: float
) -> BookFigure:
    """Does the vertical boundary sharpen?

    Args:
        overlaps: factor -> G(t_f, 0), dims inv_sigma_w and model.
        intervals: factor -> ln(1/sigma_W) over which its mean falls from 0.7 to 0.3.
        limit: the same for G(0, 0) of an infinitely wide network.
    """
    figure = new_figure(height=3.6)
    left, right = figure.subplots(1, 2)
    colours = curve_colours(len(overlaps))
    for k, (factor, values) in enumerate(overlaps.items()):
        mean, spread = mean_and_error(values)
        left.errorbar(mean["inv_sigma_w"], mean, spread, fmt=f"{MARKERS[k]}-", color=colours(k),
                      label=name_of(factor), linewidth=1.0, markersize=4)  # fmt: skip
    place = next(iter(overlaps.values()))["inv_sigma_w"].values
    fine = np.geomspace(place[0], place[-1], 100)
    left.plot(fine, static_overlap(fine), "--", color="0.4", label=r"$G(0,0)$, $n \to \infty$")
    power_of_two_axis(left, "x", place, label=INV_SIGMA_W_LABEL)
    left.set_ylabel("$G(t_f, 0)$")
    left.legend()
    _estimates(right, intervals, fmt="o", color=ORDERED.colour, label="$G(t_f, 0)$, measured")
    right.axhline(limit, color="0.4", linestyle="--", label=r"$G(0, 0)$, $n \to \infty$")
    right.set(ylabel=r"$\ln(1/\sigma_W)$ from $G = 0.7$ to 0.3", ylim=(0, None))
    right.legend(loc="lower left")
    return figure


@styled
def what_else(panels: Sequence[tuple[str, Mapping[int, Estimate], float | None]]) -> BookFigure:
    """What changes with the width besides the boundary.

    Args:
        panels: label, factor -> value, and the exponent of n_1 of a dotted line through the first point.
    """
    figure = new_figure(height=3.2)
    for axes, (label, values, exponent) in zip(figure.subplots(1, len(panels)), panels, strict=True):
        _estimates(axes, values, fmt="o", color=ORDERED.colour)
        sizes = _sizes(values)
        if exponent is None:
            axes.set_ylim(0, 1.3 * max(point.value + point.error for point in values.values()))
        else:
            line = values[min(values)].value * (sizes / sizes[0]) ** exponent
            axes.plot(sizes, line, ":", color="0.4", label=f"$n_1^{{{exponent:g}}}$")
            axes.set_yscale("log", base=2)
            axes.legend()
        axes.set_title(label)
        axes.set_xlabel("$n_1$")
    return figure


def _sizes(values: Mapping[int, object]) -> Array:
    return PAPER_WIDTHS[1] * np.array(sorted(values), dtype=float)


def _estimates(
    axes: Axes, values: Mapping[int, Estimate], *, fmt: str, color: object, label: str = "", shift: float = 1
) -> None:
    """Values with error bars against n_1; `shift` a factor that keeps bars apart."""
    sizes = _sizes(values)
    ordered = [values[factor] for factor in sorted(values)]
    bars = [point.error for point in ordered]
    axes.errorbar(sizes * shift, [p.value for p in ordered], bars, fmt=fmt, color=color, label=label or None)
    axes.set(xscale="log", xlabel=SIZE_LABEL)
    axes.xaxis.set_major_locator(FixedLocator(list(sizes)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0f}")
    axes.set_xlim(sizes[0] / 1.3, sizes[-1] * 1.3)
