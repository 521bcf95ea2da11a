"""Figures of the linear network in time, and against learning rate and batch size."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from phasebook.figures.style import JAMMED, ORDERED, BookFigure, new_figure, styled
from phasebook.network import Array
from phasebook.systems.linear_fits import fit_logistic, fit_relaxation

LOWER, UPPER = ORDERED.colour, JAMMED.colour
"""Colours of the lower and the upper level."""

LEVEL = "squared singular values of $W$"


@styled
def training(runs: Mapping[str, xr.Dataset], *, first_epoch: int, shown: int = 20) -> BookFigure:
    """Figure 4: does Z change the rate at which the levels reach their target?

    Args:
        runs: title -> run of `learning_curves`.
        first_epoch: the fits of the relaxation law start there.
        shown: how many single networks are drawn.

    Returns:
        A panel for each run: single networks (faint), mean of all (solid), fits to the means (dashed).
    """
    figure = new_figure(height=3.8)
    panels = figure.subplots(1, len(runs), sharey=True, squeeze=False)[0]
    for axes, (title, run) in zip(panels, runs.items(), strict=True):
        epoch, kept = run["epoch"].values, run["epoch"].values >= first_epoch
        means = run["levels"].mean("model").values.T
        for k, (colour, name) in enumerate(((LOWER, "lower level"), (UPPER, "upper level"))):
            axes.plot(
                epoch,
                run["levels"].values[:shown, :, k].T,
                color=colour,
                alpha=0.25,
                linewidth=0.6,
                linestyle="-",
            )
            axes.plot(epoch, means[k], color=colour, linestyle="-", linewidth=2.2, label=f"mean, {name}")
            fit = fit_relaxation(run["time"].values[kept], means[k][kept])
            label = f"fit from epoch {first_epoch}" if k else None
            axes.plot(epoch[kept], fit.values, color="k", linestyle="--", linewidth=1.1, label=label)
        axes.axhline(run.attrs["kappa"], color="0.5", linewidth=0.8, linestyle=":", zorder=0)
        axes.set(title=title, xlabel="epoch", ylim=(0, 1.15 * run.attrs["kappa"]))
    panels[0].set_ylabel(LEVEL)
    panels[-1].legend(loc="lower right")
    return figure


@styled
def laws(curves: Mapping[str, tuple[Array, Array]], *, kappa: float) -> BookFigure:
    """Which law do the mean levels follow, relaxation or logistic growth?

    Args:
        curves: title -> (time, mean level), both (time,).
        kappa: target, the unit of the lower panels.

    Returns:
        Above, each curve with the best fits of both laws, three parameters each; below, what they miss.
    """
    figure = new_figure(height=4.8)
    upper, lower = figure.subplots(2, len(curves), sharex="col", sharey="row", height_ratios=(2.2, 1))
    fits = (
        ("relaxation", fit_relaxation, ORDERED.colour, "-"),
        ("logistic", fit_logistic, JAMMED.colour, "--"),
    )
    for above, below, (title, (time, level)) in zip(upper, lower, curves.items(), strict=True):
        above.plot(time, level, "o", color="0.35", markersize=3.5, label="mean level")
        for name, fit, colour, line in fits:
            values = fit(time, level).values
            above.plot(time, values, color=colour, linestyle=line, label=f"{name} law")
            below.plot(time, 100 * (values - level) / kappa, color=colour, linestyle=line)
        above.set_title(title)
        below.axhline(0, color="0.5", linewidth=0.8, linestyle=":")
        below.set_xlabel(r"time $\alpha \times$ updates")
    upper[0].set_ylabel("mean level")
    lower[0].set_ylabel("fit $-$ mean\n" + r"(% of $\kappa$)")
    upper[0].legend(loc="lower right")
    return figure


@styled
def scaling(scans: Mapping[str, xr.Dataset]) -> BookFigure:
    """Is the mean spacing a function of alpha / |B| alone, proportional to its root?

    Args:
        scans: name -> `spacing_scan`.

    Returns:
        Left, mean spacing against sqrt(kappa A^2 alpha / |B|), with the slope of small steps; right, the
        measured mean over that of the exact covariance.
    """
    figure = new_figure(height=3.7)
    left, right = figure.subplots(1, 2)
    styles = ((ORDERED.colour, "o", "-"), (JAMMED.colour, "s", "--"))
    for (name, scan), (colour, marker, line) in zip(scans.items(), styles, strict=True):
        unit = np.sqrt(scan.attrs["kappa"] * scan.attrs["amplitude"] ** 2 * scan["temperature"].values)
        slope = float(scan["leading"][0]) / unit[0]
        reach = np.array([0, 1.05 * unit.max()])
        left.plot(reach, slope * reach, color=colour, linestyle=line, label=f"{name}: slope {slope:.2f}")
        left.errorbar(
            unit, scan["spacing"], yerr=scan["spacing_error"], color=colour, fmt=marker, markersize=4.5
        )
        right.errorbar(
            scan["temperature"] * (0.96 if marker == "o" else 1.04), scan["spacing"] / scan["exact"],
            yerr=scan["spacing_error"] / scan["exact"], color=colour, fmt=marker, markersize=4.5, label=name,
        )  # fmt: skip
    left.set(xlabel=r"$\sqrt{\kappa A^2 \alpha / |\mathcal{B}|}$", ylabel=r"mean spacing $\langle S \rangle$")
    left.set(xlim=(0, None), ylim=(0, None))
    left.locator_params(axis="x", nbins=4)
    left.legend()
    right.axhline(1, color="0.5", linewidth=0.8, linestyle=":")
    right.set(xlabel=r"$\alpha / |\mathcal{B}|$", ylabel="measured / exact", xscale="log", ylim=(0.9, 1.1))
    right.legend()
    return figure


@styled
def large_steps(scans: Mapping[int, xr.Dataset], *, limits: Mapping[int, float]) -> BookFigure:
    """What happens where the step is too large?

    Args:
        scans: |B| -> `spacing_scan` over learning rates.
        limits: |B| -> largest alpha with a bounded second moment.

    Returns:
        Against alpha over that limit: the mean spacing over its leading order with the exact curve, and the
        share of networks that diverged.
    """
    figure = new_figure(height=3.7)
    left, right = figure.subplots(1, 2)
    styles = ((ORDERED.colour, "o", "-"), (JAMMED.colour, "s", "--"), ("0.4", "^", "-."))
    for (batch_size, scan), (colour, marker, line) in zip(scans.items(), styles, strict=False):
        place = scan["learning_rate"].values / limits[batch_size]
        name = rf"$|\mathcal{{B}}| = {batch_size}$"
        inside = place < 1
        left.plot(place[inside], (scan["exact"] / scan["leading"])[inside], color=colour, linestyle=line)
        left.errorbar(
            place[inside], (scan["spacing"] / scan["leading"])[inside],
            yerr=(scan["spacing_error"] / scan["leading"])[inside], color=colour, fmt=marker, markersize=4.5,
            label=name,
        )  # fmt: skip
        right.plot(place, scan["diverged"], color=colour, marker=marker, linestyle=line, label=name)
    _limit_line(left, "below the limit")
    _limit_line(right, "share of networks that diverged")
    left.set_ylabel(r"$\langle S\rangle$ / leading order")
    left.legend(loc="upper left")
    right.set(ylabel="share", ylim=(-0.03, 1.03))
    return figure


def _limit_line(axes: Axes, title: str) -> None:
    axes.axvline(1, color="0.5", linewidth=0.8, linestyle=":")
    axes.set(title=title, xlabel=r"$\alpha$ / mean-square limit")
