"""How our maps come to the published ones as training goes on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from phasebook.evidence.map_comparison import rank_with_error, shift_with_error
from phasebook.evidence.statistics import Estimate
from phasebook.figures.provenance import steps_per_epoch
from phasebook.figures.style import BookFigure, curve_colours, new_figure, styled
from phasebook.figures.time_axes import STEPS_LABEL
from phasebook.theory.power_law import evenly_spaced

RANGES = (
    ((0.0, 0.25), "o", r"$T \leq 1/4$"),
    ((0.5, 2.0), "s", r"$1/2 \leq T \leq 2$"),
    ((4.0, np.inf), "^", r"$T \geq 4$"),
)
"""Below, across and above the transition of Figure 4."""


@styled
def approach(book: xr.Dataset, paper: xr.Dataset, published: xr.Dataset) -> BookFigure:
    """When do our maps become the published ones: the order of the cells, and their depth?

    Args:
        book, paper: sweeps at two training times; the first has more networks.
        published: `published_maps()`.

    Returns:
        Against training time, with bootstrap errors over cells. Left, rank correlation over cells with the
        published map: test error and overlap. Right, median over cells of log10(mean test error / published)
        for three ranges of T. Lines with full symbols: `paper`; open symbols: `book`.
    """
    colours = curve_colours(len(RANGES))
    figure = new_figure(height=4.3)
    left, right = figure.subplots(1, 2)
    for dataset, full in ((paper, True), (book, False)):
        error, overlap = (
            evenly_spaced(dataset[name].mean("model"), per_decade=1)
            for name in ("test_loss_history", "feature_overlap_history")
        )
        steps = error["time"].values * steps_per_epoch(dataset)
        for number, (values, name, marker, label) in enumerate(
            (
                (2 * error, "test_error", "o", "test error"),
                (overlap, "feature_overlap", "s", "overlap"),
            )
        ):
            found = [rank_with_error(_at(values, t), published[name]) for t in range(len(steps))]
            _draw(left, steps, found, marker, colours(number), label=label, full=full)
        for number, ((low, high), marker, label) in enumerate(RANGES):
            theirs = published["test_error"].sel(temperature=slice(low, high))
            found = [shift_with_error(_at(2 * error, t), theirs) for t in range(len(steps))]
            _draw(right, steps, found, marker, colours(number), label=label, full=full)
    left.set(ylim=(0.0, 1.02), title="rank correlation with published")
    right.axhline(0.0, color="0.4", linestyle=":", zorder=0)
    right.set(title="error above published, decades")
    for axes in (left, right):
        axes.set(xscale="log", xlabel=STEPS_LABEL)
        axes.set_xticks(10.0 ** np.arange(2, np.log10(axes.get_xlim()[1]), 2))
        axes.minorticks_off()
        axes.legend()
    return figure


def _at(values: xr.DataArray, number: int) -> xr.DataArray:
    return values.isel(time=number, drop=True)


def _draw(
    axes: Axes,
    steps: np.ndarray,
    found: Sequence[Estimate],
    marker: str,
    colour: tuple[float, ...],
    *,
    label: str,
    full: bool,
) -> None:
    values, errors = (np.array(column) for column in zip(*found, strict=True))
    axes.errorbar(
        steps, values, yerr=errors, fmt=f"{marker}-" if full else marker, color=colour,
        markerfacecolor=colour if full else "white", markersize=4 if full else 7, elinewidth=1,
        zorder=2 if full else 1, label=label if full else None,
    )  # fmt: skip
