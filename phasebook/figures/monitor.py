"""Figures of one's own network: a diagnosis, its test on networks not seen before, and a scan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.colors import Normalize

from phasebook.figures.maps import TEMPERATURE_LABEL, cell_edges, heat_map, power_of_two_axis
from phasebook.figures.style import PHASES, SEQUENTIAL, BookFigure, Phase, new_figure, styled
from phasebook.network import Array

BY_NAME = {phase.name: phase for phase in PHASES}
UNDECIDED = Phase("undecided", "", "#999999", "D", ":", np.nan, np.nan)
DIVERGED = Phase("diverged", "", "0.25", "x", ":", np.nan, np.nan)


@styled
def diagnosis_figure(
    history: xr.DataArray, *, evidence: Sequence[tuple[str, float, str, float]], title: str
) -> BookFigure:
    """In which phase is this run, since when, and which indicator says so?

    Args:
        history: probability, dims (step, phase).
        evidence: label, value, what it suggests, weight; those without a weight are left out.
        title: of the whole.
    """
    figure = new_figure(height=3.2)
    left, right = figure.subplots(1, 2, width_ratios=[1.15, 1])
    for name in history["phase"].values:
        look = BY_NAME[str(name)]
        left.plot(
            history["step"], history.sel(phase=name), color=look.colour, marker=look.marker,
            linestyle=look.linestyle, markersize=4, label=look.name,
        )  # fmt: skip
    left.set(xscale="log", ylim=(-0.03, 1.03), xlabel="SGD steps", ylabel="probability of the phase")
    left.legend(loc="best")
    weighed = [line for line in evidence if np.isfinite(line[3])][::-1]
    for row, (label, value, suggests, weight) in enumerate(weighed):
        phase = BY_NAME.get(suggests.removeprefix("speaks for "), UNDECIDED)
        right.barh(row, weight, color=phase.colour, height=0.55)
        right.text(0.0, row + 0.33, f"{label}: {value:.2g}", va="bottom", ha="left", fontsize="small")
        right.text(
            weight, row, f" {phase.name if phase is not UNDECIDED else 'says little'}", va="center",
            ha="left", fontsize="small",
        )  # fmt: skip
    top = max((line[3] for line in weighed), default=1.0)
    right.set(
        ylim=(-0.5, len(weighed) - 0.2), xlim=(0, 1.55 * max(top, 0.5)), yticks=[],
        xlabel="adds to the logit of the phase named",
    )  # fmt: skip
    figure.suptitle(title)
    return figure


@styled
def scan_figure(
    scan: xr.Dataset,
    *,
    suggested: tuple[float, float] | None,
    fastest: tuple[float, float] | None,
    resumed: Sequence[tuple[float, float]] = (),
    boundary: xr.DataArray | None = None,
) -> BookFigure:
    """What did the scan try, how long, and what does it suggest?

    Args:
        scan: `steps`, `rung`, `phase` and `loss`, dims (temperature, variance).
        suggested, fastest: (temperature, variance) of the cells to mark.
        resumed: those that had been given up and were trained to the end after all.
        boundary: temperature of a line to compare with, dims (variance,).
    """
    figure = new_figure(height=4.2)
    left, right = figure.subplots(1, 2, sharey=True)
    rungs = int(scan["rung"].max()) + 1
    kinds = {phase.name: phase for phase in (*PHASES, UNDECIDED, DIVERGED)}
    for t in scan["temperature"].values:
        for v in scan["variance"].values:
            one = scan.sel(temperature=t, variance=v)
            look = kinds[str(one["phase"].values)]
            left.scatter(
                v, t, s=_size(int(one["rung"]), rungs), color=look.colour, marker=look.marker,
                linewidths=1.5 if look is DIVERGED else 0,
            )  # fmt: skip
    for phase in kinds.values():
        if (scan["phase"] == phase.name).any():
            left.scatter([], [], color=phase.colour, marker=phase.marker, s=60, label=phase.name)
    for rung in range(rungs):
        steps = int(scan["steps"].where(scan["rung"] == rung).max())
        left.scatter(
            [], [], s=_size(rung, rungs), marker="o", facecolor="none", edgecolor="0.3",
            label=f"{steps} steps",
        )  # fmt: skip
    ring = {"marker": "s", "facecolor": "none", "edgecolor": "black", "linewidths": 1.0}
    for cell in resumed:
        left.scatter(cell[1], cell[0], s=380, **ring)
    if resumed:
        left.scatter([], [], s=120, label="resumed", **ring)
    loss = np.log10(scan["loss"].where(np.isfinite(scan["loss"])))
    variance, temperature = scan["variance"].values, scan["temperature"].values
    mesh = right.pcolormesh(cell_edges(variance), cell_edges(temperature), loss, cmap=SEQUENTIAL)
    mesh.set_rasterized(True)
    right.set_facecolor("0.75")
    figure.colorbar(mesh, ax=right, label="log10 of the loss there")
    left.set_title("phase at the end of its training")
    right.set_title("loss there")
    both = suggested is not None and suggested == fastest
    marks = [(suggested, "*", "suggested, lowest loss" if both else "suggested")]
    marks += [] if both else [(fastest, "P", "ordered, lowest loss")]
    for axes in (left, right):
        power_of_two_axis(axes, "x", variance, label="initial variance, multiplied by")
        power_of_two_axis(axes, "y", temperature, label=TEMPERATURE_LABEL if axes is left else "")
        if boundary is not None:
            axes.plot(boundary["variance"], boundary, color="0.35", linestyle=":", label="boundary (4.15)")
        for cell, marker, text in marks:
            if cell is not None:
                axes.scatter(
                    cell[1], cell[0], marker=marker, s=260 if marker == "*" else 110, facecolor="white",
                    edgecolor="black", linewidths=1.0, zorder=3, label=text,
                )  # fmt: skip
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower left", ncols=5)
    return figure


def _size(rung: int, rungs: int) -> float:
    return 30 + 110 * (rung + 1) / rungs


@styled
def indicators_figure(runs: Mapping[str, xr.Dataset], labels: Mapping[str, str]) -> BookFigure:
    """What do the indicators do along a run in each phase?

    Args:
        runs: name of the phase -> indicators, dims (step,).
        labels: name of an indicator -> how it is written, for a panel each.
    """
    figure = new_figure(height=4.6)
    panels = figure.subplots(2, 2, sharex=True)
    for axes, (name, text) in zip(panels.flat, labels.items(), strict=True):
        for phase, values in runs.items():
            look = BY_NAME[phase]
            later = values[name].isel(step=slice(1, None))
            axes.plot(
                later["step"], later, color=look.colour, marker=look.marker, linestyle=look.linestyle,
                markersize=4, label=look.name,
            )  # fmt: skip
        axes.set(xscale="log", title=text)
    for axes in panels[-1]:
        axes.set_xlabel("SGD steps")
    figure.legend(*panels.flat[0].get_legend_handles_labels(), loc="outside lower left", ncols=3)
    return figure


@styled
def validation_figure(
    right: xr.DataArray, labels: xr.DataArray, *, confidence: Array, share: Array, error: Array, level: float
) -> BookFigure:
    """Where is the diagnosis right, and is it as sure as it should be?

    Args:
        right: share of the networks of a cell with the right verdict, dims (temperature, inv_sigma_w).
        labels: the book's phases, same dims.
        confidence, share, error: (interval,), mean confidence, share that is right and its standard error.
        level: confidence from which a phase is named.
    """
    figure = new_figure(height=4.0)
    left, axes = figure.subplots(1, 2, width_ratios=[1.2, 1])
    mesh = heat_map(left, right, norm=Normalize(0, 1), title="share of right verdicts")
    figure.colorbar(mesh, ax=left, ticks=[0, 0.5, 1])
    for phase in PHASES:
        rows, columns = np.nonzero(labels.values == phase.name)
        # Dark markers on pale cells and pale ones on dark cells.
        shades = [
            "black" if right.values[r, c] > 0.6 else "white" for r, c in zip(rows, columns, strict=True)
        ]
        left.scatter(
            labels["inv_sigma_w"].values[columns], labels["temperature"].values[rows], s=9,
            marker=phase.marker, c=shades, linewidths=0,
        )  # fmt: skip
        left.scatter([], [], s=14, marker=phase.marker, color="black", label=phase.name)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower left", ncols=3)
    axes.plot([1 / 3, 1], [1 / 3, 1], color="0.5", linestyle=":", label="as sure as right")
    axes.errorbar(
        confidence, share, yerr=2 * error, fmt="o", color="0.1", capsize=2, label="held-out runs, 2 s.e."
    )
    axes.axvline(level, color="0.5", linewidth=0.8, linestyle="--", label="below: undecided")
    axes.set(xlabel="mean confidence", ylabel="share that is right", xlim=(0.3, 1.03), ylim=(0.3, 1.05))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower right", ncols=2)
    return figure
