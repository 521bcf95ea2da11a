"""Cuts through the plane: Figures 3 and 4 of the paper, loss and gradient against temperature.

The text and the released code measure different things under the same names (`DEFINITIONS`), and both are
drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from phasebook.evidence.statistics import mean_and_error, median_and_band
from phasebook.figures.maps import INV_SIGMA_W_LABEL, TEMPERATURE_LABEL, curve_bar, power_of_two_axis
from phasebook.figures.provenance import epochs_text
from phasebook.figures.style import JAMMED, ORDERED, BookFigure, curve_colours, new_figure, styled


@dataclass(frozen=True)
class Definition:
    """What "loss" and "gradient" mean: the variables, how networks are averaged, and the axis labels."""

    loss: str
    gradient: str
    average: Literal["mean", "median"]
    loss_label: str
    gradient_label: str

    def of(self, values: xr.DataArray) -> xr.DataArray:
        """The average over networks."""
        return mean_and_error(values)[0] if self.average == "mean" else median_and_band(values)[0]


DEFINITIONS = {
    "text": Definition(
        "test_loss",
        "gradient_norm",
        "mean",
        "mean test loss",
        r"mean $\Vert\nabla\mathcal{L}\Vert$ at fixed $W$",
    ),
    "released": Definition(
        "training_loss_epoch_mean",
        "gradient_norm_epoch_mean",
        "median",
        "median training loss",
        r"median $\Vert$epoch-averaged gradient$\Vert$",
    ),
}
"""Eq. (3.2), (3.3) of the text; the released code plots medians of training loss and of net displacement."""


@styled
def loss_and_gradient(
    dataset: xr.Dataset,
    *,
    definition: Literal["text", "released"] = "text",
    published: xr.Dataset | None = None,
) -> BookFigure:
    """Figure 3: loss and gradient at the end of training against T, one curve for each 1/sigma_W.

    Args:
        dataset: a sweep.
        definition: "text" for Eq. (3.2) and (3.3), "released" for what the released code measures.
        published: `published_curves()`, drawn as open circles in the colour of their curve; they follow the
            released code's definition.

    Returns:
        Two panels, both axes logarithmic, with a colour bar for 1/sigma_W.
    """
    meaning = DEFINITIONS[definition]
    columns = dataset["inv_sigma_w"].values
    colours = curve_colours(len(columns))
    figure = new_figure(height=4.0)
    panels = figure.subplots(1, 2)
    for axes, name, variable, label in (
        (panels[0], "loss", meaning.loss, meaning.loss_label),
        (panels[1], "gradient", meaning.gradient, meaning.gradient_label),
    ):
        average = meaning.of(dataset[variable])
        for k, column in enumerate(columns):
            curve = average.sel(inv_sigma_w=column)
            axes.plot(curve["temperature"], curve, "-", color=colours(k), label=f"{column:g}")
            if published is not None and column in published["inv_sigma_w"]:
                points = published[name].sel(inv_sigma_w=column)
                axes.plot(points["temperature"], points, "o", markerfacecolor="none", color=colours(k))
        axes.set_yscale("log")
        axes.set_title(label)
        power_of_two_axis(axes, "x", dataset["temperature"].values, label=TEMPERATURE_LABEL)
    panels[0].set_title(f"{meaning.loss_label}, {epochs_text(dataset)}")
    curve_bar(figure, list(panels), columns, label=INV_SIGMA_W_LABEL)
    return figure


@styled
def transition(dataset: xr.Dataset, published: xr.Dataset, *, inv_sigma_w: float = 8.0) -> BookFigure:
    """Figure 4: where along T does training stop converging, and is the gradient already small at the start?

    Args:
        dataset: a sweep.
        published: `published_curves()`; medians at 1e5 epochs.
        inv_sigma_w: the column of the left and centre panels.

    Returns:
        Three panels. Left and centre: loss and gradient against T. Filled circles are the released code's
        quantity (median, bars from the 16th to the 84th percentile of networks), squares the text's (mean and
        its standard error), open circles the published medians. Right: the gradient at t = 0 against
        1/sigma_W at the lowest T.
    """
    released, text = DEFINITIONS["released"], DEFINITIONS["text"]
    figure = new_figure(height=4.2)
    left, centre, right = figure.subplots(1, 3)
    column, cut = dataset.sel(inv_sigma_w=inv_sigma_w), published.sel(inv_sigma_w=inv_sigma_w)
    for axes, name, median, mean in (
        (left, "loss", released.loss, text.loss),
        (centre, "gradient", released.gradient, text.gradient),
    ):
        _draw_series(axes, column, "temperature", median=median, mean=mean)
        _draw_published(axes, cut, "temperature", name)
        power_of_two_axis(axes, "x", dataset["temperature"].values, label=TEMPERATURE_LABEL, every=3)
        axes.set_title(f"{name}, {epochs_text(dataset)}")
    coldest = float(dataset["temperature"].min())
    _draw_series(
        right,
        dataset.sel(temperature=coldest),
        "inv_sigma_w",
        median="gradient_norm_initial",
        mean="gradient_norm_initial",
    )
    if coldest in published["temperature"]:
        _draw_published(right, published.sel(temperature=coldest), "inv_sigma_w", "gradient_initial")
    power_of_two_axis(right, "x", dataset["inv_sigma_w"].values, label=INV_SIGMA_W_LABEL, every=3)
    right.set_title("gradient at $t = 0$")
    for axes in (left, centre, right):
        axes.set_yscale("log")
    handles, _ = left.get_legend_handles_labels()
    labels = [
        "as released: median, 16 to 84 % of networks",
        "as in the text: mean, standard error",
        "published medians",
    ]
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=9, columnspacing=1.2)
    return figure


def _draw_series(axes: Axes, cut: xr.Dataset, along: str, *, median: str, mean: str) -> None:
    middle, lower, upper = median_and_band(cut[median])
    average, error = mean_and_error(cut[mean])
    x = np.asarray(cut[along])
    # The means stand a tenth to the right, the published points a tenth to the left: no bar hides another.
    axes.errorbar(
        x, middle, yerr=[middle - lower, upper - middle],
        fmt="o-", color=ORDERED.colour, elinewidth=1, label="median",
    )  # fmt: skip
    axes.errorbar(
        x, average, yerr=error, fmt="s--", color=JAMMED.colour, markersize=4, elinewidth=1, label="mean"
    )


def _draw_published(axes: Axes, cut: xr.Dataset, along: str, name: str) -> None:
    bars = np.stack([cut[name] - cut[f"{name}_lower"], cut[f"{name}_upper"] - cut[name]])
    axes.errorbar(
        np.asarray(cut[along]) / 1.1, cut[name], yerr=np.nan_to_num(bars),
        fmt="o", color="0.25", markerfacecolor="white", markersize=6, elinewidth=1, zorder=0,
        label="published",
    )  # fmt: skip
