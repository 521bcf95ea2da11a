"""Who is near whom: cells sorted by counting, and a list of pairs that outlives several steps.

The list holds every pair that can overlap before it is made again, each once, and some more. What a step does
depends on the pairs that do overlap alone, so it does not matter how they were found.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from phasebook.systems.random_organization.hashing import Array

FRACTION_BITS = 48
"""A coordinate is an integer in units of box / 2**48: the lower 48 bits are the place in the box, the upper
ones count the boxes crossed. Differences wrap without a branch or a rounding."""

CELL_SHIFT = FRACTION_BITS - 32

FEWEST_CELLS = 4
"""Per side. With three, a particle two cells away can be nearer through the boundary than places copied side
by side say; boxes as small as that are done with all pairs."""


@njit
def cells_per_side(box: float, reach: float, n_particles: int, dimension: int) -> int:
    """Cells along each side, none narrower than `reach` and no more than a few per particle in all."""
    sides = max(int(box / reach), 1)
    while sides > FEWEST_CELLS and float(sides) ** dimension > 4.0 * n_particles + 64.0:
        sides = sides * 9 // 10
    return sides


@njit
def sort_into_cells(x: Array, sides: int, dimension: int) -> tuple[Array, Array]:
    """Particles in the order of their cells.

    Args:
        x: coordinates, shape (N, 3), units of box / 2**48.

    Returns:
        Order, shape (N,), and where each cell starts in it, shape (cells + 1,).
    """
    n = len(x)
    cell = np.empty(n, np.int64)
    start = np.zeros(sides**dimension + 1, np.int64)
    for i in range(n):
        number = 0
        for axis in range(dimension - 1, -1, -1):
            place = (x[i, axis] >> CELL_SHIFT) & 0xFFFFFFFF
            number = number * sides + ((place * sides) >> 32)
        cell[i] = number
        start[number + 1] += 1
    for number in range(len(start) - 1):
        start[number + 1] += start[number]
    filled = start.copy()
    order = np.empty(n, np.int64)
    for i in range(n):
        order[filled[cell[i]]] = i
        filled[cell[i]] += 1
    return order, start


@njit
def list_pairs(
    x: Array, radius: Array, box: float, skin: float, start: Array, sides: int, dimension: int, first: Array,
    partners: Array,
) -> int:  # fmt: skip
    """Pairs with r < sigma + skin, from particles sorted into cells.

    Works on the upper 32 bits of the coordinates in single precision, with a margin for what that loses. What
    surrounds a cell is copied side by side first, since all particles of the cell need it.

    Args:
        first: filled; the partners of i are at first[i]:first[i + 1], shape (N + 1,).
        partners: filled.

    Returns:
        The number of pairs, or -1 if `partners` is too short for them.
    """
    n = len(x)
    short = np.empty((n, 3), np.int32)
    reach = np.empty(n, np.float32)
    margin = 8.0 * box * 2.0**-32 + 8e-6 * (skin + 2.0)
    scale = np.float32(box * 2.0**-32)
    for i in range(n):
        for axis in range(3):
            short[i, axis] = np.int32(x[i, axis] >> CELL_SHIFT)
        reach[i] = np.float32(radius[i] + 0.5 * (skin + margin))
    fullest = 0
    for cell in range(len(start) - 1):
        fullest = max(fullest, start[cell + 1] - start[cell])
    near, who = np.empty((14 * fullest, 4), np.float32), np.empty(14 * fullest, np.int32)
    pieces = np.empty((10, 2), np.int64)
    count = 0
    for cell in range(len(start) - 1):
        here, n_own = start[cell], start[cell + 1] - start[cell]
        if n_own == 0:
            continue
        size = 0
        for piece in range(_surroundings(start, cell, sides, dimension, pieces)):
            for j in range(pieces[piece, 0], pieces[piece, 1]):
                for axis in range(3):
                    near[size, axis] = np.float32(np.int32(short[j, axis] - short[here, axis])) * scale
                near[size, 3] = reach[j]
                who[size] = j
                size += 1
        if count + n_own * size > len(partners):
            return -1
        for own in range(n_own):
            first[here + own] = count
            x0, y0, z0, reach0 = near[own, 0], near[own, 1], near[own, 2], near[own, 3]
            for other in range(own + 1, size):
                dx, dy, dz = x0 - near[other, 0], y0 - near[other, 1], z0 - near[other, 2]
                far = reach0 + near[other, 3]
                # Written always, kept if near: a branch here would be mispredicted half of the time.
                partners[count] = who[other]
                count += dx * dx + dy * dy + dz * dz < far * far
    first[n] = count
    return count


@njit
def _surroundings(start: Array, cell: int, sides: int, dimension: int, pieces: Array) -> int:
    """The cell itself and the half of its neighbours that comes later, as pieces low:high of the order.

    Every pair of neighbouring cells is seen once: from the cell itself onwards in its row, then the next row,
    then the three rows of the next layer. Needs three cells per side at least. Returns the number of pieces.
    """
    cx, cy, cz = cell % sides, cell // sides % sides, cell // (sides * sides)
    count = 0
    for layer in range(2 if dimension > 2 else 1):
        for dy in range(-layer, 2 if dimension > 1 else 1):
            y, z = (cy + dy + sides) % sides, (cz + layer) % sides
            base = (z * sides + y) * sides
            left = cx if layer == 0 and dy == 0 else cx - 1
            pieces[count, 0] = start[base + max(left, 0)]
            pieces[count, 1] = start[base + min(cx + 1, sides - 1) + 1]
            count += 1
            if left < 0:
                pieces[count, 0], pieces[count, 1] = start[base + sides - 1], start[base + sides]
                count += 1
            if cx + 1 == sides:
                pieces[count, 0], pieces[count, 1] = start[base], start[base + 1]
                count += 1
    return count


@njit
def list_all(n: int, first: Array, partners: Array) -> int:
    """Every pair once: for small boxes, and as the check of the rest."""
    if n * (n - 1) // 2 > len(partners):
        return -1
    count = 0
    for i in range(n):
        first[i] = count
        for j in range(i + 1, n):
            partners[count] = j
            count += 1
    first[n] = count
    return count


@njit
def transpose(first: Array, partners: Array, first_back: Array, partners_back: Array) -> Array:
    """The same pairs listed by their second member: `first_back` is filled, the partners are returned.

    Args:
        partners_back: used for the result if it is long enough.
    """
    n = len(first) - 1
    if len(partners_back) < first[n]:
        partners_back = np.empty(len(partners), np.int32)
    first_back[:] = 0
    for place in range(first[n]):
        first_back[partners[place] + 1] += 1
    for i in range(n):
        first_back[i + 1] += first_back[i]
    filled = first_back.copy()
    for i in range(n):
        for place in range(first[i], first[i + 1]):
            j = partners[place]
            partners_back[filled[j]] = i
            filled[j] += 1
    return partners_back
