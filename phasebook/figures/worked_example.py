"""Figures of the worked example: a scan beside the full grid, and the runs that four choices lead to."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm

from phasebook.beyond.habits import RangeTest
from phasebook.beyond.worked_example import Runs
from phasebook.figures.maps import TEMPERATURE_LABEL, cell_edges, power_of_two_axis
from phasebook.figures.monitor import BY_NAME, UNDECIDED
from phasebook.figures.style import PHASES, SEQUENTIAL, BookFigure, curve_colours, new_figure, styled

LINES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D")
Setting = tuple[float, float]


@styled
def scan_and_grid(
    scans: Mapping[str, xr.Dataset],
    grids: Mapping[str, xr.DataArray],
    *,
    chosen: Mapping[str, Setting | None],
    best: Mapping[str, Setting],
) -> BookFigure:
    """What did the scan see of the losses that the full grid finds at the end?

    Args:
        scans: name of the network -> `phase` and `loss`, dims (temperature, variance).
        grids: the loss of every cell trained to the end, same dims; not-a-number where it diverged.
        chosen, best: (temperature, variance) that the scan suggests, and where the grid is lowest.
    """
    figure = new_figure(height=3.3 * len(scans))
    panels = figure.subplots(len(scans), 2, sharex=True, sharey=True, squeeze=False)
    lowest = min(float(grid.min()) for grid in grids.values())
    norm = LogNorm(lowest, np.log(10))  # from the best to guessing among ten classes
    for (left, right), (name, scan) in zip(panels, scans.items(), strict=True):
        _losses(left, scan["loss"].where(np.isfinite(scan["loss"])), norm)
        _losses(right, grids[name], norm)
        left.set_title(f"{name}: the scan, where it stopped")
        right.set_title(f"{name}: the grid, at the end")
        for t in scan["temperature"].values:
            for v in scan["variance"].values:
                phase = str(scan["phase"].sel(temperature=t, variance=v).values)
                look = BY_NAME.get(phase, UNDECIDED)
                marker = "x" if phase == "diverged" else look.marker
                edge = {"linewidths": 1.2} if marker == "x" else {"edgecolor": "white", "linewidths": 0.9}
                colour = "0.25" if marker == "x" else look.colour
                left.scatter(v, t, s=46, marker=marker, color=colour, **edge)
        for setting, marker, size in ((chosen[name], "*", 230), (best[name], "P", 110)):
            if setting is not None:
                right.scatter(setting[1], setting[0], s=size, marker=marker, color="white", edgecolor="black")
        left.set_ylabel(TEMPERATURE_LABEL)
        right.set_ylabel("")
    for axes in panels[-1]:
        axes.set_xlabel("initial variance, multiplied by")
    seen = {str(phase) for scan in scans.values() for phase in np.unique(scan["phase"].values)}
    key = panels[0, 0]
    for phase in (*PHASES, UNDECIDED):
        if phase.name in seen:
            key.scatter([], [], s=46, marker=phase.marker, color=phase.colour, label=phase.name)
    if "diverged" in seen:
        key.scatter([], [], s=46, marker="x", color="0.25", label="diverged")
    key.scatter([], [], s=150, marker="*", color="white", edgecolor="black", label="suggested")
    key.scatter([], [], s=80, marker="P", color="white", edgecolor="black", label="lowest of the grid")
    figure.colorbar(ScalarMappable(norm, SEQUENTIAL), ax=panels, label="loss of the probe", extend="max")
    figure.legend(*key.get_legend_handles_labels(), loc="outside lower left", ncols=4)
    return figure


def _losses(axes: Axes, losses: xr.DataArray, norm: LogNorm) -> None:
    variance, temperature = losses["variance"].values, losses["temperature"].values
    axes.set_facecolor("0.75")
    mesh = axes.pcolormesh(
        cell_edges(variance), cell_edges(temperature), losses.transpose("temperature", "variance").values,
        norm=norm, cmap=SEQUENTIAL,
    )  # fmt: skip
    mesh.set_rasterized(True)
    power_of_two_axis(axes, "x", variance, label="")
    power_of_two_axis(axes, "y", temperature, label="")


@styled
def range_tests_and_runs(
    tests: Mapping[str, RangeTest], runs: Mapping[str, Mapping[str, Runs]]
) -> BookFigure:
    """Where does the range test put the learning rate, and which of the choices trains fastest?

    Args:
        tests: name of the network -> its range test.
        runs: name of the network -> name of the choice -> its runs; drawn are mean and extremes.
    """
    figure = new_figure(height=3.1 * len(tests))
    panels = figure.subplots(len(tests), 2, width_ratios=[1, 1.35], squeeze=False, sharex="col")
    names = list(dict.fromkeys(choice for found in runs.values() for choice in found))
    colours = curve_colours(len(names))
    for (left, right), (network, test) in zip(panels, tests.items(), strict=True):
        left.plot(
            test.rates, test.losses, color="0.65", linestyle="-", linewidth=0.9, label="loss of the batch"
        )
        left.plot(test.rates, test.smooth, color="black", linestyle="-", label="mean of five")
        left.axvline(test.picked, color="0.3", linestyle=":", label="picked: a tenth of the lowest")
        left.set(xscale="log", ylabel="loss", title=f"{network}: range test")
        for choice, found in runs[network].items():
            k = names.index(choice)
            right.plot(
                found.steps, found.losses.mean(0), color=colours(k), linestyle=LINES[k], marker=MARKERS[k],
                markersize=4, label=choice,
            )  # fmt: skip
            right.fill_between(
                found.steps,
                found.losses.min(0),
                found.losses.max(0),
                color=colours(k),
                alpha=0.15,
                linewidth=0,
            )
        right.set(yscale="log", ylabel="training loss", title=f"{network}: runs")
    panels[-1, 0].set_xlabel("learning rate")
    panels[-1, 1].set_xlabel("SGD steps")
    panels[-1, 0].legend(loc="upper left", fontsize="small", frameon=True, framealpha=1.0, edgecolor="none")
    most = max(range(len(panels)), key=lambda row: len(panels[row, 1].get_lines()))
    handles = panels[most, 1].get_legend_handles_labels()
    panels[0, 1].legend(*handles, loc="upper right", fontsize="small", ncols=2)
    return figure
