"""Figures of the Gaussian RBM: its structure, its learning curves, its eigenvalues when trained."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from phasebook.figures.style import JAMMED, ORDERED, BookFigure, curve_colours, new_figure, styled
from phasebook.network import Array
from phasebook.systems.coulomb_gas import two_level_density
from phasebook.systems.gaussian_rbm import GaussianRBM, mean_shift, stationary_width

SHOWN = 3
"""Networks whose single curves are drawn."""

BIN = 0.04
BELOW_LEGEND = 0.82
"""Share of the height that data and targets take; the legend has the rest."""


@styled
def structure(model: GaussianRBM) -> BookFigure:
    """Figure 1: which units of a restricted Boltzmann machine are coupled?

    Returns:
        Two rows of nodes, hidden above visible, every node joined to all of the other row; below, the ring of
        the field that the visible units stand for.
    """
    figure = new_figure(height=2.6)
    axes = figure.subplots()
    places = range(model.sites)
    for v in places:
        for h in places:
            axes.plot([v, h], [0, 1], color="0.8", linewidth=0.5, linestyle="-", zorder=1)
    for row, colour in ((0, ORDERED.colour), (1, JAMMED.colour)):
        axes.scatter(places, np.full(model.sites, row), s=260, color=colour, zorder=2)
    for i in places:
        for row, name in ((0, "v"), (1, "h")):
            axes.text(i, row, rf"${name}_{{{i + 1}}}$", color="white", ha="center", va="center", fontsize=9)
    axes.text(-0.6, 1, f"$N_h = {model.sites}$ hidden", ha="right", va="center")
    axes.text(-0.6, 0, f"$N_v = {model.sites}$ visible", ha="right", va="center")
    axes.text(-0.6, 0.5, "$W$", ha="right", va="center", fontsize=12)
    axes.set(xlim=(-3.2, model.sites - 0.4), ylim=(-0.3, 1.3))
    axes.axis("off")
    return figure


@styled
def learning_curves(run: xr.Dataset, exact: Array, model: GaussianRBM) -> BookFigure:
    """Do the eigenvalues learn the targets as the exact solution says?

    Args:
        run: `contrastive_divergence.train` from small weights, with many records.
        exact: noise-free curves of each network from its own start, (network, update, level) in the order of
            `run`.
        model: for the targets.

    Returns:
        x against the number of updates: thin, single networks; thick, their mean; dashed, the mean of the
        exact curves; a tick at the right for each target.
    """
    figure = new_figure(height=4.6)
    axes = figure.subplots()
    updates, x = run["update"].values, run["eigenvalues"].values
    colours = curve_colours(len(model.multiplets))
    for number, group in enumerate(model.multiplets[::-1]):
        colour = colours(number)
        for level in group:
            axes.plot(updates, x[:SHOWN, :, level].T, color=colour, linewidth=0.4, linestyle="-", alpha=0.35)
            axes.plot(updates, np.nanmean(x[..., level], axis=0), color=colour, linewidth=2, linestyle="-")
            axes.plot(updates, exact[..., level].mean(axis=0), color="black", linewidth=1.1, linestyle="--")
        target = model.targets[::-1][group[0]]
        times = "two" if len(group) == 2 else "one"
        axes.annotate(
            f"$x^*={target:.2f}$ ({times})", (1.01, target), xycoords=("axes fraction", "data"), va="center",
            fontsize=8.5, color=colour,
        )  # fmt: skip
    axes.plot([], [], color="0.3", linewidth=2, linestyle="-", label="mean of the networks")
    axes.plot([], [], color="black", linewidth=1.1, linestyle="--", label="exact solution without noise")
    axes.set(
        xlim=(0, updates[-1]), ylim=(0, model.targets[0] * 1.3), xlabel="updates",
        ylabel="eigenvalues $x_i$ of $W^T W$",
    )  # fmt: skip
    axes.legend(loc="upper right", ncols=2)
    return figure


@styled
def stationary_eigenvalues(run: xr.Dataset, model: GaussianRBM, *, pair: int = 3) -> BookFigure:
    """Figure 2: where do the eigenvalues end, and with which density?

    Args:
        run: from `rbm_equilibrium.equilibrium`.
        model: for the targets.
        pair: which of the degenerate pairs the close-up shows, by ascending target.

    Returns:
        Left, a histogram of each multiplet, its target dashed, and the target with the predicted shift
        dotted. Right, one pair: the exact law of two levels with the predicted width (nothing fitted but the
        centre), and with the measured one.
    """
    figure = new_figure(height=4.2)
    left, right = figure.subplots(1, 2, width_ratios=[1.5, 1])
    x = run["eigenvalues"].values.reshape(-1, model.sites)
    x = x[np.isfinite(x).all(axis=1)]
    settings = {"learning_rate": run.attrs["learning_rate"], "batch_size": run.attrs["batch_size"]}
    shift = mean_shift(model, **settings)[::-1]
    for number, group in enumerate(model.multiplets):
        target = model.targets[::-1][group[0]]
        shade = ORDERED.colour if number % 2 else JAMMED.colour
        levels = x[:, list(group)].ravel()
        edges = np.arange(levels.min(), levels.max() + BIN, BIN)
        left.hist(levels, bins=edges, color=shade, alpha=0.55, weights=np.full(levels.size, 1 / BIN / len(x)))
        left.axvline(target, ymax=BELOW_LEGEND, color="black", linewidth=1, linestyle="--")
        left.axvline(target + shift[group[0]], ymax=BELOW_LEGEND, color="black", linewidth=1, linestyle=":")
    left.plot([], [], color="black", linewidth=1, linestyle="--", label="target $x^*$")
    left.plot([], [], color="black", linewidth=1, linestyle=":", label="target + predicted shift")
    left.set(xlabel="eigenvalue $x$", ylabel="eigenvalues per network and unit $x$", title="all targets")
    left.set_ylim(0, left.get_ylim()[1] / BELOW_LEGEND)
    left.legend(loc="upper right")
    group = model.pairs[pair]
    _close_up(right, x[:, list(group)], target=model.targets[::-1][group[0]], settings=settings)
    return figure


def _close_up(axes: Axes, levels: Array, *, target: float, settings: dict[str, float]) -> None:
    centre = levels.mean()
    width = float(
        stationary_width(
            np.array(target), learning_rate=settings["learning_rate"], batch_size=settings["batch_size"]
        )
    )
    fitted = float(np.sqrt(levels.var() / 1.5))
    axes.hist(levels.ravel(), bins=40, density=True, color=ORDERED.colour, alpha=0.4)
    u = np.linspace(-4 * width, 4 * width, 400)
    axes.plot(
        centre + u, two_level_density(u, s1=fitted, s2=fitted), color="black", linestyle="-",
        label="law of two levels,\nwidth measured",
    )  # fmt: skip
    axes.plot(
        centre + u, two_level_density(u, s1=width, s2=width), color=JAMMED.colour, linestyle="--",
        label="width predicted",
    )  # fmt: skip
    axes.set(xlabel="eigenvalue $x$", ylabel="density", title=f"the pair at $x^*={target:.2f}$")
    axes.set_ylim(0, axes.get_ylim()[1] * 1.35)
    axes.legend(loc="upper left")
