"""Appendix B: from the levels to their mean spacing."""

from __future__ import annotations

import numpy as np
import xarray as xr

from phasebook.claims.data import JAMMED, ORDERED, PARAMAGNETIC, Data, Place
from phasebook.claims.verdicts import Judgement, agrees, identity, resampled
from phasebook.dyson import coulomb, ensemble_coefficients, spacing_diffusion, spacing_repulsion
from phasebook.evidence.statistics import Estimate, bootstrap
from phasebook.network import Array, sample_ensemble
from phasebook.spectra import level_spacing


def noises_combine(data: Data) -> Judgement:
    """Median over networks of Var(noise of x_N less noise of x_1) over V_NN + V_11, ordered cell."""
    return agrees(_median(_ratio(data, "diffusion_measured", "diffusion"), ORDERED), 1.0)


def noises_combine_when_jammed(data: Data) -> Judgement:
    return agrees(_median(_ratio(data, "diffusion_measured", "diffusion"), JAMMED), 1.0)


def spacings_are_equal_at_the_start(data: Data) -> Judgement:
    """Last gap over the mean spacing, untrained networks."""
    x = np.linalg.eigvalsh(data.untrained.weights @ np.swapaxes(data.untrained.weights, 1, 2))
    return agrees(resampled(lambda each: float(np.median(each)), _last_gap(x)), 1.0)


def spacings_are_equal_at_the_end(data: Data) -> Judgement:
    """The same in the ordered cell after training."""
    x = data.book["eigenvalues"].sel(ORDERED).isel(time=-1).values
    return agrees(resampled(lambda each: float(np.median(each)), _last_gap(x)), 1.0)


def sum_for_equal_spacings(data: Data) -> Judgement:
    """(B.6) with equally spaced levels and any symmetric V is (B.7)."""
    rng = np.random.default_rng(0)
    pairs = []
    for n in (3, 8, 16, 50):
        table = rng.random((n, n))
        table = table + table.T
        force = coulomb(1.3 + 0.37 * np.arange(n), table)
        pairs.append(((force[-1] - force[0]) / (n - 1) * 0.37, spacing_repulsion(table)))
    left, right = np.array(pairs).T
    return identity(left / right, np.ones(len(pairs)))


def repulsion_in_the_ordered_cell(data: Data) -> Judgement:
    """V_S with the measured spacings over (B.7), median over networks."""
    return agrees(_median(_ratio(data, "repulsion_measured", "repulsion"), ORDERED), 1.0)


def repulsion_in_the_paramagnetic_cell(data: Data) -> Judgement:
    return agrees(_median(_ratio(data, "repulsion_measured", "repulsion"), PARAMAGNETIC), 1.0)


def repulsion_in_the_jammed_cell(data: Data) -> Judgement:
    return agrees(_median(_ratio(data, "repulsion_measured", "repulsion"), JAMMED), 1.0)


def missing_drift_cancels_in_the_spacing(data: Data) -> Judgement:
    """(L_N - L_1) / (N - 1), which (B.3) leaves out, over its Coulomb term; ordered cell."""
    share = data.spacing["laguerre"] * data.spacing["spacing"] / data.spacing["repulsion_measured"]
    return agrees(_median(share, ORDERED), 0.0)


def diffusion_of_the_spacing(data: Data) -> Judgement:
    """Variance of drawn changes of S by (B.1) over 2 T D_S dt."""
    one = sample_ensemble(n_models=1, inv_sigma_w=1.0)
    values = ensemble_coefficients(one, one.weights)
    x, noise = values.eigenvalues[0], values.noise[0]
    kicks = np.random.default_rng(0).standard_normal((50_000, len(x))) * np.sqrt(np.diag(noise) * 1e-5)
    change = level_spacing(x + kicks)
    ratio = float(change.var() / (2e-5 * spacing_diffusion(noise)))
    return agrees(Estimate(ratio, ratio * float(np.sqrt(2 / len(change)))), 1.0)


def largest_less_smallest_can_be_negative(data: Data) -> Judgement:
    """Share of networks whose K has a largest eigenvalue below its smallest: K_S < 0 by the text's words."""
    drift = data.criterion["drift"].sel(reading="literal text")
    return agrees(Estimate(float((drift < 0).mean()), 0.0), 1.0)


def _ratio(data: Data, above: str, below: str) -> xr.DataArray:
    return data.spacing[above] / data.spacing[below]


def _median(values: xr.DataArray, place: Place) -> Estimate:
    return bootstrap(lambda x: float(x.median()), values.sel(place))


def _last_gap(x: Array) -> Array:
    return (x[:, -1] - x[:, -2]) / level_spacing(x)
