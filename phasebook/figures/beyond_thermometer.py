"""Figures on the temperature of optimisers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from phasebook.figures.beyond import look
from phasebook.figures.maps import power_of_two_axis
from phasebook.figures.style import BookFigure, new_figure, styled
from phasebook.network import Array

Points = Mapping[str, tuple[Array, Array]]


@styled
def thermometer(panels: Sequence[tuple[str, str, Points, tuple[Array, Array] | None]]) -> BookFigure:
    """Is the excess loss that noise sustains a function of one candidate for the temperature?

    Args:
        panels: title, label of the candidate, name -> (its values, excess of shape (point, model)), and
            a line of theory, if there is one.
    """
    figure = new_figure(height=3.7)
    for axes, (title, label, points, theory) in zip(
        figure.subplots(1, len(panels), sharey=True, squeeze=False)[0], panels, strict=True
    ):
        for k, (name, (places, excess)) in enumerate(points.items()):
            error = excess.std(1, ddof=1) / np.sqrt(excess.shape[1])
            axes.errorbar(places, excess.mean(1), error, label=name, **look(k))
        if theory is not None:
            axes.plot(*theory, "k:", label="theory")
        power_of_two_axis(axes, "x", np.concatenate([p for p, _ in points.values()]), label=label)
        axes.set(yscale="log", title=title)
        axes.legend(fontsize="small")
    figure.axes[0].set_ylabel("excess test loss")
    return figure
