"""Absorbing states (arXiv:2411.11834): spheres under random organization and SGD."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import xarray as xr
from scipy.stats import skew

from phasebook.claims.data import Data
from phasebook.claims.verdicts import (
    Judgement,
    agrees,
    holds,
    identity,
    resampled,
    share_of,
    to_within,
)
from phasebook.evidence.numbers import scientific
from phasebook.evidence.statistics import Estimate, mean_of
from phasebook.runs.small_packings import load_small_packings
from phasebook.systems.absorbing_transition import MANNA_BETA, MANNA_DELTA
from phasebook.systems.packing_experiments import first_moves, flatness_under_sgd, late_activity
from phasebook.systems.random_organization import BRO, matched_approximation, matched_sgd
from phasebook.systems.transition_table import (
    critical_decay,
    critical_points,
    kicks_of,
    limit,
    mean_activity,
    of,
    order_parameter_exponent,
    steady,
)

PAPER_PHI_C, ROUNDING = 0.64, to_within(0.005)
KICK = 0.1
LAST = 120.0
"""End of the window for the decay exponent, in steps times kick."""

SCALING_ACTIVITY = 0.1
"""A power law of the activity, which cannot exceed one, is looked for below this."""


@lru_cache(maxsize=1)
def _packings() -> xr.Dataset:
    return load_small_packings()


def energy_falls(data: Data) -> Judgement:
    """Share of the initial energy that SGD has removed by the end, over all packaged runs of SGD."""
    energy = _packings()["energy"].isel(run=np.flatnonzero(_packings()["rule"] == "SGD")).values
    last = [row[np.isfinite(row)][-1] / row[0] for row in energy]
    return holds(mean_of(1.0 - np.array(last)), note=" of the energy removed")


def absorbed_below_active_above(data: Data) -> Judgement:
    """Runs of SGD absorbed at the lowest and surviving at the highest packing fraction of every kick."""
    right: list[bool] = []
    for kick in np.unique(_packings()["kick"]):
        some = of(_packings(), "SGD", float(kick))
        fraction, absorbed = some["packing_fraction"].values, some["absorbed"].values
        right += [*absorbed[fraction == fraction.min()], *~absorbed[fraction == fraction.max()]]
    return holds(share_of(right), above=0.5, note=" of the runs at both ends are on their side")


def same_two_moments(data: Data) -> Judgement:
    """Mean and variance of a push: BRO, matched SGD, and the approximation, from the rules themselves."""
    sgd, approximation = matched_sgd(KICK).moves(), matched_approximation(KICK).moves()
    p, step = sgd.mean, sgd.amplitude
    moments = [p * step, p * (1 - p) * step**2, approximation.mean, approximation.spread**2]
    return identity(moments, 2 * [KICK / 2, KICK**2 / 12])


def approximation_close_to_bro(data: Data) -> Judgement:
    """Activity under the approximation less BRO's, kick 0.05, phi = 0.62, 4 seeds."""
    values = [_activities(rule, 0.62) for rule in ("approximation", "BRO")]
    difference = mean_of(values[0] - values[1])
    return agrees(difference, 0.0, note=f" (BRO: {scientific(float(values[1].mean()))})")


def noises_differ(data: Data) -> Judgement:
    """Skewness of BRO's pushes less that of SGD's."""
    uniform, batch = first_moves(BRO(KICK)), first_moves(matched_sgd(KICK))
    return holds(resampled(lambda u, b: float(skew(u) - skew(b)), uniform, batch), note=" in skewness")


def limit_of_bro(data: Data) -> Judgement:
    found = limit(critical_points(_packings(), "BRO"))
    return agrees(Estimate(found.value, found.error), PAPER_PHI_C, expected_error=ROUNDING)


def limit_of_sgd(data: Data) -> Judgement:
    found = limit(critical_points(_packings(), "SGD"))
    return agrees(Estimate(found.value, found.error), PAPER_PHI_C, expected_error=ROUNDING)


def same_limit(data: Data) -> Judgement:
    bro, sgd = (limit(critical_points(_packings(), rule)) for rule in ("BRO", "SGD"))
    found = Estimate(bro.value - sgd.value, float(np.hypot(bro.error, sgd.error)))
    return agrees(found, 0.0, note=f" (at kick {kicks_of(_packings())[0]:g}: {_gap():.4f})")


def order_parameter_of_sgd(data: Data) -> Judgement:
    """Effective beta; a scaling law is sought only where the activity is small."""
    points = steady(_packings(), "SGD", _kick())
    try:
        _, _, beta = order_parameter_exponent(_packings(), "SGD", _kick())
    except ValueError as problem:
        return Judgement(float("nan"), float("nan"), "not testable at this scale", str(problem))
    if np.sum(points.activity < SCALING_ACTIVITY) < 3:
        note = f"; least activity of survivors {points.activity.min():.2f}, too large for a power law"
        text = f"effective {scientific(beta.value, beta.error)}{note}"
        return Judgement(beta.value, beta.error, "not testable at this scale", text)
    return agrees(Estimate(beta.value, beta.error), MANNA_BETA, expected_error=0.012)


def decay_of_sgd(data: Data) -> Judgement:
    """Decay exponent in two windows; there is one only where the activity is small."""
    early = critical_decay(_packings(), "SGD", _kick(), first=3, last=20)
    late = critical_decay(_packings(), "SGD", _kick(), first=20, last=LAST)
    above = float(steady(_packings(), "SGD", _kick()).packing_fraction[0])
    step, activity = mean_activity(_packings(), "SGD", _kick(), above)
    least = activity[step <= LAST / _kick()][-1]
    found = Estimate(late.value, late.error)
    note = f" (earlier {scientific(early.value, early.error)})"
    if least > SCALING_ACTIVITY:
        text = f"effective {scientific(*found)}{note}; activity still {least:.2f} at its end"
        return Judgement(*found, "not testable at this scale", text)
    return agrees(found, MANNA_DELTA, note=note)


def small_batches_find_flat_places(data: Data) -> Judgement:
    """Relative rise of the energy under shaking: batch fraction 1 against 1/4, same learning rate."""
    deterministic, noisy = _flatness(1.0), _flatness(0.25)
    return holds(mean_of(deterministic / noisy - 1.0), note=" steeper with all pairs than with a quarter")


@lru_cache(maxsize=8)
def _activities(name: str, fraction: float) -> np.ndarray:
    rule = BRO(0.05) if name == "BRO" else matched_approximation(0.05)
    seeds = range(4) if name == "BRO" else range(4, 8)
    return np.array([late_activity(rule, fraction, n_particles=1000, n_steps=2000, seed=s) for s in seeds])


@lru_cache(maxsize=4)
def _flatness(batch_fraction: float) -> np.ndarray:
    return np.array([
        flatness_under_sgd(batch_fraction, learning_rate=0.05, packing_fraction=0.7, size=0.015, seed=s)[0]
        for s in range(6)
    ])  # fmt: skip


def _kick() -> float:
    """At which exponents are looked for: 0.1, or else the largest that has a transition."""
    kicks = kicks_of(_packings())
    return KICK if KICK in kicks else kicks[0]


def _gap() -> float:
    kick = kicks_of(_packings())[0]
    bro, sgd = (dict(critical_points(_packings(), rule))[kick] for rule in ("BRO", "SGD"))
    return bro.value - sgd.value
