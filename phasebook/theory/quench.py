"""A spin system cooled at once: what it does afterwards, and what it remembers.

Unlike `spin_glass`, which goes for equilibrium and swaps temperatures to get there, this follows the motion
itself: single spins flip by the Metropolis rule at one temperature, from a random start.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit

from phasebook.network import Array
from phasebook.theory.spin_glass import metropolis_sweep


def quench(couplings: Array, *, temperature: float, record_sweeps: Sequence[int], seed: int = 0) -> Array:
    """Spins of H = -1/2 sum_ij J_ij s_i s_j after a sudden change from infinite temperature to T.

    A sample's random numbers depend on (seed, its place) alone.

    Args:
        couplings: J, (sample, N, N), symmetric with zero diagonal.
        temperature: T, not negative; at zero only flips that do not cost energy are made.
        record_sweeps: ascending numbers of sweeps (N trials each) at which to record; 0 is the start.
        seed: of starts and flips.

    Returns:
        Spins -1 or 1, (sample, time, N).

    Raises:
        ValueError: negative temperature, or times that do not ascend.
    """
    stops = np.asarray(record_sweeps, dtype=np.int64)
    if not temperature >= 0:
        raise ValueError(f"the temperature must not be negative, got {temperature}")
    if not len(stops) or stops[0] < 0 or np.any(np.diff(stops) <= 0):
        raise ValueError(f"record_sweeps must be ascending whole numbers from 0 on, got {stops.tolist()}")
    beta = 1 / temperature if temperature > 0 else np.inf
    streams = np.random.default_rng(seed).spawn(len(couplings))
    return np.stack([_follow(J, beta, stops, rng) for J, rng in zip(couplings, streams, strict=True)])


def memory(spins: Array, *, since: int = 0) -> Array:
    """Overlap (1/N) sum_i s_i(t) s_i(t_w) with the spins at record `since`: (..., time, N) -> (..., time)."""
    return np.mean(spins * spins[..., since : since + 1, :], axis=-1)


@njit(nogil=True, cache=True)
def _follow(coupling, beta, stops, rng):  # pragma: no cover - compiled
    n = len(coupling)
    spin = np.ones(n)
    for i in range(n):
        if rng.random() < 0.5:
            spin[i] = -1.0
    field = coupling @ spin
    record = np.empty((len(stops), n))
    done = 0
    for k in range(len(stops)):
        for _ in range(done, stops[k]):
            metropolis_sweep(coupling, spin, field, beta, rng)
        done = stops[k]
        record[k] = spin
    return record
