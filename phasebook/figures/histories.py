"""Training time as the third axis: histories of one cell of each phase."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D

from phasebook.evidence.statistics import mean_and_error
from phasebook.figures.maps import heat_map
from phasebook.figures.provenance import epochs_text
from phasebook.figures.style import PHASES, BookFigure, Phase, new_figure, styled

FIRST_TIME = 0.1
"""Epochs of the first record after t = 0; the time axis is linear below it, so that t = 0 can be shown."""


@styled
def training_time(dataset: xr.Dataset, published: xr.Dataset) -> BookFigure:
    """How did one cell of each phase come to where it is, and how far has it to go?

    Args:
        dataset: a sweep that has the corner cells of the three phases.
        published: `published_maps()`, at 1e5 epochs: open markers on the right.

    Returns:
        Two panels against t in epochs: mean squared test error and feature overlap G(t, 0), with bands of one
        standard error over networks.
    """
    figure = new_figure(height=4.1)
    panels = figure.subplots(1, 2)
    end = float(published.attrs["epochs"])
    histories = (2 * dataset["test_loss_history"], dataset["feature_overlap_history"])
    for axes, history, name in zip(panels, histories, ("test_error", "feature_overlap"), strict=True):
        for phase in PHASES:
            _draw_history(axes, history, phase)
            value = float(published[name].sel(_cell(phase)))
            axes.plot(
                [end], [value], marker=phase.marker, color=phase.colour, markerfacecolor="white", markersize=7
            )
        _time_axis(axes, end=end, beyond=2 * end)
    panels[0].set(yscale="log", title="mean squared test error")
    panels[1].set(ylim=(-0.02, 1.02), title="feature overlap $G(t, 0)$")
    key = Line2D([], [], color="0.3", marker="o", markerfacecolor="white", markersize=7, linestyle="none")
    handles, labels = panels[0].get_legend_handles_labels()
    labels = [*labels, f"published, {epochs_text(published)}"]
    figure.legend([*handles, key], labels, loc="outside lower center", ncols=2)
    return figure


def memory(dataset: xr.Dataset) -> xr.DataArray:
    """How much of the direction of the initial features is left, apart from their size: 1 at t = 0.

    The overlap (3.4) of each network over both rms values: G(t, 0) / sqrt(G(t, t) G(0, 0)).

    Returns:
        Dims of `feature_overlap_history`: (temperature, inv_sigma_w, model, time).
    """
    rms = dataset["feature_rms_history"]
    return dataset["feature_overlap_history"] / (rms * rms.isel(time=0, drop=True))


@styled
def memory_and_size(dataset: xr.Dataset) -> BookFigure:
    """Is a small overlap G(t_f, 0) a loss of memory, or were the features small to begin with?

    Args:
        dataset: a sweep that has the corner cells of the three phases.

    Returns:
        Left, the map of `memory` at t_f. Right, its history in one cell of each phase, with bands of one
        standard error over networks.
    """
    figure = new_figure(height=4.1)
    left, right = figure.subplots(1, 2)
    kept = memory(dataset)
    final = mean_and_error(kept.isel(time=-1, drop=True))[0]
    mesh = heat_map(left, final, norm=Normalize(0.0, 1.0), title=f"after {epochs_text(dataset)}")
    figure.colorbar(mesh, ax=left, label=r"$G(t_f, 0)\,/\,\sqrt{G(t_f, t_f)\,G(0, 0)}$")
    for phase in PHASES:
        _draw_history(right, kept, phase)
    _time_axis(right, end=float(dataset["time"][-1]))
    right.set(ylim=(-0.02, 1.02), title="one cell of each phase")
    figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=3, columnspacing=1.2)
    return figure


def _cell(phase: Phase) -> dict[str, float]:
    return {"temperature": phase.temperature, "inv_sigma_w": phase.inv_sigma_w}


def _draw_history(axes: Axes, history: xr.DataArray, phase: Phase) -> None:
    mean, error = mean_and_error(history.sel(_cell(phase)))
    powers = (
        rf"$T=2^{{{np.log2(phase.temperature):.0f}}}$, $1/\sigma_W=2^{{{np.log2(phase.inv_sigma_w):.0f}}}$"
    )
    axes.plot(
        mean["time"], mean, color=phase.colour, linestyle=phase.linestyle, label=f"{phase.name}: {powers}"
    )
    axes.fill_between(mean["time"], mean - error, mean + error, color=phase.colour, alpha=0.25, linewidth=0)


def _time_axis(axes: Axes, *, end: float, beyond: float | None = None) -> None:
    axes.set_xscale("symlog", linthresh=FIRST_TIME, linscale=0.5)
    powers = np.arange(np.log10(FIRST_TIME), np.floor(np.log10(end)) + 1)
    powers = powers[:: 2 if len(powers) > 5 else 1]
    axes.set_xticks([0.0, *10.0**powers], labels=["0", *(rf"$10^{{{power:.0f}}}$" for power in powers)])
    axes.minorticks_off()
    axes.set(xlim=(0.0, beyond or end), xlabel="training time $t$ (epochs)")
