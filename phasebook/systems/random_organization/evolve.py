"""Running the dynamics: any number of steps, measured on the way, to be continued with the same bits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import xarray as xr

from phasebook.systems.random_organization.hashing import Array
from phasebook.systems.random_organization.kernel import ENERGY_BITS
from phasebook.systems.random_organization.packing import Packing
from phasebook.systems.random_organization.rules import Rule
from phasebook.systems.random_organization.steps import advance

CHUNK_PARTICLE_STEPS = 5_000_000
"""Between two reports of progress: a fraction of a second."""


@dataclass(frozen=True)
class Series:
    """What was measured at the recorded steps, before the moves of that step.

    Attributes:
        step: shape (time,).
        n_active: particles that overlap with at least one other.
        n_overlaps: overlapping pairs.
        energy: sum over pairs of U, in units where the force at contact of m = 1 is 1/2.
        n_particles: N.
    """

    step: Array
    n_active: Array
    n_overlaps: Array
    energy: Array
    n_particles: int

    @property
    def activity(self) -> Array:
        """f_a, the fraction of active particles."""
        return self.n_active / self.n_particles

    @classmethod
    def joined(cls, parts: Sequence[Series]) -> Series:
        """Consecutive pieces of one run as one."""
        return cls(
            step=np.concatenate([part.step for part in parts]),
            n_active=np.concatenate([part.n_active for part in parts]),
            n_overlaps=np.concatenate([part.n_overlaps for part in parts]),
            energy=np.concatenate([part.energy for part in parts]),
            n_particles=parts[0].n_particles,
        )

    def to_dataset(self) -> xr.Dataset:
        """As an `xarray.Dataset` with the dim `step`."""
        return xr.Dataset(
            {
                "activity": ("step", self.activity, {"long_name": "fraction of active particles"}),
                "n_overlaps": ("step", self.n_overlaps, {"long_name": "overlapping pairs"}),
                "energy": ("step", self.energy, {"long_name": "energy of all overlaps"}),
            },
            coords={"step": ("step", self.step, {"long_name": "steps"})},
            attrs={"n_particles": self.n_particles},
        )


def evolve(
    packing: Packing,
    rule: Rule,
    *,
    n_steps: int,
    record_every: int = 1,
    record_steps: Sequence[int] | Array | None = None,
    stop_when_absorbed: bool = True,
    progress: Callable[[int], object] | None = None,
) -> tuple[Packing, Series]:
    """Make `n_steps` steps, or fewer if an absorbing configuration is reached.

    `evolve(evolve(x, n), m)` has the bits of `evolve(x, n + m)`, and the two series put together are the one.

    Args:
        record_every: measure at the multiples of this step number.
        record_steps: measure at these step numbers instead, ascending.
        stop_when_absorbed: end, and record the last step, once no particle is active.
        progress: called with the number of steps made since the last call.

    Raises:
        ValueError: a negative number of steps, `record_every` below 1, or `record_steps` not ascending.
    """
    parts: list[Series] = []
    after = packing
    for later, part in pieces(
        packing,
        rule,
        n_steps=n_steps,
        record_every=record_every,
        record_steps=record_steps,
        stop_when_absorbed=stop_when_absorbed,
    ):
        if progress is not None:
            progress(later.step - after.step)
        after = later
        parts.append(part)
    return after, Series.joined(parts)


def pieces(
    packing: Packing,
    rule: Rule,
    *,
    n_steps: int,
    record_every: int = 1,
    record_steps: Sequence[int] | Array | None = None,
    stop_when_absorbed: bool = True,
    skin: float | None = None,
    every_pair: bool = False,
) -> Iterator[tuple[Packing, Series]]:
    """`evolve` a bit at a time, for whoever wants to look, or to save, on the way.

    Args:
        skin: how far beyond contact the list of neighbours reaches; does not change the result.
        every_pair: look at all pairs of particles at every step; does not change the result either.
    """
    if n_steps < 0:
        raise ValueError(f"n_steps must not be negative, got {n_steps}")
    last = packing.step + n_steps
    due = _due(packing.step, last, record_every, record_steps)
    moves = rule.moves()
    skin = skin_for(rule) if skin is None else skin
    chunk = max(CHUNK_PARTICLE_STEPS // packing.n_particles, 1)
    stops = [*range(packing.step, last, chunk), last]
    x = np.zeros((packing.n_particles, 3), np.int64)
    x[:, : packing.dimension] = packing.coordinates
    ids, radius = np.arange(packing.n_particles), packing.diameters / 2.0
    if n_steps == 0:
        yield packing, empty_series(packing.n_particles)
    for start, end in pairwise(stops):
        recorded = due[(due >= start) & (due < end)]
        out = np.zeros((len(recorded) + 1, 5), np.int64)
        done, rows, absorbed = advance(
            x, ids, radius, packing.box, packing.seed, start, end - start, moves, packing.dimension, skin,
            every_pair, recorded, stop_when_absorbed, out,
        )  # fmt: skip
        coordinates = np.empty_like(packing.coordinates)
        coordinates[ids] = x[:, : packing.dimension]
        packing = replace(packing, coordinates=coordinates, step=start + done, absorbed=absorbed)
        yield packing, _series(out[:rows], packing.n_particles)
        if absorbed:
            return


def skin_for(rule: Rule) -> float:
    """How far beyond contact to list neighbours: ten typical moves, which is fastest near the transition."""
    moves = rule.moves()
    square = (moves.amplitude**2 / 3, moves.amplitude**2 * moves.mean, moves.mean**2 + moves.spread**2)
    return min(max(10.0 * math.sqrt(square[moves.weight]), 0.15), 0.6)


def _due(first: int, last: int, every: int, steps: Sequence[int] | Array | None) -> Array:
    """Steps from `first` up to and without `last` at which to measure."""
    if steps is None:
        if every < 1:
            raise ValueError(f"record_every must be at least 1, got {every}")
        return np.arange(-(-first // every) * every, last, every, dtype=np.int64)
    wanted = np.asarray(steps, dtype=np.int64)
    if np.any(np.diff(wanted) <= 0):
        raise ValueError("record_steps must be ascending")
    return wanted[(wanted >= first) & (wanted < last)]


def empty_series(n_particles: int) -> Series:
    """Of a run that has not begun."""
    return _series(np.empty((0, 5), np.int64), n_particles)


def _series(rows: Array, n_particles: int) -> Series:
    energy = (rows[:, 3] * 2.0**30 + rows[:, 4]) * 2.0**-ENERGY_BITS
    return Series(rows[:, 0], rows[:, 1], rows[:, 2], energy, n_particles)
