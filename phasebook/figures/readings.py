"""How the boundary depends on the reading of the criterion, on its signs, and on its left-hand side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.colors import Normalize
from scipy.stats import binom

from phasebook.boundaries import LEVELS, boundary_temperature
from phasebook.figures.contours import contour
from phasebook.figures.maps import (
    INV_SIGMA_W_LABEL,
    TEMPERATURE_LABEL,
    curve_bar,
    heat_map,
    power_of_two_axis,
)
from phasebook.figures.style import (
    DIVERGING,
    JAMMED,
    ORDERED,
    PARAMAGNETIC,
    BookFigure,
    curve_colours,
    new_figure,
    styled,
)

STYLES = (
    ("#004488", "-"),
    ("#66CCEE", "--"),
    ("#777777", ":"),
    ("#228833", "-."),
    ("#777777", ":"),
    ("#BB5566", "--"),
    ("#DDAA33", "-"),
)
"""Colour and line of each of the seven readings."""

SPACING_LABELS = {"bound": "bound on $S(0)$", "initial": "measured $S(0)$", "final": "measured $S(t_f)$"}


@styled
def readings_sheet(result: xr.Dataset) -> BookFigure:
    """How does the boundary move between the readings of the text and of the code?

    Args:
        result: `convergence` under up to seven readings.

    Returns:
        A map of the fraction of converged networks for each reading, with the 68 % contour (thick) and
        Wilson's interval of it (thin), and a last panel with the upper 68 % line of all.
    """
    names = [str(name) for name in result["reading"].values]
    figure = new_figure(height=5.2)
    panels = figure.subplots(2, 4, sharex=True, sharey=True)
    norm = Normalize(0.0, 1.0)
    mesh = None
    for k, (axes, name) in enumerate(zip(panels.flat, names, strict=False)):
        one = result.sel(reading=name)
        mesh = heat_map(axes, one["fraction"], norm=norm)
        axes.set_title(f"{k + 1}: {name}", fontsize=9)
        contour(axes, one["fraction"], level=LEVELS[0], colour="1.0", linestyle="-")
        for side in ("lower", "upper"):
            contour(axes, one[side], level=LEVELS[0], colour="#66CCEE", linestyle="-", width=0.8)
    last = panels.flat[-1]
    for k, name in enumerate(names):
        line = boundary_temperature(result["fraction"].sel(reading=name))
        colour, linestyle = STYLES[k]
        finite = np.isfinite(line)
        label = f"{k + 1}" if bool(finite.any()) else "_"  # a reading without a line has no key
        last.plot(line["inv_sigma_w"][finite], line[finite], linestyle, color=colour, label=label, gid=name)
    power_of_two_axis(last, "x", result["inv_sigma_w"].values, label=INV_SIGMA_W_LABEL, every=3)
    last.set_title("upper 68 % lines", fontsize=9)
    last.legend(fontsize=7.5, loc="lower left", handlelength=1.8)
    for axes in panels.flat:
        axes.label_outer()
    if mesh is not None:
        figure.colorbar(mesh, ax=list(panels.flat), label="fraction converged", aspect=35)
    return figure


@styled
def coin_flips(parts: xr.Dataset, *, reading: str) -> BookFigure:
    """Which signs in the criterion are decided by the physics, and which by a coin?

    Args:
        parts: from `signal_and_noise`.
        reading: whose V_S is shown.

    Returns:
        Three maps: fraction of networks with V_S < 0, with K_N < 0, and with |K_N| > |K_1|. A dot marks a
        cell that a fair coin would give (within its central 95 %).
    """
    figure = new_figure(height=3.8)
    panels = figure.subplots(1, 3, sharey=True)
    lowest, highest = parts["lowest_drift"], parts["highest_drift"]
    shown = (
        (parts["repulsion"].sel(reading=reading) < 0, "$V_S < 0$"),
        (highest < 0, "$K_N < 0$"),
        (abs(highest) > abs(lowest), "$|K_N| > |K_1|$"),
    )
    trials = parts.sizes["model"]
    low, high = binom.interval(0.95, trials, 0.5)
    mesh = None
    for axes, (sign, title) in zip(panels, shown, strict=True):
        count = sign.sum("model").transpose("temperature", "inv_sigma_w")
        mesh = heat_map(axes, count / trials, norm=Normalize(0.0, 1.0), cmap=DIVERGING, title=title)
        rows, columns = np.nonzero((count.values >= low) & (count.values <= high))
        axes.plot(
            count["inv_sigma_w"].values[columns],
            count["temperature"].values[rows],
            "k.",
            markersize=2.5,
            gid="coin",
        )
        axes.label_outer()
    if mesh is not None:
        figure.colorbar(mesh, ax=list(panels), location="bottom", label="fraction of networks", aspect=40)
    return figure


@styled
def left_hand_sides(results: Mapping[str, xr.Dataset], *, inv_sigma_w: float = 8.0) -> BookFigure:
    """What does the choice of S in T / S do to the boundary?

    Args:
        results: "bound", "initial", "final" -> `convergence` with that spacing.
        inv_sigma_w: the column shown.

    Returns:
        One panel for each reading in the results: fraction of converged networks against T for each spacing,
        with Wilson's interval, and the three levels of the paper.
    """
    names = [str(name) for name in next(iter(results.values()))["reading"].values]
    figure = new_figure(height=3.9)
    panels = np.atleast_1d(figure.subplots(1, len(names), sharey=True))
    looks = ((ORDERED.colour, "o-"), (JAMMED.colour, "s--"), (PARAMAGNETIC.colour, "^-."))
    for axes, name in zip(panels, names, strict=True):
        for (spacing, result), (colour, fmt) in zip(results.items(), looks, strict=False):
            one = result.sel(reading=name, inv_sigma_w=inv_sigma_w)
            bars = np.stack([one["fraction"] - one["lower"], one["upper"] - one["fraction"]])
            axes.errorbar(
                np.asarray(one["temperature"]), one["fraction"], yerr=bars.clip(0),
                fmt=fmt, color=colour, markersize=4, elinewidth=1, label=SPACING_LABELS[spacing],
            )  # fmt: skip
        for level in LEVELS:
            axes.axhline(level, color="0.6", linewidth=0.7, zorder=0)
        power_of_two_axis(
            axes, "x", next(iter(results.values()))["temperature"].values, label=TEMPERATURE_LABEL
        )
        axes.set_title(name)
    panels[0].set(ylim=(-0.03, 1.05), ylabel="fraction converged")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


@styled
def signal_and_loss(
    dataset: xr.Dataset, parts: xr.Dataset, *, readings: Sequence[str], inv_sigma_w: float = 8.0
) -> BookFigure:
    """Does the criterion know which networks have learnt?

    Args:
        dataset: a sweep.
        parts: `signal_and_noise` of it.
        readings: one panel each.
        inv_sigma_w: the column shown.

    Returns:
        For every network the margin of the criterion, -K_S S(0) / (T V_S), against its test error, coloured
        by T. Above the line at 1 the criterion says "converged". Negative margins cannot be drawn on the
        logarithmic axis; each panel says how many there are.
    """
    figure = new_figure(height=4.2)
    panels = np.atleast_1d(figure.subplots(1, len(readings), sharey=True))
    temperature = dataset["temperature"].values
    colours = curve_colours(len(temperature))
    bound = float(parts["spacing_bound"].sel(inv_sigma_w=inv_sigma_w))
    for axes, name in zip(panels, readings, strict=True):
        one = parts.sel(reading=name, inv_sigma_w=inv_sigma_w)
        margin = -one["drift"] * bound / (one["temperature"] * one["repulsion"])
        for k, value in enumerate(temperature):
            error = 2 * dataset["test_loss"].sel(temperature=value, inv_sigma_w=inv_sigma_w)
            shown = margin.sel(temperature=value)
            axes.plot(error, shown.where(shown > 0), ".", color=colours(k), markersize=3)
        axes.axhline(1.0, color="0.2", linewidth=1.0)
        axes.set(xscale="log", yscale="log", xlabel="test error", title=name)
        missing = float((margin <= 0).mean())
        axes.text(
            0.97, 0.97, f"not drawn: {100 * missing:.0f} %",
            transform=axes.transAxes, ha="right", va="top", fontsize=9,
        )  # fmt: skip
    panels[0].set_ylabel(r"margin $-K_S S(0) / (T V_S)$")
    curve_bar(figure, list(panels), temperature, label=TEMPERATURE_LABEL)
    return figure
