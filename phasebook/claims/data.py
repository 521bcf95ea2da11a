"""What claims are judged on: sweeps from the cache or the package, and what several claims share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from phasebook.boundaries import READINGS, convergence, signal_and_noise
from phasebook.evidence.published import published_curves, published_maps
from phasebook.evidence.statistics import Estimate, bootstrap
from phasebook.network import Ensemble, sample_ensemble
from phasebook.runs.load import load_sweep
from phasebook.runs.long_runs import long_cells
from phasebook.theory.spacing_terms import spacing_terms

Place = dict[str, float]

ORDERED: Place = {"temperature": 2.0**-5, "inv_sigma_w": 8.0}
PARAMAGNETIC: Place = {"temperature": 4.0, "inv_sigma_w": 8.0}
JAMMED: Place = {"temperature": 2.0**-5, "inv_sigma_w": 2.0**-8}
HOTTEST: Place = {"temperature": 64.0, "inv_sigma_w": 8.0}

CHOSEN = tuple(READINGS[k] for k in (0, 2, 4, 6))
"""As released; perturbation theory; Appendix B word for word; the one with the sharpest line."""


@dataclass(frozen=True)
class Data:
    """Loaded and computed when first asked for; one instance serves all claims.

    Args:
        n_models: networks per cell of the book sweep; all 100 unless a test wants fewer.
    """

    n_models: int | None = None

    @cached_property
    def book(self) -> xr.Dataset:
        """The whole plane at 100 epochs."""
        return load_sweep("book", progress=False, **self._models)

    @cached_property
    def paper(self) -> xr.Dataset:
        """The whole plane at the paper's time, few networks per cell; comes with the package."""
        return load_sweep("paper", packaged=True, progress=False)

    @cached_property
    def cells(self) -> xr.Dataset:
        """The three cells of Figure 6 at the paper's time, 16 networks each; dim `phase`."""
        return long_cells()

    @cached_property
    def maps(self) -> xr.Dataset:
        return published_maps()

    @cached_property
    def curves(self) -> xr.Dataset:
        return published_curves()

    @cached_property
    def criterion(self) -> xr.Dataset:
        """K_S and V_S of every network of the book sweep, and who fulfils (4.15), under four readings."""
        parts = signal_and_noise(self.book, readings=CHOSEN)
        return parts.merge(convergence(parts), combine_attrs="override")

    @cached_property
    def spacing(self) -> xr.Dataset:
        """Every coefficient of (B.8) in the cells of Figure 6 and at T = 64, at 100 epochs."""
        some = self.book.sel(temperature=[2.0**-5, 4.0, 64.0], inv_sigma_w=[2.0**-8, 8.0])
        return spacing_terms(some)

    @cached_property
    def speed(self) -> xr.Dataset:
        """A fine temperature axis with common teachers, two columns, 100 epochs."""
        return load_sweep(
            "book",
            progress=False,
            seed=1,
            n_models=30,
            common_teachers=True,
            temperatures=tuple(2 ** (k / 3) for k in range(-15, 2)),
            inv_sigma_ws=(1.0, 8.0),
        )

    @cached_property
    def untrained(self) -> Ensemble:
        """2000 networks at sigma_W = 1 with their test points."""
        return sample_ensemble(n_models=2000, inv_sigma_w=1.0, n_samples=1)

    @cached_property
    def outputs(self) -> Ensemble:
        """50 networks with four outputs, for identities that one output would hide."""
        return sample_ensemble(n_models=50, inv_sigma_w=1.0, n_samples=200, widths=(3, 32, 16, 4))

    @property
    def _models(self) -> dict[str, Any]:
        return {} if self.n_models is None else {"n_models": self.n_models}


def decades(values: xr.DataArray, high: Place, low: Place) -> Estimate:
    """log10 of the ratio of the medians over networks in two cells."""
    both = xr.Dataset({"high": values.sel(high, drop=True), "low": values.sel(low, drop=True)})
    return bootstrap(lambda x: float(np.log10(x["high"].median() / x["low"].median())), both)


def decades_between(values: xr.DataArray, high: str, low: str) -> Estimate:
    """The same for two phases of `Data.cells`."""
    both = xr.Dataset({"high": values.sel(phase=high, drop=True), "low": values.sel(phase=low, drop=True)})
    return bootstrap(lambda x: float(np.log10(x["high"].median() / x["low"].median())), both)


def minus(one: Estimate, value: float = 0.0) -> Estimate:
    """value - one."""
    return Estimate(value - one.value, one.error)
