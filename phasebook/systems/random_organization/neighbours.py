"""Who is near whom: cells sorted by counting, and a list of pairs that outlives several steps.

The list holds every pair that can overlap before it is made again, each once, and some more. What a step does
depends on the pairs that do overlap alone, so it does not matter how they were found.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from phasebook.systems.random_organization.hashing import Array

FRACTION_BITS = 48
"""A coordinate is an integer in units of box / 2**48: the lower 48 bits are the place in the box, the upper
ones count the boxes crossed. Differences wrap without a branch or a rounding."""

CELL_SHIFT = FRACTION_BITS - 32

WITHIN_BOX = (1 << FRACTION_BITS) - 1

FEWEST_CELLS = 3
"""Per side; smaller boxes are done with all pairs."""


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

    Places are rounded to floating-point numbers here, with a margin for that. What surrounds a cell is copied
    side by side first, moved by a box where the way leads through the boundary.

    Args:
        first: filled; the partners of i are at first[i]:first[i + 1], shape (N + 1,).
        partners: filled.

    Returns:
        The number of pairs, or -1 if `partners` is too short for them.
    """
    n = len(x)
    place = np.empty((n, 4))
    margin = 1e-9 * (box + skin + 2.0)
    unit = box * 2.0**-FRACTION_BITS
    for i in range(n):
        for axis in range(3):
            place[i, axis] = np.float64(x[i, axis] & WITHIN_BOX) * unit
        place[i, 3] = radius[i] + 0.5 * (skin + margin)
    fullest = 0
    for cell in range(len(start) - 1):
        fullest = max(fullest, start[cell + 1] - start[cell])
    near, who = np.empty((14 * fullest, 4)), np.empty(14 * fullest, np.int32)
    rows, shift = np.empty(5, np.int64), np.zeros((5, 2))
    count = 0
    for row in range((len(start) - 1) // sides):
        n_rows = _rows_onwards(row, sides, dimension, box, rows, shift)
        for column in range(sides):
            here, end = start[row * sides + column], start[row * sides + column + 1]
            if here == end:
                continue
            size = 0
            for k in range(n_rows):
                # Own row: this cell and the next. Other rows: the one before as well.
                base, left = rows[k], column if k == 0 else column - 1
                low, high = start[base + max(left, 0)], start[base + min(column + 1, sides - 1) + 1]
                size = _copy(place, low, high, 0.0, shift[k, 0], shift[k, 1], near, who, size)
                if left < 0:
                    low, high = start[base + sides - 1], start[base + sides]
                    size = _copy(place, low, high, -box, shift[k, 0], shift[k, 1], near, who, size)
                if column + 1 == sides:
                    low, high = start[base], start[base + 1]
                    size = _copy(place, low, high, box, shift[k, 0], shift[k, 1], near, who, size)
            if count + (end - here) * size > len(partners):
                return -1
            for own in range(end - here):
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
def _rows_onwards(row: int, sides: int, dimension: int, box: float, rows: Array, shift: Array) -> int:
    """The first cells of a row of cells and of the neighbouring rows that come later, and how many there are.

    With the cell itself onwards in its own row, and three cells of the next row and of the three rows of the
    next layer, every pair of neighbouring cells is seen once.

    Args:
        shift: filled with what to add to the last two coordinates there.
    """
    own_y, own_z = row % sides, row // sides
    count = 0
    for layer in range(2 if dimension > 2 else 1):
        for dy in range(-layer, 2 if dimension > 1 else 1):
            y, z = (own_y + dy + sides) % sides, (own_z + layer) % sides
            rows[count] = (z * sides + y) * sides
            shift[count, 0] = box * ((own_y + dy - y) // sides)
            shift[count, 1] = box * ((own_z + layer - z) // sides)
            count += 1
    return count


@njit
def _copy(
    place: Array, low: Any, high: Any, dx: float, dy: float, dz: float, near: Array, who: Array, size: int
) -> int:
    """Append low:high, moved, to what surrounds a cell; returns the new size."""
    for j in range(low, high):
        near[size, 0] = place[j, 0] + dx
        near[size, 1] = place[j, 1] + dy
        near[size, 2] = place[j, 2] + dz
        near[size, 3] = place[j, 3]
        who[size] = j
        size += 1
    return size


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
