"""One step of the dynamics: which particles overlap, and how they move.

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
    uniform,
)
from phasebook.systems.random_organization.neighbours import FRACTION_BITS
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
def append_overlaps(
    x: Array, radius: Array, unit: float, shrink: float, i: int, listed: Array, low: int, high: int,
    near: Array, found: int, suspect: Array, unsuspected: bool,
) -> int:  # fmt: skip
    """Add those of listed[low:high] that overlap with i to `near`; with `unsuspected`, only such.

    Returns how many there are then. Each is written and kept if it overlaps: a branch would be mispredicted.
    """
    xi, yi, zi, own = x[i, 0], x[i, 1], x[i, 2], radius[i]
    for place in range(low, high):
        j = listed[place]
        dx = np.float64((xi - x[j, 0]) << SHIFT) * unit
        dy = np.float64((yi - x[j, 1]) << SHIFT) * unit
        dz = np.float64((zi - x[j, 2]) << SHIFT) * unit
        sigma = (own + radius[j]) * shrink
        near[found] = j
        found += (dx * dx + dy * dy + dz * dz < sigma * sigma) & (not unsuspected or suspect[j] == 0)
    return found


@njit
def find_overlaps(
    x: Array, ids: Array, radius: Array, box: float, moves: Moves, key: np.uint64, dimension: int,
    later: tuple[Array, Array], earlier: tuple[Array, Array], suspect: Array, all_suspect: bool, kick: Array,
    active: Array,
) -> tuple[Any, Any, Any, Any]:  # fmt: skip
    """One step's moves, and what there is to measure before they are made.

    Two particles that were both inactive have not moved and do not overlap: only pairs with a suspect, a
    particle active one step ago, are looked at.

    Args:
        x: coordinates, int64 of shape (N, 3).
        later: list of pairs, see `neighbours`: where the partners of each particle are, and the partners.
        earlier: the same pairs listed by their second member; not read if `all_suspect`.
        suspect: shape (N,).
        kick: set to the moves, same shape and units as `x`; zero where `suspect` is zero.
        active: set to whether a particle overlaps with another, shape (N,).

    Returns:
        Number of active particles, number of overlaps, and the energy in two halves.
    """
    n = len(x)
    unit = box * 2.0**-64
    grid = 2.0**FRACTION_BITS / box
    shrink = 1.0 - moves.cutoff
    active[:] = 0
    longest = 0
    for i in range(n):
        longest = max(longest, later[0][i + 1] - later[0][i])
        if suspect[i]:
            kick[i, 0], kick[i, 1], kick[i, 2] = 0, 0, 0
    if not all_suspect:
        for i in range(n):
            longest = max(longest, later[0][i + 1] - later[0][i] + earlier[0][i + 1] - earlier[0][i])
    near = np.empty(longest + 1, np.int64)
    overlaps, upper, lower = 0, 0, 0
    for i in range(n):
        if suspect[i] == 0:
            continue
        found = append_overlaps(
            x, radius, unit, shrink, i, later[1], later[0][i], later[0][i + 1], near, 0, suspect, False
        )
        if not all_suspect:
            found = append_overlaps(
                x, radius, unit, shrink, i, earlier[1], earlier[0][i], earlier[0][i + 1], near, found,
                suspect, True,
            )  # fmt: skip
        if found == 0:
            continue
        xi, yi, zi, own = x[i, 0], x[i, 1], x[i, 2], radius[i]
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
