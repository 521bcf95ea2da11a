"""Sections 4 and 4.1: eigenvalues at the start, their equation of motion, the mean spacing."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from phasebook.claims.data import HOTTEST, JAMMED, ORDERED, PARAMAGNETIC, Data
from phasebook.claims.verdicts import (
    Judgement,
    agrees,
    all_hold,
    holds,
    identity,
    resampled,
    to_within,
)
from phasebook.evidence.statistics import Estimate, mean_of
from phasebook.network import Array, sample_ensemble
from phasebook.sgd import train
from phasebook.spectra import (
    eigenvalues,
    level_spacing,
    marchenko_pastur_cdf,
    marchenko_pastur_edges,
    shuffled_levels,
    spacing_ratios,
)
from phasebook.theory import dyson_sgd
from phasebook.theory.power_law import logarithm


def upper_edge_right(data: Data) -> Judgement:
    """x_+ at 1/sigma_W = 8, printed with two digits."""
    edge = marchenko_pastur_edges(sigma_w=1 / 8, aspect=0.5)[1]
    return agrees(Estimate(edge, 0.0), 0.046, expected_error=to_within(0.0005))


def upper_edge_left(data: Data) -> Judgement:
    edge = marchenko_pastur_edges(sigma_w=2.0**8, aspect=0.5)[1]
    return agrees(Estimate(edge / 1e5, 0.0), 1.9, expected_error=to_within(0.05), note=" × 10⁵")


def initial_law_at_this_width(data: Data) -> Judgement:
    """Width of the spectrum of one 16 x 32 matrix over that of the law (4.2)."""
    small = eigenvalues(data.untrained.weights)
    edges = marchenko_pastur_edges(sigma_w=1.0, aspect=0.5)
    width = mean_of((small[:, -1] - small[:, 0]) / (edges[1] - edges[0]))
    large = eigenvalues(
        sample_ensemble(n_models=20, inv_sigma_w=1.0, n_samples=4, widths=(3, 320, 160, 1)).weights
    )
    return agrees(width, 1.0, direction=_distance(large) < _distance(small))


def initial_width_of_the_footnote(data: Data) -> Judgement:
    """x_N - x_1 at 1/sigma_W = 8 on average, "~ 0.04" taken as one digit."""
    x = eigenvalues(data.untrained.weights) / 64
    return agrees(mean_of(x[:, -1] - x[:, 0]), 0.04, expected_error=to_within(0.005))


def eigenvalues_flow_to_the_target(data: Data) -> Judgement:
    """Mean eigenvalue over that of the target at 100 epochs, less the same at the start."""
    cell = data.book[["eigenvalues", "target_eigenvalues"]].sel(ORDERED)
    share = cell["eigenvalues"].mean("level") / cell["target_eigenvalues"].mean("level")
    return holds(mean_of((share.isel(time=-1) - share.isel(time=0)).values))


def heat_widens_the_spectrum_quickly(data: Data) -> Judgement:
    """Share of the final ln S/S(0) that is there after 100 steps of 100 000, T = 4; more than a half."""
    x = data.book["eigenvalues"].sel(PARAMAGNETIC)
    logs = logarithm(x.isel(level=-1) - x.isel(level=0))
    start, early, end = (logs.isel(time=0), logs.sel(time=0.1, method="nearest"), logs.isel(time=-1))
    found = resampled(lambda a, b: a.mean() / b.mean(), (early - start).values, (end - start).values)
    return holds(found, above=0.5)


def update_as_printed(data: Data) -> Judgement:
    """(4.4) with the printed indices on a square W, where they can be evaluated, against X' - X."""
    rng = np.random.default_rng(0)
    w, gradient, rate = rng.standard_normal((16, 16)), rng.standard_normal((16, 16)), 0.5
    return identity(-rate * (w @ gradient + gradient @ w), _first_order(w, gradient, rate))


def update_with_transposes(data: Data) -> Judgement:
    """(4.4) with the transposes, 16 x 32."""
    rng = np.random.default_rng(0)
    w, gradient, rate = rng.standard_normal((16, 32)), rng.standard_normal((16, 32)), 0.5
    return identity(-rate * (w @ gradient.T + gradient @ w.T), _first_order(w, gradient, rate))


def pure_noise_keeps_the_trace(data: Data) -> Judgement:
    """Growth of Tr X under noise of variance v dt T per entry, over n_1 n_2 T v dt; (4.3) says 0."""
    rng = np.random.default_rng(0)
    w = data.untrained.weights
    kick = np.sqrt(1e-3) * rng.standard_normal(w.shape)
    growth = np.sum((w + kick) ** 2 - w**2, axis=(1, 2)) - 2 * np.sum(w * kick, axis=(1, 2))
    return agrees(mean_of(growth / (1e-3 * w.shape[1] * w.shape[2])), 0.0)


def levels_repel(data: Data) -> Judgement:
    """Mean ratio of neighbouring gaps of trained networks less that of levels of different networks."""
    found = {}
    for name, place in {"ordered": ORDERED, "paramagnetic": PARAMAGNETIC, "jammed": JAMMED}.items():
        x = np.log(data.book["eigenvalues"].sel(place).isel(time=-1).values)
        together, apart = (mean_of(spacing_ratios(one).mean(axis=1)) for one in (x, shuffled_levels(x)))
        found[name] = Estimate(together.value - apart.value, float(np.hypot(together.error, apart.error)))
    return all_hold(found)


def rates_at_book_time(data: Data) -> Judgement:
    """ln S(t_f)/S(0) at 100 epochs: paramagnetic above ordered above jammed."""
    grown = data.book["averaged_rate"] * float(data.book["time"][-1])
    steps = {"hottest less ordered": (HOTTEST, ORDERED), "ordered less jammed": (ORDERED, JAMMED)}
    return all_hold({
        name: mean_of((grown.sel(high, drop=True) - grown.sel(low, drop=True)).values)
        for name, (high, low) in steps.items()
    })  # fmt: skip


def one_particle_theory_cold(data: Data) -> Judgement:
    """Growth of S in 1000 updates by (4.8), with coefficients along SGD's path, over SGD's; T = 2^-5."""
    return agrees(_growth_over_sgd(2.0**-5, 8.0, tuple(range(0, 41, 2)) + tuple(range(60, 1001, 20))), 1.0)


def one_particle_theory_hot(data: Data) -> Judgement:
    """The same at T = 4 in 100 updates."""
    return agrees(_growth_over_sgd(4.0, 8.0, tuple(range(0, 101, 2))), 1.0)


@lru_cache(maxsize=2)
def _growth_over_sgd(temperature: float, inv_sigma_w: float, steps: tuple[int, ...]) -> Estimate:
    networks = sample_ensemble(n_models=128, temperature=temperature, inv_sigma_w=inv_sigma_w, n_samples=1000)
    run = train(
        networks, learning_rate=4 * temperature, record_steps=list(steps), order="with_replacement",
        precision="float64",
    )  # fmt: skip
    path = dyson_sgd.coefficients_along(networks, run)
    theory = dyson_sgd.theory_along(path, steps, learning_rate=4 * temperature).spacing
    sgd = level_spacing(path.eigenvalues)
    ours = (theory[:, -1] - theory[:, 0]).reshape(networks.n_models, -1).mean(axis=1)
    return resampled(lambda a, b: a.mean() / b.mean(), ours, sgd[:, -1] - sgd[:, 0])


def _first_order(w: Array, gradient: Array, rate: float) -> Array:
    """X' - X less its part of second order, exactly."""
    moved = w - rate * gradient
    return moved @ moved.T - w @ w.T - rate**2 * gradient @ gradient.T


def _distance(x: Array) -> float:
    law = marchenko_pastur_cdf(np.sort(x.ravel()), sigma_w=1.0, aspect=0.5)
    return float(np.abs(law - (np.arange(x.size) + 0.5) / x.size).max())
