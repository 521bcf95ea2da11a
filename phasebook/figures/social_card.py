"""The picture that a link to the book is shown with."""

from __future__ import annotations

import xarray as xr

from phasebook.evidence.statistics import mean_and_error
from phasebook.figures.maps import decade_norm, heat_map, name_region
from phasebook.figures.style import PHASES, BookFigure, styled

INCHES = (12.0, 6.3)
DOTS = 100
"""Per inch: 1200 x 630 pixels, the size that those who show links ask for."""


@styled
def social_card(dataset: xr.Dataset) -> BookFigure:
    """The book's name beside its phase diagram; what is it about?

    Args:
        dataset: a sweep with `test_loss`.
    """
    figure = BookFigure(figsize=INCHES, dpi=DOTS)
    figure.text(0.05, 0.74, "Phasebook", fontsize=46, fontweight="bold")
    figure.text(
        0.05, 0.63,
        "The phase diagram and the eigenvalue\ndynamics of stochastic gradient descent,\n"
        "computed as you read",
        fontsize=18, verticalalignment="top", linespacing=1.5,
    )  # fmt: skip
    networks = dataset["test_loss"].size
    figure.text(0.05, 0.2, f"an executable companion to arXiv:2509.01349\n{networks:,} networks, "
                "every figure recomputed".replace(",", "\N{NARROW NO-BREAK SPACE}", 1),
                fontsize=13, color="0.3", linespacing=1.6)  # fmt: skip
    axes = figure.add_axes((0.57, 0.17, 0.39, 0.7))
    error = mean_and_error(2 * dataset["test_loss"])[0]
    heat_map(axes, error, norm=decade_norm(error), title="mean test error")
    for phase, place in zip(PHASES, ((0.82, 0.12), (0.18, 0.12), (0.5, 0.88)), strict=True):
        name_region(axes, phase, place)
    return figure
