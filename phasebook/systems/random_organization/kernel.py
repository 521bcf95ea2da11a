"""The dynamics itself: overlaps, moves and the loop over steps.

Moves are added up as integers, in the units of the coordinates (box / 2**48). A sum of integers does not
depend on its order, so a configuration after many steps has the same bits whatever the order of pairs; and a
reciprocal rule conserves the centre of mass exactly. In floating point there are only +, -, *, / and sqrt,
the same on every IEEE-754 machine.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from phasebook.systems.random_organization.hashing import (
    Array,
    bell,
    direction,
    following,
    lookup,
    step_key,
    uniform,
)
from phasebook.systems.random_organization.neighbours import (
    FEWEST_CELLS,
    FRACTION_BITS,
    cells_per_side,
    list_all,
    list_pairs,
    sort_into_cells,
)
from phasebook.systems.random_organization.rules import (
    BERNOULLI,
    NON_RECIPROCAL,
    PARTICLE,
    UNIFORM,
    Moves,
)

SHIFT = 64 - FRACTION_BITS
ENERGY_BITS = 60
"""Energies of pairs (at most 1/2) are added as integers in units of 2**-60, in two halves of 30 bits."""

PAIRS_PER_PARTICLE = 12
"""Room in the list at first; it grows."""


@njit
def weight_of(bits: np.uint64, moves: Moves) -> float:
    """The random factor of a move, see `Moves.weight`."""
    if moves.weight == UNIFORM:
        return uniform(bits)
    if moves.weight == BERNOULLI:
        return 1.0 if uniform(bits) < moves.mean else 0.0
    return moves.mean + moves.spread * bell(bits)


@njit
def random_move(
    bits: np.uint64, size: float, moves: Moves, dimension: int
) -> tuple[Any, Any, Any, np.uint64]:
    """A move of random direction, at most `size` long, and the bits that come next."""
    nx, ny, nz, bits = direction(bits, dimension)
    bits = following(bits)
    length = size * weight_of(bits, moves)
    return np.int64(length * nx), np.int64(length * ny), np.int64(length * nz), bits


@njit
def find_overlaps(
    x: Array, ids: Array, radius: Array, box: float, moves: Moves, key: np.uint64, dimension: int,
    first: Array, partners: Array, kick: Array, active: Array,
) -> tuple[Any, Any, Any, Any]:  # fmt: skip
    """One step's moves, and what there is to measure before they are made.

    Args:
        x: coordinates, int64 of shape (N, 3).
        first, partners: pairs, see `neighbours`.
        kick: set to the moves, same shape and units as `x`.
        active: set to whether a particle overlaps with another, shape (N,).

    Returns:
        Number of active particles, number of overlaps, and the energy in two halves.
    """
    n = len(x)
    unit = box * 2.0**-64
    grid = 2.0**FRACTION_BITS / box
    kick[:] = 0
    active[:] = 0
    longest = 0
    for i in range(n):
        longest = max(longest, first[i + 1] - first[i])
    near = np.empty(longest + 1, np.int64)
    overlaps, upper, lower = 0, 0, 0
    for i in range(n):
        xi, yi, zi, own = x[i, 0], x[i, 1], x[i, 2], radius[i]
        found = 0
        for place in range(first[i], first[i + 1]):
            j = partners[place]
            dx = np.float64((xi - x[j, 0]) << SHIFT) * unit
            dy = np.float64((yi - x[j, 1]) << SHIFT) * unit
            dz = np.float64((zi - x[j, 2]) << SHIFT) * unit
            sigma = (own + radius[j]) * (1.0 - moves.cutoff)
            near[found] = j
            found += dx * dx + dy * dy + dz * dz < sigma * sigma
        if found == 0:
            continue
        active[i] = 1
        overlaps += found
        kx, ky, kz = 0, 0, 0
        for place in range(found):
            j = near[place]
            active[j] = 1
            low, high = min(ids[i], ids[j]), max(ids[i], ids[j])
            dx = np.float64((xi - x[j, 0]) << SHIFT) * unit
            dy = np.float64((yi - x[j, 1]) << SHIFT) * unit
            dz = np.float64((zi - x[j, 2]) << SHIFT) * unit
            square = dx * dx + dy * dy + dz * dz
            sigma = own + radius[j]
            distance = np.sqrt(square)
            depth = 1.0 - distance / sigma
            force, energy = 1.0, 0.5 * sigma * depth
            for _ in range(moves.half_powers >> 1):
                force *= depth
            if moves.half_powers & 1:
                force *= np.sqrt(depth)
            energy = energy * force / (1.0 + 0.5 * moves.half_powers)
            quanta = np.int64(energy * 2.0**ENERGY_BITS)
            upper += quanta >> 30
            lower += quanta & 0x3FFFFFFF
            size = moves.amplitude * force * grid

            if moves.isotropic:
                ax, ay, az, bits = random_move(lookup(key, low, high), size, moves, dimension)
                bx, by, bz = -ax, -ay, -az
                if uniform(following(bits)) >= moves.correlation:
                    bx, by, bz, bits = random_move(lookup(key, high, low), size, moves, dimension)
                if ids[i] != low:
                    ax, ay, az, bx, by, bz = bx, by, bz, ax, ay, az
                kx, ky, kz = kx + ax, ky + ay, kz + az
                kick[j, 0] += bx
                kick[j, 1] += by
                kick[j, 2] += bz
                continue

            if distance > 0.0:
                per_length = size / distance
            else:
                dx, dy, dz, _ = direction(lookup(key, low, high), dimension)
                per_length = size if ids[i] == low else -size
            if moves.sharing == NON_RECIPROCAL:
                mine = per_length * weight_of(lookup(key, ids[i], ids[j]), moves)
                theirs = per_length * weight_of(lookup(key, ids[j], ids[i]), moves)
                kx, ky, kz = kx + np.int64(mine * dx), ky + np.int64(mine * dy), kz + np.int64(mine * dz)
                kick[j, 0] -= np.int64(theirs * dx)
                kick[j, 1] -= np.int64(theirs * dy)
                kick[j, 2] -= np.int64(theirs * dz)
            else:
                if moves.sharing != PARTICLE:
                    per_length *= weight_of(lookup(key, low, high), moves)
                ax, ay, az = np.int64(per_length * dx), np.int64(per_length * dy), np.int64(per_length * dz)
                kx, ky, kz = kx + ax, ky + ay, kz + az
                kick[j, 0] -= ax
                kick[j, 1] -= ay
                kick[j, 2] -= az
        kick[i, 0] += kx
        kick[i, 1] += ky
        kick[i, 2] += kz
    n_active = 0
    for i in range(n):
        n_active += active[i]
        if active[i] and moves.sharing == PARTICLE:
            factor = weight_of(lookup(key, ids[i], ids[i]), moves)
            for axis in range(3):
                kick[i, axis] = np.int64(np.float64(kick[i, axis]) * factor)
    return n_active, overlaps, upper, lower


@njit
def move(x: Array, kick: Array, since: Array, box: float) -> float:
    """Make the moves; returns the largest distance of a particle from where it was when the list was made."""
    unit = box * 2.0**-FRACTION_BITS
    largest = 0.0
    for i in range(len(x)):
        square = 0.0
        for axis in range(3):
            x[i, axis] += kick[i, axis]
            since[i, axis] += kick[i, axis]
            moved = np.float64(since[i, axis]) * unit
            square += moved * moved
        largest = max(largest, square)
    return np.sqrt(largest)


@njit
def reorder(order: Array, x: Array, ids: Array, radius: Array) -> None:
    """Put particles into another order, in place."""
    old_x, old_ids, old_radius = x.copy(), ids.copy(), radius.copy()
    for i in range(len(x)):
        for axis in range(3):
            x[i, axis] = old_x[order[i], axis]
        ids[i], radius[i] = old_ids[order[i]], old_radius[order[i]]


@njit(cache=True, nogil=True)
def advance(
    x: Array, ids: Array, radius: Array, box: float, seed: int, step: int, n_steps: int, moves: Moves,
    dimension: int, skin: float, every_pair: bool, record: Array, stop: bool, out: Array,
) -> tuple[int, int, bool]:  # fmt: skip
    """Steps `step`, ..., `step + n_steps - 1`, in place; particles may change their order.

    Args:
        x: coordinates, int64 of shape (N, 3), units of box / 2**48, unused components zero.
        ids: identities, int64.
        radius: shape (N,), in diameters.
        record: steps at which to measure, ascending, none before `step`; an absorbing configuration is
            always recorded.
        stop: end at an absorbing configuration.
        out: filled with (step, active particles, overlaps, upper and lower half of the energy), before the
            moves of that step; shape (len(record) + 1, 5).

    Returns:
        Number of steps made, of rows written, and whether the configuration is absorbing.
    """
    n = len(x)
    kick, since = np.zeros((n, 3), np.int64), np.zeros((n, 3), np.int64)
    active = np.zeros(n, np.int64)
    first = np.zeros(n + 1, np.int64)
    partners = np.empty(PAIRS_PER_PARTICLE * n, np.int32)
    reach = 2.0 * radius.max() + skin + 1e-4
    sides = cells_per_side(box, reach, n, dimension)
    every_pair = every_pair or sides < FEWEST_CELLS
    known = False
    order, start = np.zeros(1, np.int64), np.zeros(1, np.int64)
    rows, entry = 0, 0
    for number in range(n_steps):
        if not known:
            if not every_pair:
                order, start = sort_into_cells(x, sides, dimension)
                reorder(order, x, ids, radius)
            while True:
                if every_pair:
                    count = list_all(n, first, partners)
                else:
                    count = list_pairs(x, radius, box, skin, start, sides, dimension, first, partners)
                if count >= 0:
                    break
                partners = np.empty(2 * len(partners), np.int32)
            since[:] = 0
            known = True
        key = step_key(seed, step + number)
        n_active, overlaps, upper, lower = find_overlaps(
            x, ids, radius, box, moves, key, dimension, first, partners, kick, active
        )
        absorbed = n_active == 0
        due = entry < len(record) and record[entry] == step + number
        if due or (absorbed and stop):
            out[rows, 0], out[rows, 1], out[rows, 2] = step + number, n_active, overlaps
            out[rows, 3], out[rows, 4] = upper, lower
            rows += 1
            entry += due
        if absorbed and stop:
            return number, rows, True
        if not absorbed:
            largest = move(x, kick, since, box)
            known = every_pair or 2.0 * largest < skin
    return n_steps, rows, False
