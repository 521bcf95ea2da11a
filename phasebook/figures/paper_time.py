"""Figures 2 to 5 and the boundary at the paper's own training time, beside the book's and the published."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import Normalize

from phasebook.evidence.statistics import mean_and_error, median_and_band
from phasebook.figures.maps import (
    INV_SIGMA_W_LABEL,
    TEMPERATURE_LABEL,
    curve_bar,
    decade_norm,
    heat_map,
    power_of_two_axis,
)
from phasebook.figures.phase_curves import DEFINITIONS
from phasebook.figures.phase_diagram import TEST_ERROR_LABEL, test_error
from phasebook.figures.provenance import ProvenanceLine, epochs_text, provenance
from phasebook.figures.style import ORDERED, BookFigure, curve_colours, new_figure, styled

PAIRS = (("loss", "training loss"), ("gradient", "gradient along an epoch"))


@styled
def maps_beside(book: xr.Dataset, paper: xr.Dataset, published: xr.Dataset) -> BookFigure:
    """Figures 2 and 5 (left): does training for as long as the paper give the paper's maps?

    Args:
        book, paper: sweeps at two training times.
        published: `published_maps()`.

    Returns:
        Two rows, mean test error and overlap G(t_f, 0); columns: book time, paper time, published. One colour
        scale a row.
    """
    errors = (test_error(book), test_error(paper), published["test_error"])
    overlaps = (
        *(mean_and_error(one["feature_overlap"])[0] for one in (book, paper)),
        published["feature_overlap"],
    )
    titles = (
        f"this book, {epochs_text(book)}",
        f"this book, {epochs_text(paper)}",
        f"published, {epochs_text(published)}",
    )
    figure = new_figure(height=5.6)
    panels = figure.subplots(2, 3, sharex=True, sharey=True)
    rows = (
        (errors, decade_norm(*errors), TEST_ERROR_LABEL),
        (overlaps, Normalize(0.0, 1.0), "overlap $G(t_f, 0)$"),
    )
    for row, (maps, norm, label) in zip(panels, rows, strict=True):
        meshes = [heat_map(axes, one, norm=norm) for axes, one in zip(row, maps, strict=True)]
        figure.colorbar(meshes[0], ax=list(row), label=label)
        for axes in row[1:]:
            axes.set_ylabel("")
    for axes, title in zip(panels[0], titles, strict=True):
        axes.set(title=title, xlabel="")
    return figure


@styled
def curves_beside(book: xr.Dataset, paper: xr.Dataset, published: xr.Dataset) -> BookFigure:
    """Figure 3: do the released code's loss and gradient reach the published values, given the time?

    Args:
        book, paper: sweeps at two training times.
        published: `published_curves()`, drawn as open circles in the colour of their curve.

    Returns:
        Two rows, median training loss and median epoch-averaged gradient against T; columns: book time, paper
        time. One curve for each 1/sigma_W.
    """
    released = DEFINITIONS["released"]
    columns = paper["inv_sigma_w"].values
    colours = curve_colours(len(columns))
    figure = new_figure(height=6.4)
    panels = figure.subplots(2, 2, sharex=True, sharey="row")
    for row, (name, title) in zip(panels, PAIRS, strict=True):
        last = name == PAIRS[-1][0]
        variable = {"loss": released.loss, "gradient": released.gradient}[name]
        for axes, dataset in zip(row, (book, paper), strict=True):
            average = released.of(dataset[variable])
            for k, column in enumerate(columns):
                curve = average.sel(inv_sigma_w=column)
                axes.plot(curve["temperature"], curve, "-", color=colours(k), linewidth=1.1)
                points = published[name].reindex(inv_sigma_w=[column]).squeeze("inv_sigma_w")
                axes.plot(points["temperature"], points, "o", markerfacecolor="none", color=colours(k))
            axes.set_yscale("log")
            axes.set_title(f"{title}, {epochs_text(dataset)}")
            power_of_two_axis(
                axes, "x", dataset["temperature"].values, label=TEMPERATURE_LABEL if last else ""
            )
    curve_bar(figure, list(panels.ravel()), columns, label=INV_SIGMA_W_LABEL)
    return figure


@styled
def medians_scatter(paper: xr.Dataset, published: xr.Dataset, cell: xr.Dataset) -> BookFigure:
    """Cell by cell: are the medians of the released code's loss and gradient the published ones?

    Args:
        paper: a sweep at the paper's training time.
        published: `published_curves()`.
        cell: one cell with more networks, dims (model), with scalar temperature and inv_sigma_w: drawn as a
            star with the 16th and 84th percentile of its networks.

    Returns:
        Two panels, ours against published, both axes logarithmic, coloured by temperature; the diagonal is
        equality.
    """
    released = DEFINITIONS["released"]
    figure = new_figure(height=3.9)
    panels = figure.subplots(1, 2)
    temperature = paper["temperature"].values
    colours = curve_colours(len(temperature))
    for axes, (name, title) in zip(panels, PAIRS, strict=True):
        variable = {"loss": released.loss, "gradient": released.gradient}[name]
        ours, theirs = xr.align(released.of(paper[variable]), published[name], join="inner")
        for k, value in enumerate(temperature):
            row = {"temperature": value}
            axes.plot(theirs.sel(row), ours.sel(row), "o", color=colours(k), markersize=4)
        middle, lower, upper = (float(one) for one in median_and_band(cell[variable]))
        place = {one: float(cell[one]) for one in ("temperature", "inv_sigma_w")}
        axes.errorbar(
            [float(published[name].sel(place))], [middle], yerr=[[middle - lower], [upper - middle]],
            fmt="*", color=ORDERED.colour, markersize=10, label=f"{cell.sizes['model']} networks",
        )  # fmt: skip
        _diagonal(axes)
        axes.set(xlabel="published median", ylabel="this book, median", title=title)
    panels[0].legend(loc="upper left")
    curve_bar(figure, list(panels), temperature, label=TEMPERATURE_LABEL)
    return figure


@styled
def boundaries_beside(results: Mapping[str, xr.Dataset]) -> BookFigure:
    """Does the boundary (4.15) move with training time, and under which reading?

    Args:
        results: title -> `boundaries.convergence` of the same networks at one time, the same readings in
            each.

    Returns:
        One row for each time, one column for each reading: fraction of the networks that fulfil the
        criterion.
    """
    readings = next(iter(results.values()))["reading"].values
    figure = new_figure(height=2.7 * len(results) + 0.4)
    panels = figure.subplots(len(results), len(readings), sharex=True, sharey=True, squeeze=False)
    mesh = None
    for k, (title, result) in enumerate(results.items()):
        row = panels[k]
        for axes, reading in zip(row, readings, strict=True):
            mesh = heat_map(axes, result["fraction"].sel(reading=reading), norm=Normalize(0.0, 1.0))
            axes.set_title(f"{reading}, {title}")
            axes.set(xlabel=axes.get_xlabel() if k == len(results) - 1 else "")
            axes.set(ylabel=axes.get_ylabel() if axes is row[0] else "")
    assert mesh is not None
    figure.colorbar(mesh, ax=list(panels.ravel()), label="fraction that fulfils (4.15)")
    return figure


def cells_provenance(cells: xr.Dataset) -> ProvenanceLine:
    """The line below a figure of `long_runs.long_cells`: which run made it."""
    plane = cells.drop_vars(["temperature", "inv_sigma_w"]).rename(phase="inv_sigma_w")
    text = provenance(plane.expand_dims("temperature"))
    return ProvenanceLine(text.replace("1 × ", "", 1))


def _diagonal(axes: Axes) -> None:
    axes.set(xscale="log", yscale="log")
    limits = np.array([axes.get_xlim(), axes.get_ylim()])
    ends = (limits.min(), limits.max())
    axes.set(xlim=ends, ylim=ends, aspect="equal")
    axes.plot(ends, ends, color="0.4", linestyle=":", zorder=0)
