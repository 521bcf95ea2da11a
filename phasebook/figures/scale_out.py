"""What training costs, against its length and against the width of the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from phasebook.figures.style import JAMMED, ORDERED, PARAMAGNETIC, BookFigure, new_figure, styled
from phasebook.runs.cost import CostModel, Measurement


@styled
def cost(
    measurements: Sequence[Measurement], model: CostModel, step_times: Mapping[tuple[int, ...], float]
) -> BookFigure:
    """Left: seconds of a call against its length, measured and modelled. Right: time of a step against width.

    Args:
        measurements: at the widths of the paper.
        model: fitted to them.
        step_times: seconds of a step of one network, by widths, beginning with the paper's.
    """
    figure = new_figure(height=3.4)
    left, right = figure.subplots(1, 2)
    steps = np.geomspace(min(m.steps for m in measurements), max(m.steps for m in measurements), 50)
    for phase, networks in zip(
        (ORDERED, JAMMED, PARAMAGNETIC), sorted({m.networks for m in measurements}), strict=False
    ):
        points = [m for m in measurements if m.networks == networks]
        left.plot(
            [m.steps for m in points],
            [m.seconds for m in points],
            phase.marker,
            color=phase.colour,
            label=f"{networks} network{'s' if networks > 1 else ''}",
        )
        line = [model.seconds(networks=networks, steps=int(s), block=networks) for s in steps]
        left.plot(steps, line, phase.linestyle, color=phase.colour)
    left.set(xscale="log", yscale="log", xlabel="SGD steps of each network", ylabel="core-seconds of a call")
    left.legend(title="lines: the model")

    weights = np.array([widths[-2] * widths[-3] for widths in step_times])
    nanoseconds = 1e9 * np.array(list(step_times.values()))
    right.plot(weights, nanoseconds, ORDERED.marker, color=ORDERED.colour, label="measured")
    right.plot(weights, nanoseconds[0] * weights / weights[0], ":", color="0.4", label="in proportion")
    for widths, x, y in zip(step_times, weights, nanoseconds, strict=True):
        right.annotate(
            f"{widths[-3]}-{widths[-2]}", (x, y), textcoords="offset points", xytext=(-6, 6), ha="right"
        )
    right.set(xscale="log", yscale="log", xlabel="trained weights", ylabel="ns per network and step")
    right.margins(x=0.25, y=0.2)
    right.legend(loc="lower right")
    return figure
