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
