"""The figures on training time: histories of the three phases, the plane at several times, the power law.

The others are in `approach.py`, `paper_time.py`, `levels_in_time.py` and `precision.py`; all are gathered
here, so that a chapter needs one name.
"""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr
from matplotlib.colors import Normalize

from phasebook.evidence.statistics import mean_and_error
from phasebook.figures.approach import approach
from phasebook.figures.histories import memory
from phasebook.figures.levels_in_time import averaged_rates, eigenvalue_flow, rates
from phasebook.figures.maps import decade_norm, heat_map
from phasebook.figures.paper_time import (
    boundaries_beside,
    cells_provenance,
    curves_beside,
    maps_beside,
    medians_scatter,
)
from phasebook.figures.phase_diagram import published_scatter
from phasebook.figures.precision import single_and_double
from phasebook.figures.provenance import steps_per_epoch
from phasebook.figures.style import ORDERED, PHASES, BookFigure, new_figure, styled
from phasebook.figures.time_axes import STEPS_LABEL, draw_median, power
from phasebook.theory.power_law import PowerLaw, evenly_spaced, geometric_mean, local_exponents

__all__ = [
    "approach",
    "averaged_rates",
    "boundaries_beside",
    "cells_provenance",
    "curves_beside",
    "eigenvalue_flow",
    "histories",
    "maps_beside",
    "medians_scatter",
    "plane_in_time",
    "power_law",
    "published_scatter",
    "rates",
    "single_and_double",
]


@styled
def histories(cells: xr.Dataset) -> BookFigure:
    """How did one cell of each phase come to where it is?

    Args:
        cells: as from `long_runs.long_cells`, dims (phase, model, time).

    Returns:
        Six panels against the number of SGD steps: test error, gradient at fixed W, alignment, overlap,
        memory, feature size. Lines are medians over networks, bands reach from the 16th to the 84th
        percentile of networks.
    """
    figure = new_figure(height=5.6)
    panels = figure.subplots(2, 3, sharex=True).ravel()
    drawn = (
        (2 * cells["test_loss_history"], "mean squared test error"),
        (cells["gradient_norm_history"], r"$\Vert\nabla\mathcal{L}\Vert$ at fixed $W$"),
        (cells["alignment_history"], "alignment"),
        (cells["feature_overlap_history"], "overlap $G(t, 0)$"),
        (memory(cells), "memory: overlap / lengths"),
        (cells["feature_rms_history"], r"size of the features, rms $\phi$"),
    )
    per_epoch = steps_per_epoch(cells)
    for axes, (values, title) in zip(panels, drawn, strict=True):
        for phase in PHASES:
            draw_median(axes, values.sel(phase=phase.name), phase, cells, per_epoch=per_epoch)
        axes.set_title(title)
    for axes in panels[:2]:
        axes.set_yscale("log")
    for axes in panels[3:]:
        axes.set(ylim=(-0.03, 1.03), xlabel=STEPS_LABEL)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8.5)
    return figure


@styled
def plane_in_time(dataset: xr.Dataset, *, epochs: Sequence[float]) -> BookFigure:
    """Is there one phase diagram, or one for each time?

    Args:
        dataset: a sweep over the plane.
        epochs: times, each taken at the nearest record.

    Returns:
        Three rows (mean test error, overlap G(t, 0), alignment) with a map for each time, one colour scale a
        row.
    """
    there = dataset.sel(time=list(epochs), method="nearest")
    rows = (
        (2 * there["test_loss_history"], "test error"),
        (there["feature_overlap_history"], "overlap $G(t, 0)$"),
        (there["alignment_history"], "alignment"),
    )
    per_epoch = steps_per_epoch(dataset)
    figure = new_figure(height=7.4)
    panels = figure.subplots(len(rows), len(epochs), sharex=True, sharey=True, squeeze=False)
    for k, (values, label) in enumerate(rows):
        row = panels[k]
        mean = mean_and_error(values)[0]
        norm = decade_norm(mean) if label == "test error" else Normalize(0.0, float(mean.max()))
        mesh = None
        for axes, time in zip(row, mean["time"].values, strict=True):
            mesh = heat_map(axes, mean.sel(time=time), norm=norm)
            axes.set_title(f"{power(time * per_epoch)} steps" if k == 0 else "")
            axes.set(xlabel=axes.get_xlabel() if k == len(rows) - 1 else "")
            axes.set(ylabel=axes.get_ylabel() if axes is row[0] else "")
        assert mesh is not None
        figure.colorbar(mesh, ax=list(row), label=label)
    return figure


@styled
def power_law(cell: xr.Dataset, fit: PowerLaw, *, since: float) -> BookFigure:
    """Does the loss of the ordered phase fall as a power of time, and with one exponent?

    Args:
        cell: one cell, dims (model, time).
        fit: to the geometric mean of the test error, t in epochs.
        since: epochs; the fit is drawn full from here on, dotted before.

    Returns:
        Left, the test error of every network (thin), their geometric mean and the fit. Right, the local
        exponent over one decade, mean over networks and its standard error, with the fitted one.
    """
    error = evenly_spaced(2 * cell["test_loss_history"])
    per_epoch = steps_per_epoch(cell)
    figure = new_figure(height=3.9)
    left, right = figure.subplots(1, 2)
    steps = error["time"].values * per_epoch
    left.plot(steps, error.transpose("time", "model"), "-", color=ORDERED.colour, linewidth=0.5, alpha=0.4)
    left.plot(steps, geometric_mean(error), "o", color=ORDERED.colour, markersize=3.5, label="geometric mean")
    time = error["time"].values
    for part, style in ((time < 1.001 * since, ":"), (time > 0.999 * since, "-")):
        left.plot(time[part] * per_epoch, fit.at(time[part]), style, color="0.1", linewidth=1.2)
    left.set(xscale="log", yscale="log", xlabel=STEPS_LABEL, title="mean squared test error")
    left.legend()
    mean, spread = mean_and_error(local_exponents(error))
    centre = mean["time"].values * per_epoch
    right.plot(centre, mean, "o-", color=ORDERED.colour, markersize=3.5)
    right.fill_between(centre, mean - spread, mean + spread, color=ORDERED.colour, alpha=0.25, linewidth=0)
    right.axhline(fit.exponent, color="0.1", linewidth=1.2)
    right.set(
        xscale="log", xlim=left.get_xlim(), ylim=(0, None), xlabel=STEPS_LABEL,
        title="local exponent $p(t)$, one decade",
    )  # fmt: skip
    return figure
