"""Figures of the linear scaling rule on trial: is it eps / |B| that decides?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from phasebook.figures.maps import TEMPERATURE_LABEL
from phasebook.figures.style import BookFigure, curve_colours, new_figure, styled
from phasebook.figures.temperature import BATCH_LABEL, RATE_LABEL, plain_ticks
from phasebook.network import Array
from phasebook.theory.scaling import Transition, interval

MARKERS = "osD^v<>p"
CLOCK_STYLES: dict[str, dict[str, Any]] = {
    "updates": {"color": "#4477AA", "marker": "o"},
    "flow": {"color": "#EE6677", "marker": "s"},
}
CLOCK_NAMES = {"updates": "equal updates", "flow": r"equal $\epsilon t$"}


@styled
def scan_curves(clocks: Mapping[str, xr.DataArray], *, level: float) -> BookFigure:
    """Do the error curves of different |B| fall together as functions of eps / |B|?

    Args:
        clocks: "updates" and "flow" -> errors, dims batch_size, learning_rate, model.
        level: the error that defines the transition, drawn as a line.

    Returns:
        A row for each clock; left the median against eps, right against T. Bars: the middle half of the
        networks.
    """
    figure = new_figure(height=2.9 * len(clocks))
    rows = figure.subplots(len(clocks), 2, squeeze=False, sharey=True)
    for row, (clock, error) in zip(rows, clocks.items(), strict=True):
        sizes = error["batch_size"].values
        colours = curve_colours(len(sizes))
        for k, size in enumerate(sizes):
            curve = error.sel(batch_size=size).dropna("learning_rate", how="all")
            low, median, high = np.quantile(curve.values, [0.25, 0.5, 0.75], axis=-1)
            rates = curve["learning_rate"].values
            for axes, across in ((row[0], rates), (row[1], rates / size)):
                axes.errorbar(
                    across, median, yerr=[median - low, high - median], color=colours(k), marker=MARKERS[k],
                    linestyle="-", elinewidth=0.7, capsize=0, label=f"{size}",
                )  # fmt: skip
        for axes, label in ((row[0], RATE_LABEL), (row[1], TEMPERATURE_LABEL)):
            axes.axhline(level, color="0.6", linestyle=":", zorder=0)
            axes.set(yscale="log", xlabel=label, title=CLOCK_NAMES[clock])
            axes.set_xscale("log", base=2)
        row[0].set_ylabel("median test error")
    rows[0, 0].legend(title=BATCH_LABEL, ncols=2)
    return figure


@styled
def critical_learning_rate(
    transitions: Mapping[str, Mapping[float, Transition]], limits: Array, *, level: float
) -> BookFigure:
    """Does the transition sit at fixed eps / |B|?

    Args:
        transitions: clock -> level of the error -> its transition.
        limits: largest stable eps at the teacher, (network, batch), for the same |B|.
        level: which of the levels the left panel shows.

    Returns:
        Left eps_c against |B| with 95 % intervals, the linear rule as dashes, and the stability limit at
        the teachers (median and middle half). Right the exponents between neighbouring |B|, filled for
        `level`, open for the others.
    """
    figure = new_figure(height=3.8)
    left, right = figure.subplots(1, 2)
    sizes = next(iter(transitions["updates"].values())).batch_sizes
    low, middle, high = np.quantile(limits, [0.25, 0.5, 0.75], axis=0)
    left.fill_between(sizes, low, high, color="0.85", linewidth=0)
    left.plot(sizes, middle, "-", color="0.5", label="stable at the teacher")
    places = np.sqrt(sizes[1:] * sizes[:-1])
    levels = sorted(transitions["updates"])
    for side, (clock, found) in enumerate(transitions.items()):
        name, style = CLOCK_NAMES[clock], CLOCK_STYLES[clock]
        chosen = found[level]
        left.errorbar(
            sizes, chosen.learning_rates, yerr=_bars(chosen.learning_rates, chosen.draws),
            linestyle="none", label=name, **style,
        )  # fmt: skip
        for k, one in enumerate(levels):
            shift = 1.13 ** (2 * (k - (len(levels) - 1) / 2) + (side - 0.5) * 0.8)
            look = {
                **style,
                "linestyle": "none",
                "markerfacecolor": style["color"] if one == level else "white",
            }
            exponents, draws = found[one].exponents, found[one].exponent_draws
            right.errorbar(places * shift, exponents, yerr=_bars(exponents, draws), **look)
    rule = transitions["updates"][level].learning_rates[0] * sizes / sizes[0]
    left.plot(sizes, rule, "--", color="0.3", label=r"$\epsilon_c \propto |\mathcal{B}|$", zorder=0)
    left.set(xscale="log", yscale="log", xlabel=BATCH_LABEL, title=r"critical learning rate $\epsilon_c$")
    left.legend(loc="upper left")
    slopes = np.median(np.diff(np.log(limits), axis=1) / np.diff(np.log(sizes)), axis=0)
    right.hlines(slopes, sizes[:-1] * 1.05, sizes[1:] / 1.05, color="0.5", label="stable at the teacher")
    right.axhline(1, color="0.3", linestyle="--", zorder=0)
    right.axhline(0, color="0.8", linewidth=0.8, zorder=0)
    right.set(xscale="log", xlabel=BATCH_LABEL)
    right.set_title(r"exponent $\mathrm{d}\ln\epsilon_c / \mathrm{d}\ln|\mathcal{B}|$")
    for axes in (left, right):
        plain_ticks(axes, "x", sizes.tolist())
    return figure


@styled
def edge_of_stability(ratios: xr.DataArray, transitions: Transition) -> BookFigure:
    """How close are the solutions that SGD finds to the largest learning rate they bear?

    Args:
        ratios: eps over the stability limit of the weights reached, dims batch_size, learning_rate, model.
        transitions: eps_c of each |B|, marked by a vertical line.

    Returns:
        One panel for each |B|: median and middle half of the networks against eps.
    """
    figure = new_figure(height=2.9)
    sizes = ratios["batch_size"].values
    panels = np.atleast_1d(figure.subplots(1, len(sizes), sharey=True))
    colours = curve_colours(len(sizes))
    for k, (axes, size) in enumerate(zip(panels, sizes, strict=True)):
        curve = ratios.sel(batch_size=size).dropna("learning_rate", how="all")
        low, median, high = np.nanquantile(curve.values, [0.25, 0.5, 0.75], axis=-1)
        axes.errorbar(
            curve["learning_rate"], median, yerr=[median - low, high - median],
            color=colours(k), marker=MARKERS[k], linestyle="-",
        )  # fmt: skip
        axes.axhline(1, color="0.3", linestyle="--", zorder=0)
        critical = transitions.learning_rates[list(transitions.batch_sizes).index(size)]
        axes.axvline(critical, color="0.6", linestyle=":", zorder=0)
        axes.set(xlabel=RATE_LABEL, title=rf"$|\mathcal{{B}}| = {size}$")
        axes.set_xscale("log", base=2)
    panels[0].set_ylabel(r"$\epsilon\,/$ largest stable $\epsilon$")
    return figure


def _bars(values: Array, draws: Array) -> Array:
    lower, upper = interval(draws)
    return np.clip([values - lower, upper - values], 0, None)
