"""Short experiments on packings: one step of many pairs, stationary activity, flatness under SGD."""

from __future__ import annotations

import numpy as np

from phasebook.evidence.statistics import Estimate
from phasebook.network import Array
from phasebook.systems.random_organization import (
    SGD,
    Packing,
    Rule,
    contacts,
    evolve,
    flatness,
    from_positions,
    random_packing,
)


def first_moves(rule: Rule, *, n_pairs: int = 2000, gap: float = 0.2, seed: int = 0) -> Array:
    """How far each of many lonely overlapping pairs is pushed in one step, in diameters, shape (n_pairs,).

    Args:
        gap: overlap 1 - r of every pair; does not matter for linear repulsion.
    """
    start = _lonely_pairs(n_pairs, gap, seed)
    after, _ = evolve(start, rule, n_steps=1)
    return np.asarray(start.displacements_to(after)[n_pairs:, 0])


def escape_time(rule: Rule, *, gap: float, n_pairs: int = 2000, seed: int = 0) -> Estimate:
    """Mean number of steps in which a lonely pair comes apart; `gap` is its overlap 1 - r."""
    packing = _lonely_pairs(n_pairs, gap, seed)
    steps = np.zeros(n_pairs)
    while (together := contacts(packing)[:n_pairs] > 0).any():
        steps += together
        packing, _ = evolve(packing, rule, n_steps=1)
    return Estimate(float(steps.mean()), float(steps.std(ddof=1) / np.sqrt(n_pairs)))


def late_activity(rule: Rule, packing_fraction: float, *, n_particles: int, n_steps: int, seed: int) -> float:
    """Mean activity in the second half of a run from a random start; 0 if it was absorbed on the way."""
    start = random_packing(n_particles=n_particles, packing_fraction=packing_fraction, seed=seed)
    after, series = evolve(start, rule, n_steps=n_steps, record_every=max(n_steps // 400, 1))
    return 0.0 if after.absorbed else float(series.activity[series.step >= n_steps // 2].mean())


def flatness_under_sgd(
    batch_fraction: float,
    *,
    learning_rate: float,
    packing_fraction: float,
    size: float,
    seed: int,
    n_particles: int = 500,
    n_steps: int = 1500,
    snapshots: int = 5,
) -> tuple[float, float]:
    """Mean flatness and energy per particle of late configurations of one run of pairwise SGD.

    Args:
        size: of the random displacements that probe the landscape, in diameters.
        snapshots: how many configurations, 100 steps apart, are averaged.

    Returns:
        <E(x + xi) - E(x)> / (N size^2), and the energy per particle at the same configurations.
    """
    packing = random_packing(n_particles=n_particles, packing_fraction=packing_fraction, seed=seed)
    rule = SGD(learning_rate, batch_fraction)
    packing, _ = evolve(packing, rule, n_steps=n_steps, record_every=n_steps)
    rises, energies = [], []
    for number in range(snapshots):
        packing, series = evolve(packing, rule, n_steps=100, record_every=100)
        rises.append(flatness(packing, size=size, n_repeats=30, seed=number)[0])
        energies.append(series.energy[-1] / n_particles)
    return float(np.mean(rises)), float(np.mean(energies))


def _lonely_pairs(n_pairs: int, gap: float, seed: int) -> Packing:
    """Pairs along x on a coarse lattice, too far from each other to meet."""
    side = int(np.ceil(n_pairs ** (1 / 3)))
    corners = 5.0 * np.stack(np.meshgrid(*[np.arange(side)] * 3), -1).reshape(-1, 3)[:n_pairs]
    places = np.concatenate([corners + 1.0, corners + np.array([2.0 - gap, 1.0, 1.0])])
    return from_positions(places, box=5.0 * side, seed=seed)
