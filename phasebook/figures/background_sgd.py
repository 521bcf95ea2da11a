"""Figures of the background on stochastic gradient descent: steps, noise, and the bath that it is not."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.ticker import NullLocator

from phasebook.figures.style import (
    JAMMED,
    ORDERED,
    PARAMAGNETIC,
    BookFigure,
    curve_colours,
    new_figure,
    styled,
)
from phasebook.network import Array
from phasebook.theory.quadratic import stationary_variance

LEAVES = 1.2
"""A path is drawn until it leaves the picture."""


@styled
def steps_and_curvature(paths: Mapping[str, Array], *, curvatures: tuple[float, float]) -> BookFigure:
    """How long may a step be in a valley that is steep one way and flat the other?

    Args:
        paths: label -> w of gradient descent on (k_1 w_1^2 + k_2 w_2^2)/2, (step, 2).
        curvatures: k_1, k_2.

    Returns:
        Left the paths over the contours of the loss, right the loss against the number of steps.
    """
    figure = new_figure(height=3.7)
    left, right = figure.subplots(1, 2)
    grid = np.linspace(-1.25, 1.25, 201)
    energy = 0.5 * (curvatures[0] * grid[None, :] ** 2 + curvatures[1] * grid[:, None] ** 2)
    left.contour(grid, grid, energy, levels=np.geomspace(0.02, 8, 8), colors="0.8", linewidths=0.8)
    for (label, path), phase in zip(paths.items(), (ORDERED, JAMMED, PARAMAGNETIC), strict=True):
        style = {"color": phase.colour, "marker": phase.marker, "markersize": 3.5, "linewidth": 1}
        shown = path[: 1 + int(np.argmax(np.abs(path[:, 1]) > LEAVES) or len(path))]
        left.plot(shown[:, 0], shown[:, 1], linestyle=phase.linestyle, label=label, **style)
        loss = 0.5 * (path**2 @ np.array(curvatures))
        right.plot(np.arange(len(path)), loss, linestyle=phase.linestyle, **style)
    left.set(xlim=(-1.25, 1.25), ylim=(-1.25, 1.25), xlabel="$w_1$ (flat)", ylabel="$w_2$ (steep)")
    left.set_title("path")
    right.set(yscale="log", xlabel="step", ylabel="loss", title="descent", ylim=(1e-4, 30))
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


@styled
def when_a_temperature(
    learning_rate: Array, measured: Mapping[int, Array], error: Mapping[int, Array]
) -> BookFigure:
    """When is the spread of the weights that of a thermal system at T = eps/|B|?

    Args:
        learning_rate: eps k, (rate,).
        measured, error: |B| -> variance of w over T sigma^2 / 2 k, and its standard error, (rate,).

    Returns:
        Measured points on the exact curve, which starts at one, the thermal value.
    """
    figure = new_figure(height=3.5)
    axes = figure.subplots()
    colours = curve_colours(len(measured))
    for k, ((size, values), marker) in enumerate(zip(measured.items(), "os^D", strict=False)):
        shifted = learning_rate * (1 + 0.02 * (k - 1))
        axes.errorbar(
            shifted, values, yerr=error[size], fmt=marker, color=colours(k), markersize=4,
            label=rf"$|\mathcal{{B}}| = {size}$",
        )  # fmt: skip
    fine = np.geomspace(learning_rate[0], learning_rate[-1], 200)
    curve = stationary_variance(learning_rate=fine, batch_size=1) / (fine / 2)
    axes.plot(fine, curve, "-", color="0.3", linewidth=1, zorder=0, label="exact")
    axes.axhline(1.0, color="0.5", linestyle=":", linewidth=1, label="thermal")
    axes.set(xscale="log", yscale="log", xlabel=r"learning rate in units of $1/k$, $\epsilon k$")
    axes.set_ylabel(r"variance / $(T\sigma^2/2k)$")
    axes.set_xticks(learning_rate, labels=[f"{value:g}" for value in learning_rate])
    axes.set_yticks([1, 2, 5, 10, 20], labels=["1", "2", "5", "10", "20"])
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
    axes.legend(ncols=2)
    return figure


@styled
def two_kinds_of_noise(
    steps: Array, disagree: Array, expected: float, agree: Mapping[str, Array], factors: Mapping[str, float]
) -> BookFigure:
    """Does the noise keep the weights moving for ever?

    Args:
        steps: (time,).
        disagree: w where samples disagree, (replica, time).
        expected: the exact stationary variance.
        agree: label -> w where samples agree, (replica, time).
        factors: label -> exact growth of the mean square in one step.

    Returns:
        Left the mean square of w where samples disagree; right where they agree: mean square (markers), its
        exact course (lines), and the median of w^2 (thin, dotted).
    """
    figure = new_figure(height=3.7)
    left, right = figure.subplots(1, 2)
    square = disagree**2
    left.errorbar(
        steps, square.mean(axis=0), yerr=square.std(axis=0, ddof=1) / np.sqrt(len(square)),
        fmt="o", color=ORDERED.colour, markersize=4, label="mean square",
    )  # fmt: skip
    left.axhline(expected, color="0.3", linestyle="-", linewidth=1, label="exact, long run")
    left.set(yscale="log", xlabel="step", ylabel=r"$w^2$", title="samples disagree: a bath")
    left.legend()
    for (label, w), phase in zip(agree.items(), (ORDERED, PARAMAGNETIC), strict=True):
        right.plot(
            steps, (w**2).mean(axis=0), phase.marker, color=phase.colour, markersize=4, label=f"mean, {label}"
        )
        right.plot(steps, factors[label] ** steps, "-", color=phase.colour, linewidth=1)
        right.plot(
            steps, np.median(w**2, axis=0), ":", color=phase.colour, linewidth=1.5, label=f"median, {label}"
        )
    right.set(yscale="log", xlabel="step", title="samples agree: none")
    right.legend(loc="lower left")
    return figure


@styled
def noise_of_a_network(curves: Mapping[str, tuple[Array, Array]], *, slope: float) -> BookFigure:
    """Does the noise of a real network vanish with its loss?

    Args:
        curves: label -> (training loss, summed variance of the per-sample gradient) along training, one
            network, each (time,).
        slope: exponent fitted to the late part of the first of them.
    """
    figure = new_figure(height=3.6)
    axes = figure.subplots()
    phases = (ORDERED, JAMMED)
    for (label, (loss, noise)), phase in zip(curves.items(), phases, strict=True):
        axes.plot(
            loss, noise, phase.marker, linestyle=phase.linestyle, color=phase.colour, markersize=4,
            linewidth=1, label=label,
        )  # fmt: skip
    loss, noise = next(iter(curves.values()))
    ends = np.array([loss.min(), loss.max()])
    axes.plot(
        ends,
        noise[-1] * (ends / loss[-1]) ** slope,
        ":",
        color="0.4",
        label=rf"$\mathcal{{L}}^{{{slope:.2f}}}$",
    )
    axes.set(
        xscale="log", yscale="log", xlabel=r"training loss $\mathcal{L}$", ylabel="variance of the gradient"
    )
    axes.legend()
    return figure
