"""The Sherrington-Kirkpatrick model by Monte Carlo: what physicists mean by Eq. (2.10).

N binary spins, every pair coupled by J_ij ~ N(0, 1/N), no field: H = -1/2 sum_ij J_ij s_i s_j. For large N
it turns into a spin glass at T_c = 1.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numba import njit

from phasebook.network import Array


@dataclass(frozen=True)
class SpinGlass:
    """Thermal averages of every disorder sample, shape (sample, temperature).

    Attributes:
        size: N.
        overlap2: <q^2>, q = (1/N) sum_i s_i s'_i of two replicas with the same couplings.
        energy: energy per spin.
    """

    size: int
    temperature: Array
    overlap2: Array
    energy: Array


def sample_glass(*, size: int, n_samples: int, seed: int = 0) -> Array:
    """Couplings J, symmetric with zero diagonal, entries N(0, 1/size): shape (n_samples, size, size)."""
    drawn = np.random.default_rng((seed, size)).normal(scale=size**-0.5, size=(n_samples, size, size))
    upper = np.triu(drawn, 1)
    return upper + np.swapaxes(upper, -1, -2)


def simulate_glass(glass: Array, *, temperature: Array, sweeps: int = 1000, seed: int = 0) -> SpinGlass:
    """Metropolis sweeps at every temperature with exchange of neighbouring temperatures, two replicas each.

    The first third of the sweeps is not measured. A sample's random numbers depend on (seed, its place)
    alone, not on the number of threads.

    Args:
        glass: J, shape (sample, N, N), symmetric.
        temperature: positive and ascending, shape (temperature,).
        sweeps: N single-spin trials per replica and temperature each.
        seed: of the Monte Carlo; non-negative.

    Raises:
        ValueError: temperatures not positive and ascending.
    """
    temperature = np.asarray(temperature, dtype=float)
    if temperature[0] <= 0 or np.any(np.diff(temperature) <= 0):
        raise ValueError(f"temperatures must be positive and ascending, got {temperature}")
    streams = np.random.default_rng(seed).spawn(len(glass))
    runs = [(one, 1 / temperature, sweeps, stream) for one, stream in zip(glass, streams, strict=True)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda run: _run(*run), runs))
    overlap2, energy = (np.array(values) for values in zip(*results, strict=True))
    return SpinGlass(glass.shape[-1], temperature, overlap2, energy)


@njit(nogil=True, cache=True)
def _run(coupling: Array, beta: Array, sweeps: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """<q^2> and energy per spin at every temperature, for one set of couplings."""
    n, n_beta, start = len(coupling), len(beta), sweeps // 3
    spin, field, energy = np.ones((2, n_beta, n)), np.zeros((2, n_beta, n)), np.zeros((2, n_beta))
    overlap2, mean_energy = np.zeros(n_beta), np.zeros(n_beta)
    for a in range(2):
        for k in range(n_beta):
            for i in range(n):
                if rng.random() < 0.5:
                    spin[a, k, i] = -1.0
            for i in range(n):
                for j in range(n):
                    field[a, k, i] += coupling[i, j] * spin[a, k, j]
                energy[a, k] -= 0.5 * field[a, k, i] * spin[a, k, i]
    for sweep in range(sweeps):
        for a in range(2):
            for k in range(n_beta):
                energy[a, k] += metropolis_sweep(coupling, spin[a, k], field[a, k], beta[k], rng)
            for k in range(n_beta - 1):
                gain = (beta[k] - beta[k + 1]) * (energy[a, k] - energy[a, k + 1])
                if gain >= 0 or rng.random() < np.exp(gain):
                    _swap(spin[a], k)
                    _swap(field[a], k)
                    energy[a, k], energy[a, k + 1] = energy[a, k + 1], energy[a, k]
        if sweep >= start:
            for k in range(n_beta):
                overlap = 0.0
                for i in range(n):
                    overlap += spin[0, k, i] * spin[1, k, i]
                overlap2[k] += (overlap / n) ** 2
                mean_energy[k] += (energy[0, k] + energy[1, k]) / (2 * n)
    return overlap2 / (sweeps - start), mean_energy / (sweeps - start)


@njit(nogil=True, cache=True)
def metropolis_sweep(
    coupling: Array, spin: Array, field: Array, beta: float, rng: np.random.Generator
) -> float:
    """N Metropolis trials in order, `spin` and `field` = J s changed in place; returns the gain in energy."""
    change = 0.0
    for i in range(len(spin)):
        cost = 2.0 * spin[i] * field[i]
        if cost <= 0 or rng.random() < np.exp(-beta * cost):
            change += cost
            spin[i] = -spin[i]
            twice = 2.0 * spin[i]
            for j in range(len(spin)):
                field[j] += twice * coupling[i, j]
    return change


@njit(nogil=True, cache=True)
def _swap(rows: Array, k: int) -> None:
    for i in range(rows.shape[1]):
        rows[k, i], rows[k + 1, i] = rows[k + 1, i], rows[k, i]
