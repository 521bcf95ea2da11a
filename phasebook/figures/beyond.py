"""Figures beyond the paper: other layers, activations and data on the plane of T and 1/sigma_W."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from phasebook.evidence.statistics import mean_and_error
from phasebook.figures.maps import (
    INV_SIGMA_W_LABEL,
    TEMPERATURE_LABEL,
    decade_norm,
    heat_map,
    power_of_two_axis,
)
from phasebook.figures.style import PHASES, SEQUENTIAL, BookFigure, curve_colours, new_figure, styled

MARKERS = "os^D"
UNIT = Normalize(0.0, 1.0)
TOP = 10.0
"""Where a logarithmic scale of the maps ends: beyond it a network is lost, no matter how far."""
SPELLED = {"relu": "ReLU", "gelu": "GELU"}
"""Names of activations as the text has them, by PyTorch's."""


class Row(NamedTuple):
    """One observable of a figure of maps."""

    name: str
    label: str
    logarithmic: bool = False


def typical(values: xr.DataArray, *, logarithmic: bool) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """Mean over networks with a standard error below and above; of the logarithm if so asked.

    Networks with NaN are left out; a zero counts as 1e-12 in a logarithm.
    """
    if not logarithmic:
        mean, error = mean_and_error(values)
        return mean, mean - error, mean + error
    logs = values.copy(data=np.log(np.clip(values.values, 1e-12, None)))
    mean, error = mean_and_error(logs)
    middle, low, high = (one.copy(data=np.exp(one.values)) for one in (mean, mean - error, mean + error))
    return middle, low, high


@styled
def maps(columns: Mapping[str, xr.Dataset], rows: Sequence[Row]) -> BookFigure:
    """Where are the phases of each kind of network? One column a kind, one row and one scale an observable.

    Args:
        columns: title -> data with the observables, dims (temperature, inv_sigma_w, model).
        rows: what is shown; geometric means and a logarithmic scale where `logarithmic`.
    """
    figure = new_figure(height=0.5 + 2.6 * len(rows))
    panels = figure.subplots(len(rows), len(columns), sharex=True, sharey=True, squeeze=False)
    for line, row in zip(panels, rows, strict=True):
        shown = [typical(data[row.name], logarithmic=row.logarithmic)[0] for data in columns.values()]
        norm = decade_norm(*(one.clip(max=TOP) for one in shown)) if row.logarithmic else UNIT
        for axes, title, values in zip(line, columns, shown, strict=True):
            heat_map(axes, values, norm=norm, title=SPELLED.get(title, title) if row is rows[0] else "")
            axes.label_outer()
        figure.colorbar(ScalarMappable(norm, SEQUENTIAL), ax=list(line), label=row.label)
    return figure


@styled
def data_maps(panels: Sequence[tuple[str, xr.DataArray, bool]]) -> BookFigure:
    """Where are the phases with data that nobody made up? Each map has a scale of its own.

    Args:
        panels: title, values with dims (temperature, inv_sigma_w, model), whether the scale is logarithmic.
    """
    figure = new_figure(height=3.5)
    for axes, (title, values, logarithmic) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True
    ):
        shown = typical(values, logarithmic=logarithmic)[0]
        norm = decade_norm(shown) if logarithmic else UNIT
        mesh = heat_map(axes, shown, norm=norm, title=title)
        if axes is not figure.axes[0]:
            axes.set_ylabel("")
        figure.colorbar(mesh, ax=axes, location="bottom")
    return figure


@styled
def collapse(
    curves: Mapping[str, xr.DataArray],
    places: Sequence[tuple[str, Mapping[str, np.ndarray]]],
    *,
    ylabel: str,
    logarithmic: bool = True,
    legend: str = "",
) -> BookFigure:
    """Against which variable do the curves lie on each other?

    Args:
        curves: name -> values, dims (temperature, model).
        places: for each panel the label of its axis and, for each curve, its places.
        legend: what the names are.
    """
    figure = new_figure(height=3.6)
    panels = figure.subplots(1, len(places), sharey=True, squeeze=False)[0]
    for axes, (label, where) in zip(panels, places, strict=True):
        for k, (name, values) in enumerate(curves.items()):
            middle, low, high = typical(values, logarithmic=logarithmic)
            axes.errorbar(where[name], middle, [middle - low, high - middle], **look(k), label=name)
        power_of_two_axis(axes, "x", np.concatenate(list(where.values())), label=label)
        if logarithmic:
            axes.set_yscale("log")
    panels[0].set_ylabel(ylabel)
    panels[0].legend(title=legend)
    return figure


@styled
def activations(runs: Mapping[str, xr.Dataset], *, cold: float, right: float) -> BookFigure:
    """What do large initial weights do without saturation, and what does heat do?

    Args:
        runs: activation -> data of `phasebook.beyond.planes.scan`.
        cold: temperature of the cut on the left.  right: 1/sigma_W of the other two cuts.
    """
    figure = new_figure(height=3.4)
    panels = figure.subplots(1, 3)
    for k, (key, data) in enumerate(runs.items()):
        name = SPELLED.get(key, key)
        row = data.sel(temperature=cold, method="nearest")
        column = data.sel(inv_sigma_w=right, method="nearest")
        _curve(panels[0], row["relative_error"], "inv_sigma_w", k, name, logarithmic=True)
        _curve(panels[1], column["relative_error"].clip(max=TOP), "temperature", k, name, logarithmic=True)
        _curve(panels[2], column["idle"], "temperature", k, name, logarithmic=False)
        power_of_two_axis(panels[0], "x", data["inv_sigma_w"].values, label=INV_SIGMA_W_LABEL)
        for axes in panels[1:]:
            power_of_two_axis(axes, "x", data["temperature"].values, label=TEMPERATURE_LABEL)
    for axes in panels[:2]:
        axes.set_yscale("log")
    panels[0].set(ylabel="relative error", title=f"$T = 2^{{{np.log2(cold):g}}}$")
    for axes in panels[1:]:
        axes.set_title(rf"$1/\sigma_W = 2^{{{np.log2(right):g}}}$")
    panels[2].set(ylabel="share of units at rest", ylim=(-0.03, 1.03))
    panels[0].legend()
    return figure


@styled
def spectra(
    densities: Mapping[str, Mapping[int, np.ndarray]],
    law: tuple[np.ndarray, np.ndarray],
    histories: Mapping[str, Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]]],
    labels: Mapping[str, str],
) -> BookFigure:
    """How does the spectrum of each phase leave Marchenko-Pastur: in the bulk, by outliers, by a tail?

    Args:
        densities: phase -> steps -> pooled eigenvalues over the mean of their network.
        law: places and density of Marchenko-Pastur with mean 1.
        histories: phase -> quantity -> steps, values, standard errors.
        labels: quantity -> label.
    """
    figure = new_figure(height=5.6)
    top, bottom = figure.subplots(2, 3)
    bins = np.geomspace(2e-4, 16, 46)
    for axes, phase in zip(top, PHASES, strict=True):
        for k, (step, values) in enumerate(densities[phase.name].items()):
            height = np.histogram(values, bins)[0] / values.size / np.diff(bins)
            axes.stairs(
                np.where(height > 0, height, np.nan), bins, color=("0.55", phase.colour)[k], baseline=None,
                linewidth=(1.0, 1.8)[k], label=f"{step:,} steps".replace(",", " "),
            )  # fmt: skip
        axes.plot(*law, "k:", label="Marchenko-Pastur")
        axes.set(
            xscale="log", yscale="log", xlim=(1e-3, 20), ylim=(1e-4, 300), title=phase.name,
            xlabel="eigenvalue over mean",
        )  # fmt: skip
        axes.legend(fontsize="small", loc="upper right")
    top[0].set_ylabel("density")
    for axes, (name, label) in zip(bottom, labels.items(), strict=True):
        for phase in PHASES:
            steps, values, errors = histories[phase.name][name]
            axes.errorbar(
                np.maximum(steps, 1), values, errors, color=phase.colour, marker=phase.marker,
                linestyle=phase.linestyle, markersize=4, linewidth=1.0, label=phase.name,
            )  # fmt: skip
        axes.set(xscale="log", xlabel="SGD steps (first point: 0)", title=label)
    bottom[0].set_yscale("log")
    bottom[0].legend(fontsize="small")
    return figure


def look(k: int) -> dict[str, Any]:
    """Colour, marker and line of the k-th of three curves; the colours of the phases mean phases."""
    return {"color": curve_colours(3)(k), "marker": MARKERS[k], "linestyle": ("-", "--", "-.")[k % 3],
            "markersize": 4, "linewidth": 1.0, "elinewidth": 0.8}  # fmt: skip


def _curve(axes: Axes, values: xr.DataArray, dim: str, k: int, name: str, *, logarithmic: bool) -> None:
    middle, low, high = typical(values, logarithmic=logarithmic)
    axes.errorbar(values[dim], middle, [middle - low, high - middle], **look(k), label=name)
