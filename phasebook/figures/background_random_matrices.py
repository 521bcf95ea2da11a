"""Figures of the background on random matrices: two laws of large matrices, repulsion, Dyson's motion."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from phasebook.figures.style import JAMMED, ORDERED, PARAMAGNETIC, BookFigure, new_figure, styled
from phasebook.network import Array
from phasebook.spectra import marchenko_pastur, marchenko_pastur_edges, wigner_semicircle, wigner_surmise


@styled
def semicircles(spectra: Mapping[int, Array]) -> BookFigure:
    """How large must a matrix be before its spectrum is a semicircle?

    Args:
        spectra: N -> eigenvalues, (draw, N).

    Returns:
        One panel for each N: histogram and semicircle.
    """
    figure = new_figure(height=3.0)
    panels = np.atleast_1d(figure.subplots(1, len(spectra), sharey=True, sharex=True))
    edges, x = np.linspace(-3, 3, 49), np.linspace(-2, 2, 301)
    for axes, (size, levels) in zip(panels, spectra.items(), strict=True):
        _histogram(axes, levels, edges)
        axes.plot(x, wigner_semicircle(x), "-", color=ORDERED.colour, label="semicircle")
        axes.set(title=f"$N = {size}$", xlabel="eigenvalue", xlim=(-3, 3), ylim=(0, 0.42))
    panels[0].set_ylabel("density")
    panels[-1].legend(handlelength=1.2, loc="upper right")
    return figure


@styled
def products(spectra: Mapping[tuple[int, int], Array]) -> BookFigure:
    """What does the shape of W do to the spectrum of W W^T?

    Args:
        spectra: (n_2, n_1) -> eigenvalues at sigma_W = 1, (draw, n_2).

    Returns:
        One panel for each shape: histogram and Marchenko-Pastur law.
    """
    figure = new_figure(height=3.0)
    panels = np.atleast_1d(figure.subplots(1, len(spectra), sharey=True))
    for axes, ((rows, columns), levels) in zip(panels, spectra.items(), strict=True):
        lower, upper = marchenko_pastur_edges(sigma_w=1.0, aspect=rows / columns)
        _histogram(axes, levels, np.linspace(0, 1.15 * upper, 47))
        x = lower + (upper - lower) * np.linspace(0, 1, 401)[1:-1] ** 2
        axes.plot(
            x, marchenko_pastur(x, sigma_w=1.0, aspect=rows / columns), "-", color=ORDERED.colour,
            label="Marchenko-Pastur",
        )  # fmt: skip
        axes.set(
            title=rf"{rows} $\times$ {columns}", xlabel="eigenvalue", ylim=(0, 1.9), xlim=(0, 1.15 * upper)
        )
    panels[0].set_ylabel("density")
    panels[-1].legend(handlelength=1.2, loc="upper right")
    return figure


@styled
def repulsion(spacings: Mapping[str, Array], *, beta: Mapping[str, int]) -> BookFigure:
    """How often are two neighbouring levels close together?

    Args:
        spacings: label -> spacings in units of their mean, flat.
        beta: label -> which surmise is drawn beside it, 0, 1 or 2.

    Returns:
        Histograms as points, surmises as lines.
    """
    figure = new_figure(height=3.6)
    axes = figure.subplots()
    edges, s = np.linspace(0, 3.2, 41), np.linspace(0, 3.2, 301)
    middle = (edges[1:] + edges[:-1]) / 2
    phases = (PARAMAGNETIC, ORDERED, JAMMED)
    for (label, values), phase in zip(spacings.items(), phases, strict=True):
        counts = np.histogram(values, bins=edges)[0] / len(values) / np.diff(edges)
        axes.plot(middle, counts, phase.marker, color=phase.colour, markersize=4, label=label)
        axes.plot(
            s,
            wigner_surmise(s, beta=beta[label]),
            linestyle=phase.linestyle,
            color=phase.colour,
            linewidth=1.2,
        )
    axes.set(xlabel="spacing / mean spacing, $s$", ylabel="density $P(s)$", xlim=(0, 3.2), ylim=(0, 1.08))
    axes.legend()
    return figure


@styled
def dyson_motion(times: Array, path: Array, matrices: Array, equations: Array) -> BookFigure:
    """Is the motion of the eigenvalues of a diffusing matrix that of particles which repel each other?

    Args:
        times: (time,).
        path: levels of one matrix, (time, N).
        matrices: levels of many diffusing matrices, (replica, time, N).
        equations: the same from Dyson's equations alone.

    Returns:
        Left the levels of one matrix; right mean levels of both, with standard errors.
    """
    figure = new_figure(height=3.7)
    left, right = figure.subplots(1, 2)
    left.plot(np.linspace(times[0], times[-1], len(path)), path, "-", color=ORDERED.colour, linewidth=1)
    left.set(xlabel="time $t$", ylabel="eigenvalues", title="one matrix")
    for values, phase, label, fill in (
        (equations, JAMMED, "Dyson's equations", "none"),
        (matrices, ORDERED, "matrices", None),
    ):
        mean, error = values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(len(values))
        for level in range(values.shape[-1]):
            axes_label = label if level == 0 else None
            right.errorbar(
                times, mean[:, level], yerr=error[:, level], fmt=phase.marker, color=phase.colour,
                markersize=8 if fill else 3.5, markerfacecolor=fill or phase.colour, label=axes_label,
            )  # fmt: skip
    right.set(
        xlabel="time $t$", ylabel="mean eigenvalues", title=f"mean of {len(matrices)}", ylim=(None, 6.4)
    )
    right.legend(loc="upper left", ncols=2, columnspacing=1, handletextpad=0.3)
    return figure


def _histogram(axes, levels: Array, edges: Array) -> None:
    counts = np.histogram(levels, bins=edges)[0] / levels.size / np.diff(edges)
    axes.stairs(counts, edges, fill=True, color="0.82", label="sampled")
