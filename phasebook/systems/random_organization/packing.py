"""Spheres (discs, rods) in a periodic box."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

import numpy as np

from phasebook.systems.random_organization.hashing import Array, random_coordinates
from phasebook.systems.random_organization.neighbours import FRACTION_BITS

WHOLE = 1 << FRACTION_BITS
BIDISPERSE_RATIO = 1.4
LARGEST = 2**31


@dataclass(frozen=True, eq=False)
class Packing:
    """A configuration. Lengths are in units of the largest diameter, D = 1.

    Attributes:
        coordinates: int64 of shape (N, d) in units of box / 2**48, not wrapped: the lower 48 bits are the
            place in the box, the upper ones count the boxes crossed.
        diameters: shape (N,).
        box: side of the periodic box.
        seed: of the moves; together with `step` it determines all that follows.
        step: steps made so far.
        absorbed: whether the last run ended because no particle overlaps another.
    """

    coordinates: Array
    diameters: Array
    box: float
    seed: int = 0
    step: int = 0
    absorbed: bool = field(default=False)

    @property
    def n_particles(self) -> int:
        return len(self.coordinates)

    @property
    def dimension(self) -> int:
        return self.coordinates.shape[1]

    @property
    def positions(self) -> Array:
        """Places in [0, box), float64 of shape (N, d)."""
        return (self.coordinates & (WHOLE - 1)) * (self.box / WHOLE)

    @property
    def packing_fraction(self) -> float:
        """Volume of all spheres over the volume of the box (overlaps counted twice)."""
        volume = sphere_volume(self.dimension) * math.fsum(float(d) ** self.dimension for d in self.diameters)
        return volume / self.box**self.dimension

    def displacements_to(self, later: Packing) -> Array:
        """How far each particle went, boxes crossed included; shape (N, d), in diameters."""
        return (later.coordinates - self.coordinates) * (self.box / WHOLE)

    def digest(self) -> str:
        """A short hash of the exact configuration: equal for the same bits, else not."""
        return blake2b(np.ascontiguousarray(self.coordinates, "<i8").tobytes(), digest_size=8).hexdigest()


def random_packing(
    *,
    n_particles: int,
    packing_fraction: float,
    dimension: int = 3,
    seed: int = 0,
    diameters: Literal["mono", "bidisperse"] | float = "mono",
) -> Packing:
    """Particles placed independently and uniformly.

    Args:
        packing_fraction: phi; the box is made to fit, to one part in 2**32 of a diameter.
        diameters: "mono" for equal spheres, "bidisperse" for two kinds in equal numbers with diameters in the
            ratio 1 : 1.4, or another ratio as a number. The larger diameter is 1.

    Raises:
        ValueError: a dimension other than 1, 2, 3, fewer than two particles, phi not positive or so large
            that the box is narrower than two diameters, or a ratio below 1.
    """
    if dimension not in (1, 2, 3):
        raise ValueError(f"dimension must be 1, 2 or 3, got {dimension}")
    if not 2 <= n_particles < LARGEST:
        raise ValueError(f"n_particles must be at least 2 and below 2^31, got {n_particles}")
    if not 0 < packing_fraction < math.inf:
        raise ValueError(f"packing_fraction must be a positive number, got {packing_fraction}")
    if not 0 <= seed < 2**63:
        raise ValueError(f"seed must be non-negative and below 2^63, got {seed}")
    sizes = _diameters(diameters, n_particles)
    volume = sphere_volume(dimension) * math.fsum(float(size) ** dimension for size in sizes)
    box = rounded((volume / packing_fraction) ** (1.0 / dimension))
    if box < 2.0:
        raise ValueError(
            f"{n_particles} particles at packing fraction {packing_fraction:g} fill a box {box:.2f} "
            "diameters wide; it must be at least 2: take more particles"
        )
    return Packing(random_coordinates(seed, n_particles, dimension), sizes, box, seed)


def fcc_packing(*, cells: int, packing_fraction: float, seed: int = 0) -> Packing:
    """Equal spheres on a face-centred cubic lattice, 4 cells^3 of them; they touch at phi = 0.7405.

    Args:
        cells: cubic cells per side, at least 2.

    Raises:
        ValueError: fewer than 2 cells.
    """
    if cells < 2:
        raise ValueError(f"cells must be at least 2, got {cells}")
    corners = np.stack(np.meshgrid(*[np.arange(cells)] * 3, indexing="ij"), -1).reshape(-1, 3)
    basis = np.array([(0, 0, 0), (1, 1, 0), (1, 0, 1), (0, 1, 1)])
    half_cells = (2 * corners[:, None, :] + basis).reshape(-1, 3)
    coordinates = half_cells.astype(np.int64) * (WHOLE // (2 * cells))
    n = len(coordinates)
    box = rounded((n * sphere_volume(3) / packing_fraction) ** (1.0 / 3.0))
    return Packing(coordinates, np.ones(n), box, seed)


def from_positions(positions: Array, *, box: float, diameters: Array | None = None, seed: int = 0) -> Packing:
    """A packing from places given as numbers, rounded to box / 2**48.

    Args:
        positions: shape (N, d), in diameters; wrapped into the box.
        diameters: shape (N,), the largest 1; default all 1.

    Raises:
        ValueError: shapes that do not fit, or a box narrower than two diameters.
    """
    places = np.asarray(positions, dtype=np.float64)
    if places.ndim != 2 or places.shape[1] not in (1, 2, 3):
        raise ValueError(f"positions must have shape (N, 1), (N, 2) or (N, 3), got {places.shape}")
    sizes = np.ones(len(places)) if diameters is None else np.asarray(diameters, dtype=np.float64)
    if sizes.shape != (len(places),):
        raise ValueError(f"diameters must have shape ({len(places)},), got {sizes.shape}")
    if box < 2.0 * sizes.max():
        raise ValueError(f"the box must be at least two diameters wide, got {box}")
    fractions = places / box
    fractions = fractions - np.floor(fractions)
    coordinates = np.round(fractions * WHOLE).astype(np.int64) & (WHOLE - 1)
    return Packing(coordinates, sizes, float(box), seed)


def sphere_volume(dimension: int) -> float:
    """Volume of a sphere of diameter 1: 1, pi/4 and pi/6 in one, two and three dimensions."""
    return (1.0, math.pi / 4, math.pi / 6)[dimension - 1]


def rounded(length: float) -> float:
    """To 2**-32, so that the last bit of a machine's power function does not show."""
    return round(length * 2.0**32) / 2.0**32


def _diameters(kind: str | float, n_particles: int) -> Array:
    """Diameters, the largest 1; the first half of the particles small."""
    if kind == "mono":
        return np.ones(n_particles)
    ratio = BIDISPERSE_RATIO if kind == "bidisperse" else kind
    if isinstance(ratio, str) or not 1 <= ratio < 10:
        raise ValueError(f"diameters must be 'mono', 'bidisperse' or a ratio from 1 to 10, got {kind!r}")
    small = rounded(1.0 / ratio)
    return np.where(np.arange(n_particles) < n_particles // 2, small, 1.0)
