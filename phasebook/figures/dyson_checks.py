"""Figures that put the stochastic equations (4.3) and (4.8) to the test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from phasebook.figures.style import BookFigure, new_figure, styled
from phasebook.network import Array
from phasebook.spectra import level_spacing
from phasebook.theory.dyson_sgd import Theories, UpdateTest

PRINTED, COMPLETE, ONE_PARTICLE = "#BB5566", "#004488", "#DDAA33"


@styled
def single_updates(tests: Sequence[UpdateTest]) -> BookFigure:
    """Which terms does the mean move of an eigenvalue need?

    Args:
        tests: one for each panel.

    Returns:
        For each level: measured drift beyond K_i, the Coulomb term of (4.3) alone and the completed
        equation, all over the sum of the absolute values of the terms.
    """
    figure = new_figure(height=3.7)
    panels = figure.subplots(1, len(tests), squeeze=False)[0]
    for axes, test in zip(panels, tests, strict=True):
        level = np.arange(1, len(test.scale) + 1)
        rest, error = test.rest
        axes.axhline(0, color="0.8", linewidth=0.8)
        axes.plot(
            level, test.repulsion / test.scale, "s", color=PRINTED, markerfacecolor="none",
            label="Coulomb term of (4.3)",
        )  # fmt: skip
        axes.plot(
            level, test.complete / test.scale, "o", color=COMPLETE, markerfacecolor="none", markersize=8,
            label="all terms",
        )  # fmt: skip
        axes.errorbar(
            level, rest / test.scale, yerr=error / test.scale, fmt="k.", elinewidth=1, label="measured"
        )
        axes.set(title=test.title, xlabel="level $i$", xticks=[1, 4, 8, 12, 16])
        largest = max(1.0, float(np.abs(rest / test.scale).max()))
        axes.set_ylim(-1.15 * largest, 1.15 * largest)
    panels[0].set_ylabel("drift beyond $K_i$ (relative)")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


@styled
def range_of_validity(families: Mapping[str, Sequence[UpdateTest]], paper: Mapping[str, int]) -> BookFigure:
    """How small must a step be for perturbation theory, and is the paper's small enough?

    Args:
        families: name -> the same W at several learning rates, ascending.
        paper: name -> which of these is the learning rate of the paper's cell; a large marker.

    Returns:
        Error of the completed equation against the size of a step over the spacing it changes; open markers
        where the error is less than twice its own sampling noise.
    """
    figure = new_figure(height=4.2)
    axes = figure.subplots()
    styles = zip("osD^v", ("#004488", "#6699CC", "#BB5566", "#997700", "#DDAA33"), strict=True)
    for (name, tests), (marker, colour) in zip(families.items(), styles, strict=False):
        size = [test.step_over_gap for test in tests]
        error = [test.error for test in tests]
        axes.plot(size, error, "-", color=colour, linewidth=1)
        for k, test in enumerate(tests):
            face = colour if test.error > 2 * test.noise_floor else "white"
            axes.plot(
                size[k], error[k], marker=marker, color=colour, markerfacecolor=face, linestyle="none",
                markersize=12 if k == paper[name] else 5,
            )  # fmt: skip
        axes.plot([], [], "-", marker=marker, color=colour, label=name)
    axes.axvline(1.0, color="0.6", linewidth=0.8, linestyle=":")
    axes.set(
        xscale="log", yscale="log", ylabel="relative error of the drift beyond $K_i$",
        xlabel="change of a spacing in one step / the spacing (rms, worst pair)",
    )  # fmt: skip
    axes.legend(title="large marker: the paper's $\\epsilon$", loc="upper left")
    return figure


@styled
def spacing_against_sgd(
    runs: Mapping[str, tuple[Array, Array, Theories]], *, smallest: bool = False
) -> BookFigure:
    """Do (4.3) and (4.8) give SGD's own mean spacing (or its smallest eigenvalue)?

    Args:
        runs: title -> (steps, SGD's eigenvalues (network, time, N), theories along these runs).
        smallest: draw x_1 instead of S; (4.8) has none.

    Returns:
        A panel for each run: change since t = 0, mean over networks, SGD with one standard error; for the
        smallest eigenvalue itself instead of its change.
    """
    rows = 1 if smallest else (len(runs) + 1) // 2
    figure = new_figure(height=3.4 if rows == 1 else 6.2)
    panels = figure.subplots(rows, -(-len(runs) // rows), squeeze=False).ravel()

    def pick(x: Array) -> Array:
        return x[..., 0] if smallest else growth(level_spacing(x))

    def growth(spacing: Array) -> Array:
        return spacing - spacing[..., :1]

    for axes, (title, (steps, x, theory)) in zip(panels, runs.items(), strict=False):
        measured = pick(x)
        mean, error = measured.mean(axis=0), measured.std(axis=0, ddof=1) / np.sqrt(len(measured))
        axes.fill_between(steps, mean - error, mean + error, color="0.8", linewidth=0)
        axes.plot(steps, mean, "k-", linewidth=2.2, label="SGD")
        axes.plot(steps, pick(theory.printed).mean(axis=0), "--", color=PRINTED, label="(4.3)")
        axes.plot(steps, pick(theory.complete).mean(axis=0), "-", color=COMPLETE, label="(4.3) completed")
        if not smallest:
            axes.plot(steps, growth(theory.spacing).mean(axis=0), "-.", color=ONE_PARTICLE, label="(4.8)")
        else:
            axes.axhline(0, color="0.5", linewidth=0.8, linestyle=":")
        axes.set(title=title, xlabel="SGD steps", xlim=(0, steps[-1]))
        axes.ticklabel_format(axis="y", style="sci", scilimits=(-2, 4), useMathText=True, useOffset=False)
    panels[0].set_ylabel("smallest eigenvalue $x_1$" if smallest else "growth $S(t) - S(0)$")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure
