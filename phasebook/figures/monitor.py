"""Figures of one's own network: a diagnosis, its test on networks not seen before, and a scan."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from phasebook.figures.style import PHASES, BookFigure, Phase, new_figure, styled

BY_NAME = {phase.name: phase for phase in PHASES}
UNDECIDED = Phase("undecided", "", "#999999", "D", ":", np.nan, np.nan)


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
    boundary: xr.DataArray | None = None,
) -> BookFigure:
    """What did the scan try, how long, and what does it suggest?

    Args:
        scan: `steps`, `rung`, `phase` and `loss`, dims (temperature, variance).
        suggested, fastest: (temperature, variance) of the cells to mark.
        boundary: temperature of a line to compare with, dims (variance,).
    """
    figure = new_figure(height=4.2)
    left, right = figure.subplots(1, 2, sharey=True)
    rungs = int(scan["rung"].max()) + 1
    for t in scan["temperature"].values:
        for v in scan["variance"].values:
            one = scan.sel(temperature=t, variance=v)
            look = BY_NAME.get(str(one["phase"].values), UNDECIDED)
            size = 30 + 110 * (int(one["rung"]) + 1) / rungs
            left.scatter(v, t, s=size, color=look.colour, marker=look.marker, linewidths=0)
    steps = [int(scan["steps"].where(scan["rung"] == k).max()) for k in range(rungs)]
    for phase in (*PHASES, UNDECIDED):
        if (scan["phase"] == phase.name).any():
            left.scatter([], [], color=phase.colour, marker=phase.marker, s=60, label=phase.name)
    if (scan["phase"] == "diverged").any():
        left.scatter([], [], color=UNDECIDED.colour, marker=UNDECIDED.marker, s=60, label="diverged")
    left.set(title="phase where training stopped")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower left", ncols=4)
    loss = np.log10(scan["loss"].where(np.isfinite(scan["loss"])))
    mesh = right.pcolormesh(scan["variance"], scan["temperature"], loss, cmap="magma", shading="nearest")
    figure.colorbar(mesh, ax=right, label="log10 of the loss there")
    right.set(title=f"trained for {', '.join(str(s) for s in steps)} steps")
    for axes in (left, right):
        axes.set_xscale("log", base=2)
        axes.set_yscale("log", base=2)
        axes.set(xlabel="initial variance, multiplied by")
        if boundary is not None:
            axes.plot(boundary["variance"], boundary, color="0.35", linestyle=":", label="boundary (4.15)")
        for cell, marker, text in ((suggested, "*", "suggested"), (fastest, "P", "lowest loss")):
            if cell is not None:
                axes.scatter(
                    cell[1], cell[0], marker=marker, s=260 if marker == "*" else 110, facecolor="white",
                    edgecolor="black", linewidths=1.0, zorder=3, label=text,
                )  # fmt: skip
    left.set(ylabel=r"temperature $T = \epsilon/|B|$")
    return figure
