"""Figures on couplings, field and a real spin glass: Sections 2.4 and 2.5 and Appendix A."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import SymLogNorm
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter
from scipy import stats

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
from phasebook.network import Array
from phasebook.theory.disorder import coupling_density, coupling_edges
from phasebook.theory.spin_glass import SpinGlass


@styled
def coupling_moments(
    measured: Array, error: Array, expected: Array, *, off_diagonal: Mapping[int, Array]
) -> BookFigure:
    """Are the covariances of the couplings those of (2.24), and are the couplings normal?

    Args:
        measured, error, expected: covariances by Monte Carlo, their errors and Eq. (2.24), any common shape,
            in units of n_L sigma_W^4 / n_{L-1}^2.
        off_diagonal: n_L -> draws of one J_ij with i != j.

    Returns:
        Left measured against expected (0, 1 or 2), points spread sideways; right the densities of J_ij over
        its standard deviation, with the normal one.
    """
    figure = new_figure(height=3.6)
    left, right = figure.subplots(1, 2)
    spread = np.random.default_rng(0).uniform(-0.25, 0.25, expected.size)
    left.errorbar(
        expected.ravel() + spread, measured.ravel(), yerr=error.ravel(),
        fmt="o", color=ORDERED.colour, markersize=3, elinewidth=0.8, alpha=0.7,
    )  # fmt: skip
    for value in (0, 1, 2):
        left.plot([value - 0.35, value + 0.35], [value, value], color="black", linestyle="-", linewidth=1)
    left.set(
        xticks=(0, 1, 2),
        xlabel=r"Eq. (2.24)",
        ylabel="measured",
        title="covariances of $J_{ij}$ and $J_{kl}$",
    )
    edges = np.linspace(-4, 4, 81)
    styles = zip(
        off_diagonal.items(), curve_colours(len(off_diagonal))(range(len(off_diagonal))), strict=True
    )
    for (n_last, drawn), colour in styles:
        scaled = drawn.ravel() / drawn.std()
        shares = np.histogram(scaled, bins=edges)[0] / scaled.size / np.diff(edges)
        right.stairs(shares, edges, color=colour, label=rf"$n_L = {n_last}$")
    right.plot(edges, stats.norm.pdf(edges), color="black", linestyle=":", label="normal")
    right.set(yscale="log", ylim=(1e-3, 5), xlabel=r"$J_{ij}$ / standard deviation", ylabel="density")
    right.set_title(r"one coupling, $i \neq j$")
    right.legend()
    return figure


@styled
def coupling_spectra(spectra: Mapping[tuple[int, int], Array]) -> BookFigure:
    """What is the spectrum of J, for the one output of the paper's network and for many?

    Args:
        spectra: (n_L, n_{L-1}) -> eigenvalues of J at sigma_W = 1, shape (draw, n_{L-1}), ascending.

    Returns:
        One panel each: histogram of the positive eigenvalues; with one output the exact law of the only one,
        otherwise Marchenko-Pastur.
    """
    figure = new_figure(height=3.3)
    panels = np.atleast_1d(figure.subplots(1, len(spectra)))
    for axes, ((n_last, width), x) in zip(panels, spectra.items(), strict=True):
        _draw_spectrum(axes, x, n_last=n_last)
        axes.set_title(rf"$n_L = {n_last}$, $n_{{L-1}} = {width}$")
    panels[0].set_ylabel("density")
    return figure


@styled
def coupling_spectrum(x: Array, *, n_last: int) -> BookFigure:
    """The spectrum of J for one ratio n_L / n_{L-1}.

    Args:
        x: eigenvalues at sigma_W = 1, shape (draw, n_{L-1}), ascending.
        n_last: n_L.
    """
    figure = new_figure(height=3.2)
    axes = figure.subplots()
    _draw_spectrum(axes, x, n_last=n_last)
    axes.set(ylabel="density", title=rf"$n_L/n_{{L-1}} = {n_last / x.shape[-1]:.3g}$")
    return figure


@styled
def frustration(n_last: Array, share: Array, error: Array) -> BookFigure:
    """How many triangles of features are frustrated, and does the number depend on the outputs?

    Args:
        n_last: n_L, shape (n,).
        share, error: mean share of frustrated triangles and its standard error, shape (n,).
    """
    figure = new_figure(height=3.2)
    axes = figure.subplots()
    axes.errorbar(n_last, share, yerr=error, fmt="o", color=ORDERED.colour, label="couplings (2.23)")
    axes.axhline(0.5, color="0.4", linestyle=":", label="independent couplings, as in a spin glass")
    axes.set(xscale="log", xlabel="number of outputs $n_L$", ylabel="frustrated triangles", ylim=(0.45, 1.05))
    axes.set_xticks(n_last, labels=[f"{value:g}" for value in n_last])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.legend()
    return figure


@styled
def dual_readings(samples: Mapping[str, Array], pairs: Array) -> BookFigure:
    """One loss, two readings: which samples hold the energy (A.4), which pairs of features hold it (A.5)?

    Args:
        samples: name -> H_alpha of one network, shape (sample,).
        pairs: H_ij of the first of them, shape (n_{L-1}, n_{L-1}).

    Returns:
        Left histograms of H_alpha; right H_ij, on a scale that is linear near zero and logarithmic beyond.
    """
    figure = new_figure(height=3.6)
    left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
    values = np.concatenate([one.ravel() for one in samples.values()])
    lowest, highest = np.quantile(values, (0.002, 0.998))
    step = (highest - lowest) / 60
    edges = step * np.arange(np.floor(lowest / step), np.ceil(highest / step) + 1)  # one edge at zero
    for (name, energy), phase in zip(samples.items(), (ORDERED, JAMMED, PARAMAGNETIC), strict=False):
        counts = np.histogram(energy, bins=edges)[0] / energy.size / np.diff(edges)
        left.stairs(counts, edges, color=phase.colour, linestyle=phase.linestyle, label=name, linewidth=1.5)
        left.axvline(energy.mean(), color=phase.colour, linestyle=":", linewidth=1)
    left.set(yscale="log", xlabel=r"$\mathcal{H}_\alpha$", ylabel="density", title="each sample, (A.4)")
    left.legend()
    bound = float(np.abs(pairs).max())
    mesh = right.pcolormesh(
        np.arange(1, len(pairs) + 1), np.arange(1, len(pairs) + 1), pairs,
        cmap=DIVERGING, norm=SymLogNorm(bound / 100, vmin=-bound, vmax=bound), rasterized=True,
    )  # fmt: skip
    figure.colorbar(mesh, ax=right, label=r"$\mathcal{H}_{ij}$")
    right.set(aspect="equal", xlabel="feature $j$", ylabel="feature $i$", title="each pair, (A.5)")
    right.invert_yaxis()
    return figure


@styled
def spin_glass(results: Sequence[SpinGlass]) -> BookFigure:
    """Where does the Sherrington-Kirkpatrick model turn into a spin glass?

    Args:
        results: one for each size, the same temperatures.

    Returns:
        Left the mean squared overlap of two replicas; right times N^(2/3), which no longer depends on N at
        the transition.
    """
    figure = new_figure(height=3.7)
    left, right = figure.subplots(1, 2)
    colours = curve_colours(len(results))
    for k, (result, marker) in enumerate(zip(results, "osv^D", strict=False)):
        mean = result.overlap2.mean(axis=0)
        error = result.overlap2.std(axis=0, ddof=1) / np.sqrt(len(result.overlap2))
        for axes, scale in ((left, 1.0), (right, result.size ** (2 / 3))):
            axes.errorbar(
                result.temperature, scale * mean, yerr=scale * error,
                fmt=f"{marker}-", color=colours(k), markersize=4, linewidth=1, label=f"$N = {result.size}$",
            )  # fmt: skip
    for axes in (left, right):
        axes.axvline(1.0, color="0.5", linestyle=":", linewidth=1)
        axes.set_xlabel("temperature $T$")
    left.set(ylabel=r"$\langle q^2 \rangle$", ylim=(0, None), title="overlap of two replicas")
    right.set(yscale="log", ylabel=r"$N^{2/3}\,\langle q^2 \rangle$", title="the same, scaled")
    right.yaxis.set_major_locator(FixedLocator([0.25, 0.5, 1, 2, 4, 8]))
    right.yaxis.set_major_formatter(ScalarFormatter())
    right.yaxis.set_minor_locator(NullLocator())
    left.legend()
    return figure


def _draw_spectrum(axes: Axes, x: Array, *, n_last: int) -> None:
    width = x.shape[-1]
    share = min(n_last / width, 1.0)
    positive = x[:, width - min(n_last, width) :].ravel()
    counts, edges = np.histogram(positive, bins=50)
    axes.stairs(
        share * counts / positive.size / np.diff(edges), edges, fill=True, color="0.82", label="sampled"
    )
    if n_last == 1:
        places = np.linspace(0, edges[-1], 301)
        density, label = share * width * stats.chi2.pdf(width * places, df=width), r"$\chi^2$, exact"
    else:
        lower, upper = coupling_edges(ratio=n_last / width)
        places = np.linspace(lower, upper, 401)[1:-1]
        density, label = coupling_density(places, ratio=n_last / width), "Marchenko-Pastur"
    axes.plot(places, density, color=ORDERED.colour, linestyle="-", label=label)
    limit = 1.7 * density[places > 0.02 * places[-1]].max()
    axes.set(xlabel="eigenvalue of $J$", ylim=(0, limit), xlim=(-0.04 * edges[-1], 1.02 * edges[-1]))
    if share < 1:
        label = f"{1 - share:.0%} at zero"
        axes.plot([0, 0], [0, 0.6 * limit], color=JAMMED.colour, linestyle="-", linewidth=3, label=label)
    axes.legend(loc="upper right")
