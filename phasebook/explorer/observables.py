"""What the explorer shows in each cell: the observables at every recorded time, and the eigenvalues."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from phasebook.evidence.statistics import mean_and_error
from phasebook.explorer.flow import CELL, median_levels, spacing_growth


@dataclass(frozen=True)
class Observable:
    """A number of each network, averaged over the networks of a cell.

    Attributes:
        key: its name in addresses.
        title: as a menu has it.
        symbol: in a line of text.
        equation: of the paper, empty if it has none.
        log: whether its colours and axes are logarithmic.
        limits: of the colours; None for the range of the data.
        of: a sweep -> its values, dims (temperature, inv_sigma_w, model, time) or without `time` if it is
            recorded at the end of a sweep only.
    """

    key: str
    title: str
    symbol: str
    equation: str
    log: bool
    limits: tuple[float, float] | None
    of: Callable[[xr.Dataset], xr.DataArray]


OBSERVABLES = (
    Observable(
        "test_error", "test error", "⟨(y − ŷ)²⟩", "2.6", True, None, lambda d: 2 * d["test_loss_history"]
    ),
    Observable(
        "gradient", "gradient at fixed W", "‖∇L‖", "3.3", True, None, lambda d: d["gradient_norm_history"]
    ),
    Observable(
        "gradient_epoch", "gradient along an epoch", "‖ΔW‖ / (ε n_b)", "3.3", True, None,
        lambda d: d["gradient_norm_epoch_mean"],
    ),
    Observable(
        "overlap", "feature overlap", "G(t, 0)", "3.4", False, (0.0, 1.0),
        lambda d: d["feature_overlap_history"],
    ),
    Observable("alignment", "alignment", "⟨hφ⟩", "3.5", False, None, lambda d: d["alignment_history"]),
    Observable(
        "size", "size of the features", "rms φ", "2.5", False, (0.0, 1.0), lambda d: d["feature_rms_history"]
    ),
    Observable(
        "growth", "growth of the level spacing", "ln S(t)/S(0)", "4.7", False, None, spacing_growth,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Sources:
    """The sweeps behind the explorer, joined along time.

    Attributes:
        book: the plane at short times.
        paper: the plane at longer times, fewer networks.
        cells: single cells at the longer times, with more networks than `paper`; grids of one cell.
    """

    book: xr.Dataset
    paper: xr.Dataset
    cells: Sequence[xr.Dataset]

    @property
    def times(self) -> np.ndarray:
        """In epochs: those of the book, then the later ones of the paper that are evenly spaced in log t."""
        return np.concatenate([self.book["time"].values, self.later])

    @property
    def later(self) -> np.ndarray:
        """Recorded times after the book's last, five per decade."""
        recorded, last = self.paper["time"].values, float(self.book["time"][-1])
        decades = np.log10(float(recorded[-1]) / last)
        wanted = last * 10 ** (np.arange(1, round(5 * decades) + 1) / 5)
        return np.array([recorded[np.abs(np.log(recorded[1:] / t)).argmin() + 1] for t in wanted])

    def joined(self, statistic: Callable[[xr.Dataset], xr.DataArray]) -> xr.DataArray:
        """A statistic over networks at all times, the best ensemble for each cell.

        Args:
            statistic: a sweep -> dims (temperature, inv_sigma_w, time or not, ...), without `model`.

        Returns:
            Dims (temperature, inv_sigma_w, time, ...). What has no dim `time` is taken as recorded at the
            last time of its sweep.
        """
        early = self._timed(statistic(self.book), self.book)
        late = self._timed(statistic(self.paper), self.paper).copy()
        for cell in self.cells:
            place = {name: float(cell[name].item()) for name in CELL}
            late.loc[place] = self._timed(statistic(cell), cell).sel(place).values
        late = late.sel(time=[t for t in self.later if t in late["time"].values])
        return xr.concat([early, late], dim="time", join="exact").transpose(*CELL, "time", ...)

    def _timed(self, values: xr.DataArray, sweep: xr.Dataset) -> xr.DataArray:
        return values if "time" in values.dims else values.expand_dims(time=[float(sweep["time"][-1])])


def averages(sources: Sources, observable: Observable) -> tuple[xr.DataArray, xr.DataArray]:
    """Mean over networks and its standard error, dims (temperature, inv_sigma_w, time)."""
    both = sources.joined(lambda sweep: xr.concat(mean_and_error(observable.of(sweep)), dim="statistic"))
    return both.isel(statistic=0), both.isel(statistic=1)


def levels(sources: Sources) -> xr.DataArray:
    """Median over networks of each eigenvalue of X, dims (temperature, inv_sigma_w, time, level)."""
    return sources.joined(median_levels)


def target_levels(sources: Sources) -> xr.DataArray:
    """The same of the teachers' X, dims (temperature, inv_sigma_w, level)."""
    return sources.book["target_eigenvalues"].median("model").transpose(*CELL, "level")
