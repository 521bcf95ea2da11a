"""What is measured on a configuration: density fluctuations, order, energy and how flat its minimum is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import KDTree
from scipy.special import sph_harm_y

from phasebook.systems.random_organization.evolve import evolve
from phasebook.systems.random_organization.hashing import Array
from phasebook.systems.random_organization.packing import WHOLE, Packing, sphere_volume
from phasebook.systems.random_organization.rules import SGD


@dataclass(frozen=True)
class StructureFactor:
    """S(k) on shells of equal |k|.

    Attributes:
        wave_number: |k| = 2 pi |n| / box in units of 1/D, shape (shell,).
        value: S(k), averaged over the wave vectors of the shell, shape (shell,).
        error: standard error from the spread between them (for a Gaussian field, S / sqrt(count)).
    """

    wave_number: Array
    value: Array
    error: Array


def structure_factor(packing: Packing, *, largest: int = 30) -> StructureFactor:
    """S(k) = |sum_j exp(i k.x_j)|^2 / N on the allowed wave vectors k = 2 pi n / box with n^2 <= `largest`.

    The sum is exact: no grid, no interpolation. Of k and -k, which agree, one is taken.

    Raises:
        ValueError: `largest` below 1.
    """
    if largest < 1:
        raise ValueError(f"largest must be at least 1, got {largest}")
    d, side = packing.dimension, int(np.sqrt(largest))
    grid = np.stack(np.meshgrid(*[np.arange(-side, side + 1)] * d, indexing="ij"), -1).reshape(-1, d)
    norm = (grid**2).sum(1)
    half = grid[len(grid) // 2 + 1 :]
    half = half[norm[len(grid) // 2 + 1 :] <= largest]
    # Powers of exp(2 pi i x / box) along each axis, so that every factor is looked up and not computed again.
    base = np.exp(2j * np.pi * (packing.coordinates & (WHOLE - 1)) / WHOLE)
    power = np.stack([base**n for n in range(side + 1)])
    wave = np.empty(len(half))
    for row, vector in enumerate(half):
        product = np.ones(packing.n_particles, complex)
        for axis, n in enumerate(vector):
            factor = power[abs(n), :, axis]
            product = product * (factor if n >= 0 else factor.conj())
        wave[row] = np.abs(product.sum()) ** 2 / packing.n_particles
    square = (half**2).sum(1)
    shells, which, count = np.unique(square, return_inverse=True, return_counts=True)
    value = np.bincount(which, wave) / count
    return StructureFactor(2 * np.pi * np.sqrt(shells) / packing.box, value, value / np.sqrt(count))


def pair_correlation(packing: Packing, *, up_to: float = 3.0, bins: int = 120) -> tuple[Array, Array]:
    """g(r) of all pairs nearer than `up_to` (at most half a box): middles of the bins, and values.

    1 for independent particles. Peaks at sqrt(2), sqrt(8/3), ... D are those of a crystal.
    """
    up_to = min(up_to, 0.5 * packing.box)
    d, n = packing.dimension, packing.n_particles
    distances = _neighbour_pairs(packing, up_to)[2]
    edges = np.linspace(0.0, up_to, bins + 1)
    shells = sphere_volume(d) * 2.0**d * np.diff(edges**d)
    expected = 0.5 * n * (n - 1) * shells / packing.box**d
    return 0.5 * (edges[1:] + edges[:-1]), np.histogram(distances, edges)[0] / expected


def local_order(packing: Packing, *, within: float = 1.4, degree: int = 6) -> Array:
    """Steinhardt's q_l of each particle from the directions to its neighbours, shape (N,).

    q_6 is 0.575 in an fcc crystal and 0.485 in hcp (12 neighbours); disordered packings have about 0.4,
    particles without neighbours 0.

    Args:
        within: centres up to this far apart are neighbours, in diameters.

    Raises:
        ValueError: not three-dimensional.
    """
    moments, count = _bond_moments(packing, within, degree)
    moments = moments / np.maximum(count, 1)[:, None]
    return np.sqrt(4 * np.pi / (2 * degree + 1) * (np.abs(moments) ** 2).sum(1))


def global_order(packing: Packing, *, within: float = 1.4, degree: int = 6) -> float:
    """Steinhardt's Q_l of all bonds: 0.575 in one fcc crystal, about 1/sqrt(number of bonds) without order.

    Raises:
        ValueError: not three-dimensional.
    """
    moments, count = _bond_moments(packing, within, degree)
    mean = moments.sum(0) / max(count.sum(), 1)
    return float(np.sqrt(4 * np.pi / (2 * degree + 1) * (np.abs(mean) ** 2).sum()))


def contacts(packing: Packing, *, tolerance: float = 0.0) -> Array:
    """Neighbours nearer than sigma (1 + tolerance) of each particle, shape (N,); isostatic: mean 2 d."""
    i, j, distance = _neighbour_pairs(packing, float(packing.diameters.max()) * (1 + tolerance))
    sigma = 0.5 * (packing.diameters[i] + packing.diameters[j])
    near = distance < sigma * (1 + tolerance)
    return np.bincount(np.concatenate([i[near], j[near]]), minlength=packing.n_particles)


def energy(packing: Packing, *, exponent: float = 1.0) -> float:
    """Sum over overlapping pairs of U = (sigma / 2m) (1 - r/sigma)^m."""
    rule = SGD(learning_rate=0.1, batch_fraction=0.5, exponent=exponent)
    start = replace(packing, step=0, absorbed=False)
    return float(evolve(start, rule, n_steps=1)[1].energy[0])


def flatness(
    packing: Packing, *, size: float, exponent: float = 1.0, n_repeats: int = 100, seed: int = 0
) -> tuple[float, float]:
    """Mean rise of the energy under random displacements, per particle and size^2, and its error.

    <E(x + xi) - E(x)> / (N size^2) with independent Gaussian xi of standard deviation `size` (in diameters)
    in every component. For a smooth U and small `size` it is half the trace of the Hessian per particle: the
    smaller, the flatter the minimum. For m = 1 the potential has a kink at contact, so `size` matters.

    Raises:
        ValueError: `size` not positive, or fewer than two repeats.
    """
    if not size > 0 or n_repeats < 2:
        raise ValueError(f"size must be positive and n_repeats at least 2, got {size} and {n_repeats}")
    rng = np.random.default_rng(seed)
    before = energy(packing, exponent=exponent)
    unit = size * WHOLE / packing.box
    rises = np.empty(n_repeats)
    for repeat in range(n_repeats):
        moves = np.round(rng.normal(scale=unit, size=packing.coordinates.shape)).astype(np.int64)
        shaken = replace(packing, coordinates=packing.coordinates + moves)
        rises[repeat] = energy(shaken, exponent=exponent) - before
    rises /= packing.n_particles * size**2
    return float(rises.mean()), float(rises.std(ddof=1) / np.sqrt(n_repeats))


def _neighbour_pairs(packing: Packing, radius: float) -> tuple[Array, Array, Array]:
    """Pairs nearer than `radius`, and their distances."""
    places = np.minimum(packing.positions, np.nextafter(packing.box, 0.0))
    pairs = KDTree(places, boxsize=packing.box).query_pairs(radius, output_type="ndarray")
    d = places[pairs[:, 0]] - places[pairs[:, 1]]
    d -= packing.box * np.round(d / packing.box)
    return pairs[:, 0], pairs[:, 1], np.sqrt((d**2).sum(1))


def _bond_moments(packing: Packing, within: float, degree: int) -> tuple[Array, Array]:
    """Sums over each particle's bonds of Y_lm, shape (N, 2 l + 1), and the number of bonds."""
    if packing.dimension != 3:
        raise ValueError(f"bond order is defined in three dimensions, got {packing.dimension}")
    i, j, distance = _neighbour_pairs(packing, within)
    d = packing.positions[j] - packing.positions[i]
    d -= packing.box * np.round(d / packing.box)
    polar, azimuth = np.arccos(np.clip(d[:, 2] / distance, -1, 1)), np.arctan2(d[:, 1], d[:, 0])
    n, moments = packing.n_particles, []
    for m in range(-degree, degree + 1):
        # For even l, Y_lm has the same value in the opposite direction.
        y: Array = np.asarray(sph_harm_y(degree, m, polar, azimuth))
        other = y if degree % 2 == 0 else -y
        both, weights = np.concatenate([i, j]), np.concatenate([y, other])
        real = np.bincount(both, np.real(weights), n)
        imaginary = np.bincount(both, np.imag(weights), n)
        moments.append(real + 1j * imaginary)
    count = np.bincount(np.concatenate([i, j]), minlength=n)
    return np.stack(moments, 1), count
