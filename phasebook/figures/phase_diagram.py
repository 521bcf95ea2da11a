"""The figures of Section 3 that are maps of the plane: Figures 2 and 5 of the paper, and the book's emblem.

The curves (Figures 3 and 4) are in `phase_curves.py`, what is compared with the published figures in
`comparison.py`; all are gathered here, so that a chapter needs one name.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D

from phasebook.evidence.statistics import log_ratio, mean_and_error
from phasebook.figures.comparison import published_scatter
from phasebook.figures.histories import memory, memory_and_size, training_time
from phasebook.figures.maps import (
    TEMPERATURE_LABEL,
    curve_bar,
    decade_norm,
    heat_map,
    log_ratio_map,
    name_region,
)
from phasebook.figures.phase_curves import loss_and_gradient, transition
from phasebook.figures.provenance import epochs_text
from phasebook.figures.style import PHASES, BookFigure, curve_colours, new_figure, styled

__all__ = [
    "alignment_and_saturation",
    "loss_and_gradient",
    "mean_test_error",
    "memory",
    "memory_and_size",
    "overlap_and_alignment",
    "published_scatter",
    "test_error",
    "test_error_map",
    "training_time",
    "transition",
]

TEST_ERROR_LABEL = r"mean squared test error $\langle(y-\hat y)^2\rangle$"


def test_error(dataset: xr.Dataset) -> xr.DataArray:
    """Mean over networks of the squared test error, twice the loss of Eq. (2.6); dims (temperature,
    inv_sigma_w).

    The factor 2 is what the published Figure 2 shows: the mean squared error without the 1/2 of the loss.
    """
    return mean_and_error(2 * dataset["test_loss"])[0].transpose("temperature", "inv_sigma_w")


@styled
def test_error_map(dataset: xr.Dataset) -> BookFigure:
    """The phase diagram in one picture: mean test error at the end of training, the three regions named.

    The names stand in the corners that Section 3.2 describes; no boundary is computed here.
    """
    error = test_error(dataset)
    figure = new_figure(height=5.0)
    axes = figure.subplots()
    mesh = heat_map(axes, error, norm=decade_norm(error), title=f"test error after {epochs_text(dataset)}")
    figure.colorbar(mesh, ax=axes, label=TEST_ERROR_LABEL)
    for phase, place in zip(PHASES, ((0.85, 0.12), (0.15, 0.12), (0.5, 0.88)), strict=True):
        name_region(axes, phase, place)
    return figure


@styled
def mean_test_error(dataset: xr.Dataset, published: xr.Dataset) -> BookFigure:
    """Figure 2: how well does each cell learn, here and in the paper, and what does training time change?

    Args:
        dataset: a sweep.
        published: `published_maps()`.

    Returns:
        Three panels: the sweep at its t_f, the published map at 1e5 epochs on the same colour scale, and
        log10 of the first over the second (a dot where the sweep is lower).
    """
    ours = test_error(dataset)
    theirs = published["test_error"]
    norm = decade_norm(ours, theirs)
    figure = new_figure(height=3.9)
    left, centre, right = figure.subplots(1, 3, sharey=True)
    mesh = heat_map(left, ours, norm=norm, title=f"this book, {epochs_text(dataset)}")
    heat_map(centre, theirs, norm=norm, title=f"published, {epochs_text(published)}")
    difference = log_ratio_map(right, log_ratio(ours, theirs), title="ratio, in decades")
    for axes in (centre, right):
        axes.set_ylabel("")
    figure.colorbar(mesh, ax=[left, centre], location="bottom", label=TEST_ERROR_LABEL, aspect=40)
    figure.colorbar(difference, ax=right, location="bottom", label=r"$\log_{10}$(book / published)")
    return figure


@styled
def overlap_and_alignment(dataset: xr.Dataset, published: xr.Dataset) -> BookFigure:
    """Figure 5: what is left of the initial features, and how much do features point along the field h?

    Args:
        dataset: a sweep.
        published: `published_maps()`.

    Returns:
        Three panels: G(t_f, 0) of the sweep, Eq. (3.4); the published map on the same scale; the alignment of
        Eq. (3.5). The published alignment is this divided by the number of test points, 128, and was not read
        off.
    """
    figure = new_figure(height=3.9)
    left, centre, right = figure.subplots(1, 3, sharey=True)
    unit = Normalize(0.0, 1.0)
    overlap = mean_and_error(dataset["feature_overlap"])[0]
    mesh = heat_map(left, overlap, norm=unit, title=f"$G$, this book, {epochs_text(dataset)}")
    heat_map(
        centre, published["feature_overlap"], norm=unit, title=f"$G$, published, {epochs_text(published)}"
    )
    alignment = mean_and_error(dataset["alignment"])[0]
    top = max(float(np.ceil(10 * alignment.max()) / 10), 0.1)
    aligned = heat_map(
        right,
        alignment,
        norm=Normalize(min(0.0, float(alignment.min())), top),
        title=f"alignment, {epochs_text(dataset)}",
    )
    for axes in (centre, right):
        axes.set_ylabel("")
    figure.colorbar(
        mesh, ax=[left, centre], location="bottom", label="feature overlap $G(t_f, 0)$", aspect=40
    )
    figure.colorbar(aligned, ax=right, location="bottom", label=r"alignment $\langle h\phi\rangle$")
    return figure


@styled
def alignment_and_saturation(dataset: xr.Dataset, *, slope: float) -> BookFigure:
    """What does the alignment measure? Once the output is right it must equal rms(y) / (|Z| sqrt(n2)
    rms(phi)).

    Args:
        dataset: a sweep.
        slope: ensemble mean of rms(y) / (|Z| sqrt(n2)), a property of the teachers alone.

    Returns:
        Left, the map of rms(phi). Right, alignment against 1 / rms(phi), one point per cell coloured by
        temperature with its standard error, and the line of that slope.
    """
    figure = new_figure(height=3.8)
    left, right = figure.subplots(1, 2)
    mesh = heat_map(
        left,
        mean_and_error(dataset["feature_rms"])[0],
        norm=Normalize(0.0, 1.0),
        title="size of the features",
    )
    figure.colorbar(mesh, ax=left, label=r"rms$(\phi)$")
    inverse, inverse_error = mean_and_error(1 / dataset["feature_rms"])
    alignment, error = mean_and_error(dataset["alignment"])
    temperature = dataset["temperature"].values
    colours = curve_colours(len(temperature))
    for k, value in enumerate(temperature):
        cells = {"temperature": value}
        right.errorbar(
            inverse.sel(cells), alignment.sel(cells), xerr=inverse_error.sel(cells), yerr=error.sel(cells),
            fmt="o", color=colours(k), markersize=4, elinewidth=0.8, capsize=0, label=f"{value:g}",
        )  # fmt: skip
    ends = np.array([1.0, float(inverse.max())])
    (line,) = right.plot(ends, slope * ends, color="0.3", linestyle=":", zorder=0)
    line.set_gid("identity")
    curve_bar(figure, right, temperature, label=TEMPERATURE_LABEL)
    right.legend(
        handles=[
            Line2D([], [], color="0.3", linestyle=":", label=r"rms$(y)\,/\,(|Z|\sqrt{n_2}\,$rms$(\phi))$")
        ]
    )
    right.set(
        xlabel=r"$1\,/\,$rms$(\phi)$", ylabel=r"alignment $\langle h\phi\rangle$", title="alignment and size"
    )
    return figure
