"""Cell by cell: every cell of a sweep against the published one."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from phasebook.evidence.statistics import mean_and_error
from phasebook.figures.maps import TEMPERATURE_LABEL, curve_bar
from phasebook.figures.provenance import epochs_text
from phasebook.figures.style import BookFigure, curve_colours, new_figure, styled


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
