"""Figures on features as soft spins: Sections 2.2 and 2.3, Figure 1 of the paper."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

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
from phasebook.theory.bimodality import PeakTest, bin_shares, contrast
from phasebook.theory.spins import (
    CRITICAL_VARIANCE,
    feature_density,
    local_maxima,
    mixture_density,
    peaks,
    potential,
    potential_coefficients,
)

FIGURE_1_VARIANCES = (0.1, 0.25, 0.5, 1.0, 4.0)
PHI_LABEL = r"feature $\phi$"
INV_SIGMA_W_LABEL = r"$1/\sigma_W$"


@styled
def feature_distributions(variances: Sequence[float] = FIGURE_1_VARIANCES) -> BookFigure:
    """Figure 1: how does the distribution of a feature change with the variance of its pre-activation?

    Args:
        variances: sigma_z^2 of each curve.

    Returns:
        Left p(phi), the critical variance dashed; right tanh with its linear and its saturated ranges.
    """
    figure = new_figure(height=3.5)
    left, right = figure.subplots(1, 2)
    colours, phi = curve_colours(len(variances)), _inside()
    for k, variance in enumerate(variances):
        critical = variance == CRITICAL_VARIANCE
        left.plot(
            phi, feature_density(phi, variance=variance),
            color=colours(k), linestyle="--" if critical else "-", label=rf"$\sigma_z^2 = {variance:g}$",
        )  # fmt: skip
    left.set(xlabel=PHI_LABEL, ylabel=r"$p(\phi)$", xlim=(-1, 1), ylim=(0, 2.4), title="distribution")
    left.legend(loc="upper center", handlelength=1.6)
    z = np.linspace(-4, 4, 401)
    right.axvspan(-1, 1, color=ORDERED.colour, alpha=0.12, linewidth=0)
    for end in (-4, 4):
        right.axvspan(np.sign(end) * 2, end, color=JAMMED.colour, alpha=0.15, linewidth=0)
    right.plot(z, np.tanh(z), color="black", linestyle="-")
    right.text(0, -0.92, "linear", ha="center", color=ORDERED.colour)
    right.text(3, -0.92, "saturated", ha="center", color=JAMMED.colour)
    right.text(-3, 0.86, "saturated", ha="center", color=JAMMED.colour)
    right.set(
        xlabel="pre-activation $z$", ylabel=r"$\phi = \tanh z$", xlim=(-4, 4), title="activation function"
    )
    return figure


@styled
def second_moments(
    measured: Array, error: Array, expected: Array, *, sigma_w: Array, variances: dict[str, Array]
) -> BookFigure:
    """Are the second moments of the pre-activations those of (2.13), and do they stay below the bound?

    Args:
        measured, error, expected: moments of pairs of samples by Monte Carlo, their standard errors and
            Eq. (2.13), any common shape.
        sigma_w: disorder, shape (n,).
        variances: label -> mean variance of z at each `sigma_w`, shape (n,).

    Returns:
        Left measured against expected; right variance against sigma_W^2 with the bound (2.18).
    """
    figure = new_figure(height=3.5)
    left, right = figure.subplots(1, 2)
    left.errorbar(
        expected.ravel(), measured.ravel(), yerr=error.ravel(),
        fmt="o", color=ORDERED.colour, markersize=4, elinewidth=0.8,
    )  # fmt: skip
    ends = np.array([min(expected.min(), 0.0), expected.max()])
    left.plot(ends, ends, color="0.4", linestyle=":", zorder=0)
    left.set(xlabel="Eq. (2.13)", ylabel="average over weights", title="second moments, pairs of samples")
    for (label, variance), style, colour in zip(
        variances.items(), ("-", "--", "-."), curve_colours(3)(range(3)), strict=False
    ):
        right.plot(sigma_w**2, variance, linestyle=style, color=colour, label=label)
    right.plot(sigma_w**2, sigma_w**2, color="0.4", linestyle=":", label=r"bound $\sigma_W^2$")
    right.set(xscale="log", yscale="log", xlabel=r"$\sigma_W^2$", ylabel=r"$\sigma_z^2$")
    right.set_title("variance of the pre-activation")
    right.legend(loc="upper left")
    return figure


@styled
def wells_and_peaks(variances: Sequence[float] = (0.3, 0.5, 0.8)) -> BookFigure:
    """Where does one well become two, and where do the peaks go?

    Args:
        variances: sigma_z^2 of the wells on the left.

    Returns:
        Left V(phi) (solid) with its expansion (2.22) (dotted); right the bifurcation: peaks of p(phi) against
        sigma_z^2, the maximum that became a minimum dashed.
    """
    figure = new_figure(height=3.5)
    left, right = figure.subplots(1, 2)
    colours, phi = curve_colours(len(variances)), np.linspace(-0.995, 0.995, 399)
    for k, variance in enumerate(variances):
        quadratic, quartic = potential_coefficients(variance)
        label = rf"$\sigma_z^2 = {variance:g}$"
        left.plot(phi, potential(phi, variance=variance), color=colours(k), linestyle="-", label=label)
        left.plot(phi, quadratic * phi**2 + quartic * phi**4, color=colours(k), linestyle=":")
    left.plot([], [], color="0.4", linestyle=":", label="to fourth order")
    left.set(xlabel=PHI_LABEL, ylabel=r"$V(\phi)$", ylim=(-0.55, 1.0), xlim=(-1, 1), title="potential")
    left.legend(loc="upper center")
    variance = np.linspace(0.0, 2.0, 801)[1:]
    above = variance[variance >= CRITICAL_VARIANCE]
    for sign in (1, -1):
        right.plot(above, sign * peaks(above), color=JAMMED.colour, linestyle="-")
    right.plot([0, CRITICAL_VARIANCE], [0, 0], color=ORDERED.colour, linestyle="-")
    right.plot([CRITICAL_VARIANCE, 2], [0, 0], color="0.5", linestyle="--")
    right.axvline(CRITICAL_VARIANCE, color="0.5", linewidth=0.8, linestyle=":")
    right.set(xlabel=r"$\sigma_z^2$", ylabel=r"peaks of $p(\phi)$", xlim=(0, 2), ylim=(-1.05, 1.05))
    right.set_title(r"solutions of $\phi = \tanh(2\sigma_z^2\phi)$")
    return figure


@styled
def feature_distribution(variance: float) -> BookFigure:
    """One variance: the distribution of the feature and its potential, with the peaks marked.

    Args:
        variance: sigma_z^2.
    """
    figure = new_figure(height=3.2)
    left, right = figure.subplots(1, 2)
    phi = _inside()
    peak = float(peaks(variance))
    places = np.array([0.0]) if peak == 0 else np.array([-peak, peak])
    colour = ORDERED.colour if peak == 0 else JAMMED.colour
    density = feature_density(phi, variance=variance)
    left.fill_between(phi, density, color=colour, alpha=0.2, linewidth=0)
    left.plot(phi, density, color=colour, linestyle="-")
    left.plot(places, feature_density(places, variance=variance), "o", color=colour)
    left.set(xlabel=PHI_LABEL, ylabel=r"$p(\phi)$", xlim=(-1, 1), ylim=(0, None))
    left.set_title(rf"$\sigma_z^2 = {variance:.2f}$: {'one peak' if peak == 0 else 'two peaks'}")
    right.plot(phi, potential(phi, variance=variance), color=colour, linestyle="-")
    right.plot(places, potential(places, variance=variance), "o", color=colour)
    right.set(xlabel=PHI_LABEL, ylabel=r"$V(\phi)$", xlim=(-1, 1), ylim=(-1.0, 2.0), title="potential")
    return figure


@styled
def measured_features(preactivation: Array, variances: Array, *, inv_sigma_w: Sequence[float]) -> BookFigure:
    """What do the features of real networks look like across sigma_W, and which assumption describes them?

    Args:
        preactivation: z of the last hidden layer at sigma_W = 1, any shape; z is proportional to sigma_W.
        variances: conditional variance of z at sigma_W = 1, any shape.
        inv_sigma_w: 1/sigma_W of the panels.

    Returns:
        One panel each: histogram of phi; normal z with the bound sigma_W^2 as its variance (dotted) and with
        the measured variance (dashed); normal z with the variance of its sample (solid).
    """
    columns = min(len(inv_sigma_w), 3)
    rows = -(-len(inv_sigma_w) // columns)
    figure = new_figure(height=2.35 * rows + 0.5)
    panels = figure.subplots(rows, columns, sharex=True, squeeze=False).ravel()
    phi, edges = _inside(), np.linspace(-1, 1, 51)
    for axes, value in zip(panels, inv_sigma_w, strict=False):
        sigma2 = value**-2.0
        features = np.tanh(preactivation.ravel() / value)
        axes.hist(features, bins=list(edges), density=True, color="0.82", label="networks")
        bound = feature_density(phi, variance=sigma2)
        normal = feature_density(phi, variance=sigma2 * float(np.mean(variances)))
        mixture = mixture_density(phi, variances=sigma2 * variances)
        axes.plot(
            phi, bound, color=PARAMAGNETIC.colour, linestyle=":", label=r"normal, $\sigma_z^2=\sigma_W^2$"
        )
        axes.plot(phi, normal, color=JAMMED.colour, linestyle="--", label=r"normal, measured $\sigma_z^2$")
        axes.plot(phi, mixture, color=ORDERED.colour, linestyle="-", label="mixture of variances")
        top = max(np.histogram(features, bins=edges, density=True)[0].max(), normal.max(), 1.0)
        axes.set(
            xlim=(-1, 1),
            xticks=(-0.5, 0, 0.5),
            ylim=(0, 1.15 * min(top, 3.0)),
            title=rf"$1/\sigma_W = {value:.3g}$",
        )
    for axes in panels[-columns:]:
        axes.set_xlabel(PHI_LABEL)
    for axes in panels[::columns]:
        axes.set_ylabel(r"$p(\phi)$")
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, columnspacing=1.2
    )
    return figure


@styled
def transition(test: PeakTest, variances: Array) -> BookFigure:
    """At which sigma_W do the features of real networks get two peaks?

    Args:
        test: `count_peaks` of measured features.
        variances: conditional variance of z at sigma_W = 1, any shape.

    Returns:
        Left the most probable |phi| against 1/sigma_W, measured and under three assumptions; right the
        contrast (outer peak over centre, logarithm), likewise. Thin vertical lines: sigma_z^2 = 1/2.
    """
    figure = new_figure(height=4.1)
    left, right = figure.subplots(1, 2)
    mean = float(np.mean(variances))
    fine = np.geomspace(test.inv_sigma_w[0], test.inv_sigma_w[-1], 61)
    phi = np.tanh(np.linspace(0, 4.5, 500))
    lines = {
        r"normal, $\sigma_z^2=\sigma_W^2$": (1.0, PARAMAGNETIC.colour, ":"),
        r"normal, measured $\sigma_z^2$": (mean, JAMMED.colour, "--"),
    }
    for label, (scale, colour, linestyle) in lines.items():
        left.plot(fine, peaks(scale / fine**2), color=colour, linestyle=linestyle, label=label)
        expected = [contrast(bin_shares(np.array(scale / value**2))) for value in fine]
        right.plot(fine, expected, color=colour, linestyle=linestyle)
        for axes in (left, right):
            axes.axvline(np.sqrt(2 * scale), color=colour, linestyle=linestyle, linewidth=0.8)
    thinned = np.quantile(variances, np.linspace(0, 1, 4001)[1::2])
    curves = np.array([mixture_density(phi, variances=variances / value**2) for value in fine])
    outer = [_outermost(phi, curve) for curve in curves]
    left.plot(fine, outer, color=ORDERED.colour, linestyle="-", label="mixture of variances")
    expected = [contrast(bin_shares(thinned / value**2)) for value in fine]
    right.plot(fine, expected, color=ORDERED.colour, linestyle="-")
    points = {"fmt": "o", "color": "black", "markersize": 4, "elinewidth": 0.8}
    left.errorbar(test.inv_sigma_w, test.position, yerr=test.position_error, **points, label="networks")
    left.set(ylabel=r"most probable $|\phi|$", ylim=(-0.03, 1.03), title="position of the peak")
    right.errorbar(test.inv_sigma_w, test.contrast, yerr=test.contrast_error, **points)
    right.axhline(0, color="0.5", linewidth=0.8, linestyle="-")
    right.set(
        ylabel="ln(highest outer bin / bin at zero)",
        ylim=(-0.6, 1.6),
        title="contrast: above zero, two peaks",
    )
    for axes in (left, right):
        _disorder_axis(axes, test.inv_sigma_w)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4, columnspacing=1.2)
    return figure


def _outermost(phi: Array, density: Array) -> float:
    """The most probable phi >= 0 among the maxima of a curve; 0 if there is none inside."""
    maxima = local_maxima(density)
    return float(phi[maxima[np.argmax(density[maxima])]]) if len(maxima) else float(phi[-1])


def _disorder_axis(axes: Axes, inv_sigma_w: Array) -> None:
    axes.set_xscale("log", base=2)
    ticks = [
        tick for tick in (0.25, 0.5, 0.7, 1.0, 1.4, 2.0, 4.0) if inv_sigma_w[0] <= tick <= inv_sigma_w[-1]
    ]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set(xlabel=INV_SIGMA_W_LABEL, xlim=(inv_sigma_w[0] / 1.05, inv_sigma_w[-1] * 1.05))


def _inside() -> Array:
    """Places inside (-1, 1), denser towards the ends, where p(phi) may be steep."""
    return np.tanh(np.linspace(-4.5, 4.5, 721))
