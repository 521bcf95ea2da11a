"""Single cells of the plane with many networks, against the values read off the published figures."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr

from phasebook.evidence.statistics import Estimate, bootstrap, mean_and_error

MEDIANS = {"loss": "training_loss_epoch_mean", "gradient": "gradient_norm_epoch_mean"}
"""The published curves (released code) and what we call them."""


class CellComparison(NamedTuple):
    """One quantity in one cell.

    Attributes:
        quantity: "loss" or "gradient" (medians), "test error" or "overlap" (means).
        phase: of the cell.
        ours: over the networks, with its error.
        published: not-a-number where the figure could not be read.
        reading: error of the published value.
    """

    quantity: str
    phase: str
    ours: Estimate
    published: float
    reading: float

    @property
    def deviation(self) -> float:
        """Of ours from the published value, in standard errors."""
        return abs(self.ours.value - self.published) / float(np.hypot(self.ours.error, self.reading))


def compare_cells(
    cells: xr.Dataset, maps: xr.Dataset, curves: xr.Dataset, *, reading: float
) -> list[CellComparison]:
    """Loss, gradient, test error and overlap of each cell, ours and published.

    Args:
        cells: dims (phase, model), with the coordinates temperature and inv_sigma_w of each phase.
        maps, curves: `published.published_maps` and `published_curves`.
        reading: relative error of a published value; that of an overlap, of order one, has 0.01 more.
    """
    found = []
    for phase in map(str, cells["phase"].values):
        cell = cells.sel(phase=phase)
        place = {name: float(cell[name]) for name in ("temperature", "inv_sigma_w")}
        for name, ours in MEDIANS.items():
            theirs = float(curves[name].sel(place))
            median = bootstrap(lambda x: float(x.median()), cell[ours])
            found.append(CellComparison(name, phase, median, theirs, reading * theirs))
        for name, values, published, extra in (
            ("test error", 2 * cell["test_loss"], "test_error", 0.0),
            ("overlap", cell["feature_overlap"], "feature_overlap", 0.01),
        ):
            theirs = float(maps[published].sel(place))
            mean = Estimate(*map(float, mean_and_error(values)))
            found.append(CellComparison(name, phase, mean, theirs, reading * theirs + extra))
    return found
