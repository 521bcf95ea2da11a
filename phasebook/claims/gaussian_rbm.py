"""The abstract and Figure 2 of the paper on random matrices, as far as the Gaussian RBM goes."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import xarray as xr
from scipy.integrate import solve_ivp
from scipy.stats import kstest

from phasebook.claims.data import Data
from phasebook.claims.verdicts import Judgement, agrees, all_hold, identity, resampled
from phasebook.evidence.numbers import scientific
from phasebook.evidence.statistics import Estimate, mean_of
from phasebook.network import Array
from phasebook.systems.contrastive_divergence import start, train
from phasebook.systems.coulomb_gas import two_level_cdf, wigner_cdf
from phasebook.systems.gaussian_rbm import GaussianRBM, learning_curve
from phasebook.systems.rbm_equilibrium import (
    equilibrium,
    joined,
    multiplet_shifts,
    one_of_each,
    pair_levels,
    pair_units,
    scan,
    slope_through_zero,
)

MODEL = GaussianRBM()
QUIET = {
    "learning_rate": 0.1,
    "batch_size": 128,
    "phase": "exact",
    "n_networks": 500,
    "records": 5,
    "seed": 1,
}
"""10 000 pairs at small noise, with independent samples in the negative phase."""

AS_PUBLISHED = {"learning_rate": 0.1, "batch_size": 16, "n_networks": 250, "seed": 1}
ALPHAS = tuple({"learning_rate": a, "batch_size": 16, "seed": 2} for a in (0.02, 0.04, 0.06, 0.08, 0.1))
BATCHES = tuple({"learning_rate": 0.1, "batch_size": b, "seed": 3} for b in (4, 8, 16, 32, 64))
SCAN_NETWORKS = 80
"""The runs of the page, so that one computation serves both."""

P_VALUE = 0.0027
"""Two-sided, of the three standard errors that decide everywhere."""


def middle_eight_are_degenerate(data: Data) -> Judgement:
    """Targets that share their value with another, from the matrix itself."""
    found = np.linalg.eigvalsh(MODEL.kinetic)
    near = np.abs(found[:, None] - found) < 1e-9
    return agrees(Estimate(float((near.sum(axis=1) == 2)[1:-1].sum()), 0.0), 8.0)


def updates_are_dyson_brownian_motion(data: Data) -> Judgement:
    """beta = 2 V_12 / V_11 of the kicks in a degenerate pair, exponent of the repulsion; 1 for real W."""
    state = start(MODEL, n_networks=16_000, batch_size=16, at_target=True)
    _, after = train(state, MODEL, learning_rate=1e-3, record_updates=[1], phase="exact")
    turned = after.weights @ MODEL.modes
    x = np.swapaxes(turned, -1, -2) @ turned
    found = resampled(lambda m: 2 * m[:, 1, 2].var() / m[:, 1, 1].var(), x)
    return agrees(found, 1.0)


def solvable_without_noise(data: Data) -> Judgement:
    """The implicit solution against numerical integration, all six targets, tau = 0 to 200."""
    kappa, begin = MODEL.kappa, 0.01 * MODEL.targets
    tau = np.linspace(0, 200, 41)
    found = solve_ivp(
        lambda t, x: 2 * x * (1 / kappa - 1 / (MODEL.mu**2 - x)), (0, 200), begin, t_eval=tau,
        method="DOP853", rtol=1e-11, atol=1e-13,
    ).y  # fmt: skip
    exact = learning_curve(tau[:, None], start=begin, kappa=kappa, model=MODEL)
    return identity(exact, found.T, tolerance=1e-6)


def spacing_scales_with_learning_rate(data: Data) -> Judgement:
    """Exponent d log<S> / d log alpha at |B| = 16."""
    return _exponent(_alphas(), "learning_rate", 0.5)


def spacing_scales_with_batch_size(data: Data) -> Judgement:
    """Exponent d log<S> / d log|B| at alpha = 0.1, |B| = 4 ... 64."""
    return _exponent(_batches(), "batch_size", -0.5)


def slope_is_exact_in_the_limit(data: Data) -> Judgement:
    """<S> over sqrt(2 pi alpha x*/|B|) for alpha/|B| -> 0, both scans together, |B| = 4 left out."""
    both = joined(_alphas(), _batches())
    slope, error, _ = slope_through_zero(both.isel(setting=both["noise"].values < 0.02), "spacing")
    return agrees(Estimate(slope / np.sqrt(2 * np.pi), error / np.sqrt(2 * np.pi)), 1.0)


def density_at_small_noise(data: Data) -> Judgement:
    """Kolmogorov-Smirnov distance of 10 000 eigenvalues to the law of two levels, only the mean fitted."""
    u = one_of_each(pair_units(equilibrium(MODEL, **QUIET), MODEL)).ravel()
    return _passes(u, two_level_cdf, s1=1.0, s2=1.0)


def density_as_published(data: Data) -> Judgement:
    """The same at alpha = 0.1, |B| = 16, width of each pair fitted; the worst of four pairs."""
    levels = pair_levels(equilibrium(MODEL, **AS_PUBLISHED), MODEL)
    centred = levels - levels.mean(axis=(1, 2), keepdims=True)
    width = np.sqrt((centred**2).mean(axis=(1, 2), keepdims=True) / 1.5)
    parts = [_passes(u, two_level_cdf, s1=1.0, s2=1.0) for u in one_of_each(centred / width)]
    return max(parts, key=lambda one: one.value)


def predicted_width_as_published(data: Data) -> Judgement:
    """Variance of a pair over the predicted one at alpha = 0.1, |B| = 16, mean; it should grow with x*."""
    u = pair_units(equilibrium(MODEL, **AS_PUBLISHED), MODEL)
    per_network = (u**2).reshape(len(u), AS_PUBLISHED["n_networks"], -1).mean(axis=(0, 2)) / 1.5
    levels = pair_levels(equilibrium(MODEL, **AS_PUBLISHED), MODEL)
    return agrees(mean_of(per_network), 1.0, direction=bool(np.all(np.diff(levels.var(axis=(1, 2))) > 0)))


def spacings_follow_the_surmise(data: Data) -> Judgement:
    """10 000 spacings over their means at small noise."""
    return _passes(_spacings(equilibrium(MODEL, **QUIET)), wigner_cdf)


def spacings_follow_the_surmise_as_published(data: Data) -> Judgement:
    """The same at alpha = 0.1, |B| = 16."""
    return _passes(_spacings(equilibrium(MODEL, **AS_PUBLISHED)), wigner_cdf)


def stationary_state_is_a_coulomb_gas(data: Data) -> Judgement:
    """Var(x_1 + x_2) / <S^2> of a pair, 1/2 for the gas whatever its width; small noise."""
    u = pair_units(equilibrium(MODEL, **QUIET), MODEL)
    pooled = np.moveaxis(u, 0, 1)
    found = resampled(
        lambda m: float(np.mean(m.sum(axis=-1) ** 2) / np.mean((m[..., 1] - m[..., 0]) ** 2)), pooled
    )
    return agrees(found, 0.5)


def shape_is_universal(data: Data) -> Judgement:
    """<S^2>/<S>^2 of each pair, 4/pi whatever target and rate; small noise, mean of the pairs."""
    u = np.moveaxis(pair_units(equilibrium(MODEL, **QUIET), MODEL), 0, 1)
    s = u[..., 1] - u[..., 0]
    return agrees(
        resampled(lambda m: float(((m**2).mean(axis=0) / m.mean(axis=0) ** 2).mean()), s), 4 / np.pi
    )


def scale_is_not_universal(data: Data) -> Judgement:
    """<S> of the pair of the largest target over that of the smallest: the root of the targets' ratio."""
    levels = pair_levels(equilibrium(MODEL, **QUIET), MODEL)
    s = np.moveaxis(levels[..., 1] - levels[..., 0], 0, 1)
    found = resampled(lambda m: float(m[:, -1].mean() / m[:, 0].mean()), s)
    highest, lowest = (MODEL.targets[::-1][pair[0]] for pair in (MODEL.pairs[-1], MODEL.pairs[0]))
    return agrees(found, float(np.sqrt(highest / lowest)))


def eigenvalues_reach_their_targets(data: Data) -> Judgement:
    """Largest shift |<x> - x*| over x* at alpha = 0.1, |B| = 16; the targets are dashed lines in Figure 2."""
    measured, error, _ = multiplet_shifts(equilibrium(MODEL, **AS_PUBLISHED), MODEL)
    targets = np.unique(MODEL.targets.round(9))
    worst = int(np.argmax(np.abs(measured / targets)))
    nearest = np.argmin(np.abs((targets + measured)[:, None] - targets), axis=1)
    found = Estimate(measured[worst] / targets[worst], error[worst] / targets[worst])
    return agrees(found, 0.0, direction=bool(np.all(nearest == np.arange(len(targets)))))


def shifts_are_predicted(data: Data) -> Judgement:
    """Measured over predicted shift of the mean, all levels of the quiet run together (least squares)."""
    measured, error, predicted = multiplet_shifts(equilibrium(MODEL, **QUIET), MODEL)
    weight = predicted / error
    found = float(np.sum(weight * measured / error) / np.sum(weight**2))
    return agrees(Estimate(found, float(1 / np.sqrt(np.sum(weight**2)))), 1.0)


def repulsion_is_lost_when_shuffled(data: Data) -> Judgement:
    """Share of spacings below a tenth of the mean: pairs put together at random less the true ones."""
    u = np.moveaxis(pair_units(equilibrium(MODEL, **QUIET), MODEL), 0, 1)
    rng = np.random.default_rng(0)
    loose = np.abs(np.diff(rng.permuted(rng.permuted(u, axis=-1), axis=0), axis=-1))[..., 0]
    true = u[..., 1] - u[..., 0]
    small = [(s < 0.1 * s.mean(axis=0)).mean(axis=1) for s in (loose, true)]
    return all_hold({"shuffled less true": mean_of(small[0] - small[1])})


@lru_cache(maxsize=1)
def _alphas() -> xr.Dataset:
    return scan(MODEL, ALPHAS, n_networks=SCAN_NETWORKS)


@lru_cache(maxsize=1)
def _batches() -> xr.Dataset:
    return scan(MODEL, BATCHES, n_networks=SCAN_NETWORKS)


def _exponent(table: xr.Dataset, name: str, expected: float) -> Judgement:
    """Straight line through log<S> / sqrt(x*) of all pairs, weighted."""
    log = np.log(table["spacing"].values / np.sqrt(table["target"].values)).ravel()
    weight = (table["spacing"] / table["spacing_error"]).values.ravel()
    place = np.log(np.broadcast_to(table[name].values[:, None], table["spacing"].shape)).ravel()
    design = np.stack([place, np.ones_like(place)], axis=-1) * weight[:, None]
    covariance = np.linalg.inv(design.T @ design)
    slope = float((covariance @ design.T @ (log * weight))[0])
    return agrees(
        Estimate(slope, float(np.sqrt(covariance[0, 0]))),
        expected,
        direction=np.sign(slope) == np.sign(expected),
    )


def _spacings(run: xr.Dataset) -> Array:
    u = pair_units(run, MODEL)
    spacing = u[..., 1] - u[..., 0]
    return (spacing / spacing.mean(axis=1, keepdims=True)).ravel()


def _passes(sample: Array, law, **parameters: float) -> Judgement:
    """Kolmogorov-Smirnov test: the law holds unless p is below `P_VALUE`."""
    found = kstest(sample, lambda x: law(x, **parameters))
    verdict = "reproduced" if found.pvalue > P_VALUE else "not reproduced"
    text = f"distance {scientific(found.statistic)}, p = {scientific(found.pvalue)}, {len(sample)} numbers"
    return Judgement(float(found.statistic), 0.0, verdict, text)
