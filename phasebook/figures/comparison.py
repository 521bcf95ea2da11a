"""What training time changes: histories of three cells, and every cell of ours against the published one."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from phasebook.figures.maps import TEMPERATURE_LABEL, curve_bar
from phasebook.figures.provenance import epochs_text
from phasebook.figures.style import PHASES, BookFigure, curve_colours, new_figure, styled
from phasebook.statistics import mean_and_error

FIRST_TIME = 0.1
"""Epochs of the first record after t = 0; the time axis is linear below it, so that t = 0 can be shown."""


@styled
def training_time(dataset: xr.Dataset, published: xr.Dataset) -> BookFigure:
    """Training time as the third axis: how do one cell of each phase come to where they are, and where do
    they go?

    Args:
        dataset: a sweep that has the corner cells of the three phases.
        published: `published_maps()`, at 1e5 epochs: open markers at the right edge.

    Returns:
        Two panels against t in epochs: mean squared test error and feature overlap G(t, 0), bands of one
        standard error over networks.
    """
    figure = new_figure(height=4.1)
    panels = figure.subplots(1, 2)
    histories = (2 * dataset["test_loss_history"], dataset["feature_overlap_history"])
    for axes, history, name in zip(panels, histories, ("test_error", "feature_overlap"), strict=True):
        for phase in PHASES:
            cell = {"temperature": phase.temperature, "inv_sigma_w": phase.inv_sigma_w}
            mean, error = mean_and_error(history.sel(cell))
            style: dict[str, Any] = {"color": phase.colour, "linestyle": phase.linestyle}
            axes.plot(
                mean["time"],
                mean,
                label=f"{phase.name}: {_cell_text(phase.temperature, phase.inv_sigma_w)}",
                **style,
            )
            axes.fill_between(
                mean["time"], mean - error, mean + error, color=phase.colour, alpha=0.25, linewidth=0
            )
            axes.plot(
                [published.attrs["epochs"]], [float(published[name].sel(cell))],
                marker=phase.marker, color=phase.colour, markerfacecolor="white", markersize=7, clip_on=False,
            )  # fmt: skip
        _time_axis(axes, end=float(published.attrs["epochs"]))
    panels[0].set(yscale="log", title="mean squared test error")
    panels[1].set(ylim=(-0.02, 1.02), title="feature overlap $G(t, 0)$")
    key = Line2D([], [], color="0.3", marker="o", markerfacecolor="white", markersize=7, linestyle="none")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        [*handles, key],
        [*labels, f"published, {epochs_text(published)}"],
        loc="outside lower center",
        ncols=2,
    )
    return figure


@styled
def published_scatter(dataset: xr.Dataset, published: xr.Dataset) -> BookFigure:
    """Cell by cell: which cells already lie at their published values, and to which side are the others?

    Args:
        dataset: a sweep.
        published: `published_maps()`.

    Returns:
        Two panels, test error (logarithmic) and feature overlap: the sweep's mean with its standard error
        over networks against the published value, coloured by temperature; the diagonal is equality.
    """
    figure = new_figure(height=3.6)
    panels = figure.subplots(1, 2)
    temperature = np.intersect1d(dataset["temperature"], published["temperature"])
    colours = curve_colours(len(temperature))
    pairs = ((2 * dataset["test_loss"], "test_error"), (dataset["feature_overlap"], "feature_overlap"))
    for axes, (ours, name) in zip(panels, pairs, strict=True):
        mean, error, theirs = xr.align(*mean_and_error(ours), published[name], join="inner")
        for k, value in enumerate(temperature):
            row = {"temperature": value}
            axes.errorbar(
                theirs.sel(row), mean.sel(row), yerr=error.sel(row),
                fmt="o", color=colours(k), markersize=4, elinewidth=0.8, capsize=0,
            )  # fmt: skip
        axes.set(xlabel=f"published, {epochs_text(published)}", ylabel=f"this book, {epochs_text(dataset)}")
    panels[0].set(xscale="log", yscale="log", title="mean squared test error")
    panels[1].set_title("feature overlap $G(t_f, 0)$")
    for axes in panels:
        _square(axes)
    curve_bar(figure, list(panels), temperature, label=TEMPERATURE_LABEL)
    return figure


def _square(axes: Axes) -> None:
    limits = np.array([axes.get_xlim(), axes.get_ylim()])
    ends = (limits.min(), limits.max())
    axes.set(xlim=ends, ylim=ends, aspect="equal")
    axes.plot(ends, ends, color="0.4", linestyle=":", zorder=0)


def _time_axis(axes: Axes, *, end: float) -> None:
    axes.set_xscale("symlog", linthresh=FIRST_TIME, linscale=0.5)
    powers = np.arange(np.log10(FIRST_TIME), np.floor(np.log10(end)) + 1, 2)
    axes.set_xticks([0.0, *10.0**powers], labels=["0", *(rf"$10^{{{power:.0f}}}$" for power in powers)])
    axes.minorticks_off()
    axes.set(xlim=(0.0, 2 * end), xlabel="training time $t$ (epochs)")


def _cell_text(temperature: float, inv_sigma_w: float) -> str:
    return rf"$T=2^{{{np.log2(temperature):.0f}}}$, $1/\sigma_W=2^{{{np.log2(inv_sigma_w):.0f}}}$"
