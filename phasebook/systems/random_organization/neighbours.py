"""Who is near whom: cells sorted by counting, and a list of pairs that outlives several steps.

The list holds every pair that can overlap before it is made again, each once, and some more. What a step does
depends on the pairs that do overlap alone, so it does not matter how they were found.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from phasebook.network import Array

FRACTION_BITS = 48
"""A coordinate is an integer in units of box / 2**48: the lower 48 bits are the place in the box, the upper ones
count the boxes crossed. Differences wrap without a branch or a rounding."""

CELL_SHIFT = FRACTION_BITS - 32


@njit
def cells_per_side(box: float, reach: float, n_particles: int, dimension: int) -> int:
    """Cells along each side, none narrower than `reach` and no more than a few per particle in all."""
    sides = max(int(box / reach), 1)
    while sides > 3 and float(sides) ** dimension > 4.0 * n_particles + 64.0:
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

    Works on the upper 32 bits of the coordinates in single precision, with a margin for what that loses.

    Args:
        first: filled; the partners of i are at first[i]:first[i + 1], shape (N + 1,).
        partners: filled as far as there is room.

    Returns:
        The number of pairs.
    """
    n = len(x)
    short = np.empty((3, n), np.int32)
    reach = np.empty(n, np.float32)
    margin = 8.0 * box * 2.0**-32 + 4e-6 * (skin + 2.0)
    scale = np.float32(box * 2.0**-32)
    for i in range(n):
        for axis in range(3):
            short[axis, i] = np.int32(x[i, axis] >> CELL_SHIFT)
        reach[i] = np.float32(radius[i] + 0.5 * (skin + margin))
    inside = np.empty(n, np.bool_)
    count = 0
    rows = 3 if dimension > 1 else 1
    layers = 2 if dimension > 2 else 1
    for number in range(len(start) - 1):
        if start[number] == start[number + 1]:
            continue
        cx, cy, cz = number % sides, number // sides % sides, number // (sides * sides)
        for i in range(start[number], start[number + 1]):
            first[i] = count
            for layer in range(layers):
                for row in range(rows):
                    # The half of the neighbourhood that comes later: own row onwards, next row, next layer.
                    dy = row - 1 if layer else row
                    if not layer and row == 2:
                        continue
                    y, z = (cy + dy + sides) % sides, (cz + layer) % sides
                    base = (z * sides + y) * sides
                    own = layer == 0 and dy == 0
                    left, right = (cx if own else cx - 1), cx + 1
                    low = i + 1 if own else start[base + max(left, 0)]
                    high = start[base + min(right, sides - 1) + 1]
                    count = _near(short, reach, scale, i, low, high, inside, partners, count)
                    if left < 0:
                        low, high = start[base + sides - 1], start[base + sides]
                        count = _near(short, reach, scale, i, low, high, inside, partners, count)
                    if right == sides:
                        count = _near(short, reach, scale, i, start[base], start[base + 1], inside, partners, count)
    return count


@njit
def _near(
    short: Array, reach: Array, scale: float, i: int, low: int, high: int, inside: Array, partners: Array,
    count: int,
) -> int:  # fmt: skip
    """Append those of low:high that are near i: the distances in one vectorised loop, then the choice."""
    x, y, z, own = short[0, i], short[1, i], short[2, i], reach[i]
    for j in range(low, high):
        dx = np.float32(np.int32(x - short[0, j])) * scale
        dy = np.float32(np.int32(y - short[1, j])) * scale
        dz = np.float32(np.int32(z - short[2, j])) * scale
        far = own + reach[j]
        inside[j] = dx * dx + dy * dy + dz * dz < far * far
    for j in range(low, high):
        if count < len(partners):
            partners[count] = j
        count += inside[j]
    return count


@njit
def list_all(n: int, first: Array, partners: Array) -> int:
    """Every pair once: for small boxes, and as the check of the rest."""
    count = 0
    for i in range(n):
        first[i] = count
        for j in range(i + 1, n):
            if count < len(partners):
                partners[count] = j
            count += 1
    return count
