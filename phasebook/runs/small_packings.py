"""The transition with a thousand spheres: all kicks and several seeds within minutes of one core."""

from __future__ import annotations

from collections.abc import Iterable

import xarray as xr

from phasebook.runs.packings import CENTRES, RULES, PackingRun
from phasebook.runs.transition import load_packings

NAME = "packings_small"
N_PARTICLES = 1000
STEPS_TIMES_KICK = 1000
OFFSETS = (-0.01, -0.005, -0.0025, 0.0, 0.0025, 0.005, 0.01, 0.02)
"""From the centre of each kick, in packing fraction."""


def small_runs(seeds: Iterable[int]) -> list[PackingRun]:
    """Both rules at all kicks and packing fractions, seed by seed."""
    return [
        PackingRun(
            rule,
            kick,
            round(centre + offset, 6),
            seed,
            n_particles=N_PARTICLES,
            n_steps=round(STEPS_TIMES_KICK / kick),
        )
        for seed in seeds
        for kick, centre in CENTRES.items()
        for offset in OFFSETS
        for rule in RULES
    ]


def load_small_packings() -> xr.Dataset:
    """The packaged runs of a thousand spheres; see `transition.assemble`."""
    return load_packings(NAME)
