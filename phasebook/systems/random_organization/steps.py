"""Step after step: when the list of neighbours is made again, and who has to be looked at."""

from __future__ import annotations

import numpy as np
from numba import njit

from phasebook.systems.random_organization.hashing import Array, step_key
from phasebook.systems.random_organization.kernel import find_overlaps
from phasebook.systems.random_organization.neighbours import (
    FEWEST_CELLS,
    FRACTION_BITS,
    cells_per_side,
    list_all,
    list_pairs,
    sort_into_cells,
    transpose,
)
from phasebook.systems.random_organization.rules import Moves

PAIRS_PER_PARTICLE = 12
"""Room in the list at first; it grows."""

FEW = 0.4
"""Below this activity it pays to look at the neighbours of the active particles alone."""


@njit
def move(x: Array, kick: Array, active: Array, since: Array, box: float, largest: float) -> float:
    """Make the moves of active particles.

    Args:
        since: displacements since the list was made.
        largest: square of the largest of them so far.

    Returns:
        The same after the moves.
    """
    unit = box * 2.0**-FRACTION_BITS
    for i in range(len(x)):
        if active[i]:
            square = 0.0
            for axis in range(3):
                x[i, axis] += kick[i, axis]
                since[i, axis] += kick[i, axis]
                moved = np.float64(since[i, axis]) * unit
                square += moved * moved
            largest = max(largest, square)
    return largest


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
    active, suspect = np.zeros(n, np.uint8), np.ones(n, np.uint8)
    first, first_back = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    partners, partners_back = np.empty(PAIRS_PER_PARTICLE * n, np.int32), np.empty(1, np.int32)
    reach = 2.0 * radius.max() + skin + 1e-4
    sides = cells_per_side(box, reach, n, dimension)
    every_pair = every_pair or sides < FEWEST_CELLS
    order, start = np.zeros(1, np.int64), np.zeros(1, np.int64)
    known, known_back, all_suspect = False, False, True
    largest = 0.0
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
            largest = 0.0
            known, known_back, all_suspect = True, False, True
        if all_suspect:
            suspect[:] = 1
        elif not known_back:
            partners_back = transpose(first, partners, first_back, partners_back)
            known_back = True
        key = step_key(seed, step + number)
        n_active, overlaps, upper, lower = find_overlaps(
            x, ids, radius, box, moves, key, dimension, (first, partners), (first_back, partners_back),
            suspect, all_suspect, kick, active,
        )  # fmt: skip
        absorbed = n_active == 0
        due = entry < len(record) and record[entry] == step + number
        if due or (absorbed and stop):
            out[rows, 0], out[rows, 1], out[rows, 2] = step + number, n_active, overlaps
            out[rows, 3], out[rows, 4] = upper, lower
            rows += 1
            entry += due
        if absorbed and stop:
            return number, rows, True
        largest = move(x, kick, active, since, box, largest)
        known = every_pair or 2.0 * np.sqrt(largest) < skin
        all_suspect = n_active > FEW * n
        suspect, active = active, suspect
    return n_steps, rows, False
