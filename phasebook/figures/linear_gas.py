"""Figures of the stationary state of the linear network: density of its two levels, and their spacing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from phasebook.figures.style import JAMMED, ORDERED, BookFigure, new_figure, styled
from phasebook.network import Array
from phasebook.systems.coulomb_gas import spacing_law, two_level_density, wigner_surmise
from phasebook.systems.linear_fits import fit_density
from phasebook.systems.linear_theory import Widths, matrix_density
from phasebook.systems.linear_training import final_levels, spacings

BINS = 60


@styled
def densities(runs: Mapping[str, xr.Dataset], widths: Mapping[str, Widths]) -> BookFigure:
    """Figure 5: one species or two?

    Args:
        runs: title -> `stationary_state`.
        widths: the same titles -> exact widths.

    Returns:
        Above, the histogram with the fits of one species and of two, and the exact law; below, all less
        the fit of one species, with the standard error of the bins.
    """
    figure = new_figure(height=5.4)
    upper, lower = figure.subplots(2, len(runs), sharex=True, sharey="row", height_ratios=(1.7, 1))
    for above, below, (title, run) in zip(upper, lower, runs.items(), strict=True):
        levels = final_levels(run) - run.attrs["kappa"]
        scale = widths[title].s1
        edges = np.linspace(-3.6, 3.6, BINS + 1)
        middle, density, error = _histogram(levels / scale, edges)
        one, two = (fit_density(levels / scale, species=k) for k in (1, 2))
        single = two_level_density(middle, s1=one.s1, s2=one.s2)
        double = two_level_density(middle, s1=two.s1, s2=two.s2)
        exact = matrix_density(middle * scale, widths=widths[title]) * scale
        above.stairs(density, edges, fill=True, color="0.85")
        above.plot(middle, single, color=JAMMED.colour, linestyle="--", label="one species, fitted")
        above.plot(middle, double, color=ORDERED.colour, linestyle="-", label="two species, fitted")
        above.plot(middle, exact, color="k", linestyle=":", linewidth=2, label="exact")
        below.errorbar(
            middle, density - single, yerr=error, color="0.55", fmt="o", markersize=2.5, elinewidth=0.7,
            capsize=0,
        )  # fmt: skip
        below.plot(middle, double - single, color=ORDERED.colour, linestyle="-")
        below.plot(middle, exact - single, color="k", linestyle=":", linewidth=2)
        below.axhline(0, color=JAMMED.colour, linestyle="--", linewidth=1)
        above.set_title(title)
        below.set_xlabel(r"$(x - \kappa)\,/\,s_1$")
    upper[0].set_ylabel(r"density $\rho$")
    lower[0].set_ylabel("less one species")
    figure.legend(*upper[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


@styled
def noise_models(
    runs: Mapping[str, Sequence[xr.Dataset]], widths: Mapping[str, Sequence[Widths]]
) -> BookFigure:
    """For which noise does Z matter?

    Args:
        runs: title -> stationary states with Z = 1 and with another Z.
        widths: title -> exact widths of both.

    Returns:
        A panel for each noise: both histograms, with the exact laws, in units of the width s_1 for Z = 1.
    """
    figure = new_figure(height=3.5)
    panels = figure.subplots(1, len(runs), sharey=True, squeeze=False)[0]
    edges = np.linspace(-4, 4, BINS + 1)
    for axes, (title, pair) in zip(panels, runs.items(), strict=True):
        unit = widths[title][0].s1
        for k, (run, width) in enumerate(zip(pair, widths[title], strict=True)):
            colour, line = ((JAMMED.colour, "--"), (ORDERED.colour, "-"))[k]
            middle, density, _ = _histogram((final_levels(run) - run.attrs["kappa"]) / unit, edges)
            name = ("$z = (1, 1)$", "$z = (1, 4)$")[k]
            axes.plot(middle, density, color=colour, marker=("s", "o")[k], markersize=2.5, linestyle="none")
            fine = np.linspace(edges[0], edges[-1], 300)
            exact = matrix_density(fine * unit, widths=width) * unit
            axes.plot(fine, exact, color=colour, linestyle=line, label=name)
        axes.set(title=title, xlabel=r"$(x - \kappa)\,/\,s_1(Z = 1)$")
    panels[0].set_ylabel(r"density $\rho$")
    panels[-1].legend(loc="upper right", fontsize=8.5, handlelength=1.6)
    panels[0].set_ylim(0, None)
    return figure


@styled
def spacing_laws(runs: Mapping[str, xr.Dataset], widths: Mapping[str, Widths], *, shown: str) -> BookFigure:
    """Which law do the spacings follow, and is it universal?

    Args:
        runs: name of the noise -> `stationary_state`.
        widths: the same names -> exact widths.
        shown: the name whose spacings the left panel shows in full.

    Returns:
        Left, the density of S with the exact law and that of the two-species gas. Right, S over its mean for
        every noise, with Wigner's surmise.
    """
    figure = new_figure(height=3.7)
    left, right = figure.subplots(1, 2)
    exact = widths[shown]
    edges = np.linspace(0, 4.5, 46)
    _, density, _ = _histogram(spacings(runs[shown]) / exact.a, edges)
    s = np.linspace(0, 4.5, 300)
    left.stairs(density, edges, fill=True, color="0.85")
    law = spacing_law(s * exact.a, a=exact.a, b=exact.b) * exact.a
    gas = spacing_law(s, a=1.0, b=1.0)
    left.plot(s, law, color="k", linestyle=":", linewidth=2, label="exact")
    left.plot(s, gas, color=ORDERED.colour, linestyle="-", label="two-species gas")
    left.set(title=f"noise: {shown}", xlabel="$S\\,/\\,a$", ylabel="density", ylim=(0, None))
    left.legend()
    styles = ((ORDERED.colour, "o"), (JAMMED.colour, "s"), ("0.35", "^"))
    edges = np.linspace(0, 3, 31)
    for (name, run), (colour, marker) in zip(runs.items(), styles, strict=False):
        gaps = spacings(run)
        middle, density, error = _histogram(gaps / gaps.mean(), edges)
        right.errorbar(
            middle, density, yerr=error, color=colour, fmt=marker, markersize=3.5, elinewidth=0.7, label=name
        )
    s = np.linspace(0, 3, 300)
    right.plot(s, wigner_surmise(s), color="k", linestyle="--", label="Wigner's surmise")
    right.set(title="every noise, over its mean", xlabel=r"$S\,/\,\langle S \rangle$", ylim=(0, None))
    right.legend()
    return figure


def _histogram(values: Array, edges: Array) -> tuple[Array, Array, Array]:
    """Middle of the bins, density and its standard error."""
    counts, _ = np.histogram(values, edges)
    norm = np.size(values) * np.diff(edges)
    return (edges[1:] + edges[:-1]) / 2, counts / norm, np.sqrt(counts) / norm
