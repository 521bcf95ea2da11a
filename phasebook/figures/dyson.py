"""Figures of Section 4 and 4.1: the eigenvalues of X = W W^T in motion, and what the theory says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize

from phasebook.evidence.statistics import mean_and_error
from phasebook.figures.maps import heat_map
from phasebook.figures.provenance import epochs_text
from phasebook.figures.style import JAMMED, ORDERED, PARAMAGNETIC, BookFigure, new_figure, styled
from phasebook.network import Array
from phasebook.spectra import level_spacing, marchenko_pastur, marchenko_pastur_edges

FIRST_TIME = 0.1
"""Epochs; the logarithmic time axis is linear below, so that t = 0 can be shown."""

FLOW_CELLS = (
    (ORDERED, 2.0**-5, 8.0),
    (PARAMAGNETIC, 4.0, 8.0),
    (JAMMED, 2.0**-5, 2.0**-8),
)
"""The cells of Figure 6, in its order: phase, T, 1/sigma_W."""


def cell_text(temperature: float, inv_sigma_w: float) -> str:
    """T and 1/sigma_W as powers of two, for titles."""
    return rf"$T=2^{{{np.log2(temperature):.0f}}}$, $1/\sigma_W=2^{{{np.log2(inv_sigma_w):.0f}}}$"


@styled
def eigenvalue_flow(dataset: xr.Dataset) -> BookFigure:
    """Figure 6: where do the eigenvalues go in each phase?

    Args:
        dataset: a sweep with the cells of `FLOW_CELLS`.

    Returns:
        Three columns, one for each phase; above on logarithmic axes, below on linear ones as published. One
        line for each eigenvalue of each network; dashed, the mean of each level of the teachers' X.
    """
    figure = new_figure(height=6.4)
    panels = figure.subplots(2, 3)
    for (phase, temperature, inv_sigma_w), (above, below) in zip(FLOW_CELLS, panels.T, strict=True):
        cell = dataset.sel(temperature=temperature, inv_sigma_w=inv_sigma_w)
        x = cell["eigenvalues"].transpose("model", "level", "time").values
        time = cell["time"].values
        for axes in (above, below):
            _draw_levels(axes, time, x.reshape(-1, len(time)), phase.colour)
            for level in cell["target_eigenvalues"].mean("model").values:
                axes.axhline(level, color="0.2", linewidth=0.6, linestyle="--", zorder=3)
        _log_time_axis(above, end=float(time[-1]))
        positive = x[x > 0]
        above.set(yscale="log", ylim=(positive.min() / 2, positive.max() * 2))
        above.set_title(f"{phase.name}\n{cell_text(temperature, inv_sigma_w)}")
        below.set(xlim=(0, time[-1]), xlabel="training time $t$ (epochs)")
        below.set_ylim(0, max(x.max(), 0.0) * 1.05)
        below.ticklabel_format(axis="y", style="sci", scilimits=(-2, 4), useMathText=True)
    panels[0, 0].set_ylabel("eigenvalues $x_i$ (logarithmic)")
    panels[1, 0].set_ylabel("eigenvalues $x_i$ (linear)")
    return figure


@styled
def initial_spectrum(spectra: Sequence[Array], *, sigma_w: float, aspect: float) -> BookFigure:
    """Is the initial density of eigenvalues that of Marchenko and Pastur, Eq. (4.2)?

    Args:
        spectra: eigenvalues of networks of increasing width, each (network, level).
        sigma_w: of all of them.
        aspect: n_2 / n_1 of all of them.

    Returns:
        One panel for each width: histogram of x / sigma_W^2 and the law of large matrices.
    """
    figure = new_figure(height=3.4)
    panels = figure.subplots(1, len(spectra), sharey=True, squeeze=False)[0]
    upper = marchenko_pastur_edges(sigma_w=1.0, aspect=aspect)[1]
    grid = np.linspace(0, 1.25 * upper, 600)
    law = marchenko_pastur(grid, sigma_w=1.0, aspect=aspect)
    for axes, x in zip(panels, spectra, strict=True):
        axes.hist(x.ravel() / sigma_w**2, bins=60, range=(0, grid[-1]), density=True, color="0.75")
        axes.plot(grid, law, color=ORDERED.colour, label="Marchenko-Pastur")
        n2 = x.shape[-1]
        axes.set(
            title=f"$W$ is {n2} x {round(n2 / aspect)}",
            xlabel=r"$x / \sigma_W^2$",
            ylim=(0, 1.3 * law.max()),
        )
    panels[0].set_ylabel("density")
    panels[0].legend()
    return figure


@styled
def level_repulsion(ratios: Mapping[str, Array], shuffled: Array) -> BookFigure:
    """Do neighbouring eigenvalues of trained networks repel each other?

    Args:
        ratios: `spectra.spacing_ratios` of each phase by its name, any shape.
        shuffled: the same of `spectra.shuffled_levels`, the negative control.

    Returns:
        Histograms of r, with the surmise for real symmetric matrices and the law of independent levels.
    """
    figure = new_figure(height=3.8)
    axes = figure.subplots()
    edges = np.linspace(0, 1, 16)
    axes.stairs(_density(shuffled, edges), edges, color="0.8", fill=True, label="levels shuffled")
    for phase in (ORDERED, JAMMED, PARAMAGNETIC):
        if phase.name in ratios:
            axes.plot(
                (edges[1:] + edges[:-1]) / 2, _density(ratios[phase.name], edges), color=phase.colour,
                marker=phase.marker, linestyle="none", label=phase.name,
            )  # fmt: skip
    r = np.linspace(0, 1, 200)
    axes.plot(r, 27 / 4 * (r + r**2) / (1 + r + r**2) ** 2.5, "k-", label="random symmetric matrices")
    axes.plot(r, 2 / (1 + r) ** 2, "k:", label="independent levels")
    axes.set(xlim=(0, 1), ylim=(0, 2.2), xlabel="ratio $r$ of neighbouring spacings", ylabel="density")
    axes.legend(ncols=2)
    return figure


@styled
def averaged_rate(dataset: xr.Dataset) -> BookFigure:
    """Figure 7: how much has the mean spacing grown, and was it with a constant rate?

    Args:
        dataset: a sweep with the cells of `FLOW_CELLS`.

    Returns:
        Left, the map of ln S(t_f)/S(0), which is t_f times the averaged rate (4.7); right, S(t)/S(0) of
        three cells on logarithmic axes, mean of the logarithm with one standard error.
    """
    figure = new_figure(height=4.4)
    left, right = figure.subplots(1, 2)
    epochs = float(dataset["time"][-1])
    total, _ = mean_and_error(dataset["averaged_rate"] * epochs)
    low, high = float(total.min()), float(total.max())
    mesh = heat_map(left, total, norm=Normalize(min(low, 0.0), high), title=f"after {epochs_text(dataset)}")
    figure.colorbar(mesh, ax=left, label=r"$\ln\,S(t_f)/S(0) = \bar\lambda(t_f)\,t_f$")
    for phase, temperature, inv_sigma_w in FLOW_CELLS:
        cell = dataset["eigenvalues"].sel(temperature=temperature, inv_sigma_w=inv_sigma_w)
        spacing = level_spacing(cell.transpose("model", "time", "level").values)
        growth = np.log(spacing / spacing[:, :1])
        mean, error = growth.mean(axis=0), growth.std(axis=0, ddof=1) / np.sqrt(len(growth))
        right.plot(
            cell["time"], np.exp(mean), color=phase.colour, linestyle=phase.linestyle, marker=phase.marker,
            markersize=3.5, label=f"{phase.name}: {cell_text(temperature, inv_sigma_w)}",
        )  # fmt: skip
        right.fill_between(
            cell["time"], np.exp(mean - error), np.exp(mean + error), color=phase.colour, alpha=0.25
        )
    _log_time_axis(right, end=epochs)
    right.set(yscale="log", title="$S(t)/S(0)$, geometric mean")
    figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8.5)
    return figure


@styled
def one_network(steps: Array, x: Array, target: Array, *, title: str) -> BookFigure:
    """The sixteen eigenvalues of one network: the picture of the live cell.

    Args:
        steps: numbers of updates, (time,), the first 0.
        x: (time, level).
        target: of the teacher, (level,).
        title: of the picture.
    """
    figure = new_figure(height=3.9)
    axes = figure.subplots()
    shades = mpl.colormaps["magma"](np.linspace(0.0, 0.8, x.shape[1]))
    for level, shade in zip(x.T, shades, strict=True):
        axes.plot(steps, np.maximum(level, np.finfo(float).tiny), color=shade, linestyle="-")
    for level in target:
        axes.axhline(level, color="0.4", linewidth=0.6, linestyle="--", zorder=0)
    axes.set_xscale("symlog", linthresh=1.0, linscale=0.3)
    powers = np.arange(0, np.floor(np.log10(max(steps[-1], 10))) + 1)
    axes.set_xticks([0.0, *10.0**powers], labels=["0", *(rf"$10^{{{power:.0f}}}$" for power in powers)])
    axes.minorticks_off()
    shown = np.concatenate([x[x > 0], target])
    axes.set(
        yscale="log", xlim=(0, steps[-1]), ylim=(shown.min() / 2, shown.max() * 2),
        xlabel="SGD steps", ylabel="eigenvalues $x_i$", title=title,
    )  # fmt: skip
    return figure


def _draw_levels(axes: Axes, time: Array, levels: Array, colour: str) -> None:
    usable = np.isfinite(levels).all(axis=1)
    points = np.stack([np.broadcast_to(time, levels[usable].shape), levels[usable]], axis=-1)
    lines = LineCollection(list(points), colors=colour, linewidths=0.4, alpha=0.15, linestyles="solid")
    lines.set_rasterized(True)
    axes.add_collection(lines)


def _log_time_axis(axes: Axes, *, end: float) -> None:
    axes.set_xscale("symlog", linthresh=FIRST_TIME, linscale=0.5)
    powers = np.arange(np.log10(FIRST_TIME), np.floor(np.log10(end)) + 1)
    powers = powers[:: 2 if len(powers) > 5 else 1]
    axes.set_xticks([0.0, *10.0**powers], labels=["0", *(rf"$10^{{{power:.0f}}}$" for power in powers)])
    axes.minorticks_off()
    axes.set(xlim=(0.0, end), xlabel="training time $t$ (epochs)")


def _density(values: Array, edges: Array) -> Array:
    return np.histogram(np.ravel(values), bins=edges, density=True)[0]
