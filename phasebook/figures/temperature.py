"""Figures on the noise of mini-batches as a temperature: Section 2.6."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator, ScalarFormatter

from phasebook.evidence.statistics import Estimate
from phasebook.figures.style import BookFigure, new_figure, styled
from phasebook.network import Array
from phasebook.theory.minibatch import variance_factor

BATCH_LABEL = r"batch size $|\mathcal{B}|$"
RATE_LABEL = r"learning rate $\epsilon$"

# Real batches are black; the two Gaussians and the noiseless limit have a colour and a marker each.
NOISE_STYLES: dict[str, dict[str, Any]] = {
    "batch": {"color": "0.1", "marker": "o", "label": "mini-batches (2.28)"},
    "covariance": {"color": "#228833", "marker": "s", "label": "Gaussian, full covariance"},
    "elementwise": {"color": "#AA3377", "marker": "D", "label": "Gaussian, elementwise (2.29)"},
    "none": {"color": "0.6", "marker": "x", "label": "no noise"},
}


@styled
def gradient_noise(
    batch_sizes: Sequence[int],
    variances: Mapping[bool, Sequence[Estimate]],
    kurtosis: Sequence[Estimate],
    *,
    n_samples: int,
) -> BookFigure:
    """Does the variance of the mini-batch gradient fall as 1/|B|, and how soon is it Gaussian?

    Args:
        batch_sizes: |B|, (batch,).
        variances: drawn with replacement or not -> Tr Cov of Delta_B over that of one sample, per |B|.
        kurtosis: excess kurtosis for draws with replacement, for the first few |B|, from |B| = 1 on.
        n_samples: size of the training set.

    Returns:
        Left the variances with their laws, right the excess kurtosis with 1/|B|.
    """
    figure = new_figure(height=3.4)
    left, right = figure.subplots(1, 2)
    grid = np.geomspace(1, n_samples * 0.999, 300)
    for replacement, marker, line, label in (
        (True, "o", "-", "with replacement"),
        (False, "s", "--", "without"),
    ):
        law = variance_factor(grid, n_samples=n_samples, replacement=replacement)
        left.plot(grid, law, line, color="0.6", zorder=1)
        # The whole training set without replacement has no variance, and a logarithmic axis has no zero.
        shown = [(b, v) for b, v in zip(batch_sizes, variances[replacement], strict=True) if v.value > 1e-12]
        left.errorbar(
            [b for b, _ in shown], [v.value for _, v in shown], yerr=[v.error for _, v in shown],
            fmt=marker, color="0.1" if replacement else "#AA3377", markerfacecolor="none", label=label,
        )  # fmt: skip
    left.set(ylim=(1e-3, 2), title="variance / variance of one sample")
    left.legend(title="samples drawn")
    value, error = np.array(kurtosis).T
    batch = np.asarray(batch_sizes[: len(value)], dtype=float)
    right.plot(batch, value[0] / batch, "-", color="0.6", label=r"$1/|\mathcal{B}|$")
    right.errorbar(batch, value, yerr=error, fmt="o", color="0.1", markerfacecolor="none", label="measured")
    right.set(title="excess kurtosis")
    right.legend()
    for axes in (left, right):
        axes.set(xscale="log", yscale="log", xlabel=BATCH_LABEL)
    return figure


@styled
def gradient_histogram(component: Array, *, mean: float, variance: float, batch_size: int) -> BookFigure:
    """One component of the mini-batch gradient against the Gaussian that Eq. (2.29) puts in its place.

    Args:
        component: of many mini-batches of this size, (draw,).
        mean, variance: of the component over single samples.
        batch_size: |B|.
    """
    figure = new_figure(height=3.2)
    axes = figure.subplots()
    width = np.sqrt(variance / batch_size)
    edges = mean + width * np.linspace(-6, 6, 73)
    density = np.histogram(component, bins=edges)[0] / (len(component) * np.diff(edges))
    axes.stairs(density, edges, fill=True, color="0.75", label=rf"$|\mathcal{{B}}| = {batch_size}$")
    place = np.linspace(edges[0], edges[-1], 400)
    gaussian = np.exp(-((place - mean) ** 2) / (2 * width**2)) / (width * np.sqrt(2 * np.pi))
    axes.plot(place, gaussian, color=NOISE_STYLES["elementwise"]["color"], label="Gaussian of (2.29)")
    axes.set(xlabel=r"$\Delta_{ij,\mathcal{B}}$", ylabel="density", yscale="log", xlim=(edges[0], edges[-1]))
    axes.set_ylim(gaussian.max() * 1e-4, gaussian.max() * 30)
    axes.legend(loc="upper right")
    return figure


@styled
def weight_distributions(weights: Mapping[str, Array], modes: Array) -> BookFigure:
    """Do Langevin weights have the mean and the variance of SGD's, entry by entry and direction by direction?

    Args:
        weights: kind of noise -> weights of the replicas, (replica, entry); must have "batch".
        modes: orthonormal directions, stiffest first, (entry, mode).

    Returns:
        Left the shift of the mean, centre the variance of every entry against SGD's; right the variance
        along each mode.
    """
    figure = new_figure(height=3.3)
    means, entries, stiff = figure.subplots(1, 3)
    reference = weights["batch"]
    for noise in ("elementwise", "covariance"):
        style = NOISE_STYLES[noise]
        look = {"color": style["color"], "marker": style["marker"], "linestyle": "none", "markersize": 2.5}
        means.hist(
            shift_in_errors(weights[noise], reference), bins=np.linspace(-13, 13, 79).tolist(),
            histtype="step", density=True, color=style["color"], linestyle="-",
        )  # fmt: skip
        entries.plot(reference.var(axis=0), weights[noise].var(axis=0), alpha=0.5, **look)
    ends = [reference.var(axis=0).min() / 2, reference.var(axis=0).max() * 2]
    entries.plot(ends, ends, "-", color="0.6", zorder=0)
    entries.set(xscale="log", yscale="log", xlabel="SGD", ylabel="Langevin", title="variance of each entry")
    number = np.arange(1, modes.shape[1] + 1)
    for noise in ("elementwise", "covariance", "batch"):
        style = NOISE_STYLES[noise]
        stiff.plot(
            number, (weights[noise] @ modes).var(axis=0), linestyle="none", markerfacecolor="none",
            color=style["color"], marker=style["marker"], markersize=4,
        )  # fmt: skip
    stiff.set(
        xscale="log", yscale="log", xlabel="direction, stiffest first", title="variance along a direction"
    )
    means.set(xlabel="standard errors", ylabel="density", title="mean minus that of SGD")
    _noise_legend(figure, stiff, ("batch", "covariance", "elementwise"))
    return figure


def shift_in_errors(weights: Array, reference: Array) -> Array:
    """Difference of two means, entry by entry, in its standard errors; unit normal if the laws agree.

    Args:
        weights, reference: independent replicas, (replica, entry).

    Returns:
        Shape (entry,).
    """
    error = np.sqrt(weights.var(axis=0) / len(weights) + reference.var(axis=0) / len(reference))
    return (weights.mean(axis=0) - reference.mean(axis=0)) / error


@styled
def continuous_limit(
    learning_rates: Mapping[str, Array],
    values: Mapping[str, Sequence[Estimate]],
    changes: Sequence[Estimate],
    *,
    label: str,
) -> BookFigure:
    """What does SGD tend to as eps -> 0 at fixed T, and how fast?

    Args:
        learning_rates: kind of noise -> eps, ascending, each twice the one before.
        values: kind of noise -> mean of an observable at the same eps t.
        changes: of mini-batches, from each eps to twice that.
        label: of the observable.

    Returns:
        Left the observable against eps; right its change when eps is halved, with a line of slope one.
    """
    figure = new_figure(height=3.6)
    left, right = figure.subplots(1, 2)
    for noise, rates in learning_rates.items():
        style = NOISE_STYLES[noise]
        look = {"color": style["color"], "marker": style["marker"], "markerfacecolor": "none"}
        value, error = np.array(values[noise]).T
        left.errorbar(rates, value, yerr=error, linestyle=":", linewidth=0.8, **look)
    rates, (change, error) = learning_rates["batch"][:-1], np.array(changes).T
    style = NOISE_STYLES["batch"]
    right.errorbar(
        rates, change, yerr=error, linestyle="none",
        color=style["color"], marker=style["marker"], markerfacecolor="none",
    )  # fmt: skip
    right.plot(rates, change[0] * rates / rates[0], "-", color="0.6", zorder=0)
    left.set(xscale="log", xlabel=RATE_LABEL, title=label)
    left.set_xscale("log", base=2)
    right.set(yscale="log", xlabel=RATE_LABEL, title=r"$f(2\epsilon) - f(\epsilon)$, and slope one")
    right.set_xscale("log", base=2)
    _noise_legend(figure, left, tuple(learning_rates))
    return figure


def plain_ticks(axes: Axes, which: str, values: Sequence[float]) -> None:
    """Ticks at `values` and nowhere else, written as plain numbers."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_ticks(list(values))
    axis.set_major_formatter(ScalarFormatter())
    axis.set_minor_locator(NullLocator())


def _noise_legend(figure: BookFigure, axes: Axes, kinds: Sequence[str]) -> None:
    handles = [
        axes.plot([], [], linestyle="none", markerfacecolor="none", **NOISE_STYLES[kind])[0] for kind in kinds
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(kinds))
