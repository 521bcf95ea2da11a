"""The same dynamics with NumPy and somebody else's search for neighbours: yardstick and second opinion.

It shares with phasebook/systems/random_organization the definition (which random number belongs to which
pair, coordinates as integers) and no line of code. The bits must agree.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from phasebook.systems.random_organization import BRO, SGD, Packing

Array = NDArray[Any]
Search = Callable[[NDArray[np.float64], float, float], tuple[NDArray[np.int64], NDArray[np.int64]]]
"""(positions in [0, box), box, radius) -> the pairs within the radius, each once."""

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finaliser."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(seed: int, step: int, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float64]:
    """The number in [0, 1) of the ordered pairs (a, b) at a step."""
    one = np.ones(1, np.uint64)
    key = mix(mix(one * np.uint64(seed) * GOLDEN + GOLDEN) + one * np.uint64(step) * GOLDEN)
    place = (a.astype(np.uint64) << np.uint64(32)) | b.astype(np.uint64)
    return (mix(key + place * GOLDEN) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def kdtree_pairs(
    positions: NDArray[np.float64], box: float, radius: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs from scipy's tree."""
    pairs = KDTree(positions, boxsize=box).query_pairs(radius, output_type="ndarray")
    return pairs[:, 0], pairs[:, 1]


def freud_pairs(
    positions: NDArray[np.float64], box: float, radius: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs from freud's tree of boxes, in single precision: the radius is a little larger for that."""
    freud = import_module("freud")

    query = freud.locality.AABBQuery(freud.box.Box.cube(box), positions - 0.5 * box)
    found = query.query(positions - 0.5 * box, {"r_max": radius + 1e-4, "exclude_ii": True}).toNeighborList()
    i, j = np.asarray(found[:, 0], np.int64), np.asarray(found[:, 1], np.int64)
    return i[i < j], j[i < j]


def vesin_pairs(
    positions: NDArray[np.float64], box: float, radius: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs from vesin's cell list."""
    vesin = import_module("vesin")

    lists = vesin.NeighborList(cutoff=radius, full_list=False)
    i, j = lists.compute(points=positions, box=box * np.eye(3), periodic=True, quantities="ij")
    return i.astype(np.int64), j.astype(np.int64)


def numpy_steps(
    packing: Packing, rule: BRO | SGD, *, n_steps: int, search: Search = kdtree_pairs
) -> tuple[NDArray[np.int64], list[int]]:
    """Coordinates after `n_steps`, and the number of active particles before each of them."""
    x = packing.coordinates.copy()
    box, sizes = packing.box, packing.diameters
    activity: list[int] = []
    for step in range(packing.step, packing.step + n_steps):
        places = np.minimum((x & (2**48 - 1)) * (box * 2.0**-48), np.nextafter(box, 0.0))
        i, j = search(places, box, float(sizes.max()) * (1 + 1e-9))
        low, high = np.minimum(i, j), np.maximum(i, j)
        delta = ((x[low] - x[high]) << 16).astype(np.float64) * (box * 2.0**-64)
        square = np.zeros(len(low))
        for axis in range(x.shape[1]):
            square = square + delta[:, axis] * delta[:, axis]
        sigma = sizes[low] / 2 + sizes[high] / 2
        moves = rule.moves()
        touching = square < (sigma * (1.0 - moves.cutoff)) ** 2
        low, high, delta, sigma = low[touching], high[touching], delta[touching], sigma[touching]
        distance = np.sqrt(square[touching])
        activity.append(len(np.unique(np.concatenate([low, high]))))
        x = x + _moves(packing, rule, step, low, high, delta, distance, sigma)
    return x, activity


def _moves(
    packing: Packing, rule: BRO | SGD, step: int, low: NDArray[np.int64], high: NDArray[np.int64],
    delta: NDArray[np.float64], distance: NDArray[np.float64], sigma: NDArray[np.float64],
) -> NDArray[np.int64]:  # fmt: skip
    def weight(a: NDArray[np.int64], b: NDArray[np.int64]) -> Array:
        drawn = uniform(packing.seed, step, a, b)
        return drawn if isinstance(rule, BRO) else (drawn < rule.batch_fraction) * 1.0

    size = np.full(len(low), rule.kick if isinstance(rule, BRO) else 0.5 * rule.learning_rate)
    if isinstance(rule, SGD) and rule.exponent == 2:
        size = size * (1.0 - distance / sigma)
    per_length = size * (2.0**48 / packing.box) / distance
    if rule.particlewise:
        first = second = per_length
    elif isinstance(rule, BRO) and not rule.reciprocal:
        first, second = per_length * weight(low, high), per_length * weight(high, low)
    else:
        first = second = per_length * weight(low, high)
    kick = np.zeros_like(packing.coordinates)
    np.add.at(kick, low, (first[:, None] * delta).astype(np.int64))
    np.subtract.at(kick, high, (second[:, None] * delta).astype(np.int64))
    if rule.particlewise:
        everyone = np.arange(packing.n_particles)
        kick = (kick.astype(np.float64) * weight(everyone, everyone)[:, None]).astype(np.int64)
    return kick
