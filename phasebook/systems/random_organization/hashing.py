"""Random numbers that are looked up, not drawn: SplitMix64 at a place that names who needs them.

The number for particles (a, b) at a step is a function of (seed, step, a, b) alone. Nothing depends on the
order of a loop, on how neighbours are found, on threads, or on where a run was interrupted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]
"""Coordinates are integers, diameters and distances are floating-point numbers."""

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)
S30, S27, S31, S32, S11 = (np.uint64(s) for s in (30, 27, 31, 32, 11))
POPCOUNT = tuple(
    np.uint64(mask)
    for mask in (0x5555555555555555, 0x3333333333333333, 0x0F0F0F0F0F0F0F0F, 0x0101010101010101)
)
S1, S2, S4, S56 = (np.uint64(s) for s in (1, 2, 4, 56))

START = -1
"""The step whose numbers place the particles of a random start."""

POPCOUNT_SD = 4.010403138172872
"""Of the ones among 64 bits plus a uniform number: sqrt(16 + 1/12)."""


@njit
def mix(z: np.uint64) -> np.uint64:
    """The finaliser of SplitMix64 (Stafford's variant 13): a bijection of 64 bits."""
    z = (z ^ (z >> S30)) * FIRST
    z = (z ^ (z >> S27)) * SECOND
    return z ^ (z >> S31)


@njit
def step_key(seed: int, step: int) -> np.uint64:
    """The key of one step; every pair looks up its numbers below it."""
    return mix(mix(np.uint64(seed) * GOLDEN + GOLDEN) + np.uint64(step) * GOLDEN)


@njit
def lookup(key: np.uint64, a: Any, b: Any) -> np.uint64:
    """64 random bits for the ordered pair (a, b); identities are below 2**32."""
    return mix(key + ((np.uint64(a) << S32) | np.uint64(b)) * GOLDEN)


@njit
def following(bits: np.uint64) -> np.uint64:
    """The next 64 bits of a short stream that starts with `bits`."""
    return mix(bits + GOLDEN)


@njit
def uniform(bits: np.uint64) -> float:
    """The upper 53 bits as a number in [0, 1), exactly."""
    return np.float64(np.int64(bits >> S11)) * 2.0**-53


@njit
def bell(bits: np.uint64) -> float:
    """A bell-shaped number of mean 0 and variance 1, made without logarithm or cosine.

    The number of ones among 64 bits plus a uniform number. Its moments agree with the normal law up to the
    third; the excess kurtosis is -0.031.
    """
    ones = bits - ((bits >> S1) & POPCOUNT[0])
    ones = (ones & POPCOUNT[1]) + ((ones >> S2) & POPCOUNT[1])
    ones = (((ones + (ones >> S4)) & POPCOUNT[2]) * POPCOUNT[3]) >> S56
    return (np.float64(np.int64(ones)) - 32.5 + uniform(following(bits))) / POPCOUNT_SD


@njit
def direction(bits: np.uint64, dimension: int) -> tuple[float, float, float, np.uint64]:
    """A random unit vector, by rejection from the cube [-1, 1]^3, and the bits used last.

    Components beyond `dimension` are zero.
    """
    while True:
        bits = following(bits)
        x, y, z = 2.0 * uniform(bits) - 1.0, 0.0, 0.0
        if dimension > 1:
            bits = following(bits)
            y = 2.0 * uniform(bits) - 1.0
        if dimension > 2:
            bits = following(bits)
            z = 2.0 * uniform(bits) - 1.0
        square = x * x + y * y + z * z
        if 1e-6 < square < 1.0:
            length = np.sqrt(square)
            return x / length, y / length, z / length, bits


@njit(cache=True)
def random_coordinates(seed: int, n_particles: int, dimension: int) -> Array:
    """Uniform places in the box, int64 in units of box / 2**48, shape (n_particles, dimension)."""
    key = step_key(seed, START)
    places = np.empty((n_particles, dimension), np.int64)
    for i in range(n_particles):
        for axis in range(dimension):
            places[i, axis] = np.int64(lookup(key, i, axis) >> np.uint64(16))
    return places
