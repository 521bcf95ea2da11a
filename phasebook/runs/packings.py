"""Long runs of spheres near the absorbing transition: which, how they are kept, and how they are packaged.

A run is a file that grows: its series and its configuration, replaced as a whole every few seconds. A run that
was killed goes on from there and ends with the same bits.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr

from phasebook.runs.store import DIGEST_SIZE, MAGIC, DamagedPart, atomic_write, read_part
from phasebook.systems.random_organization import (
    BRO,
    Packing,
    Rule,
    Series,
    matched_sgd,
    pieces,
    random_packing,
)
from phasebook.systems.random_organization.evolve import empty_series
from phasebook.systems.random_organization.hashing import Array

MOVES_VERSION = 1
"""Of the bits of the dynamics (tests/test_random_organization.py has them frozen)."""

SAVE_EVERY = 20.0
"""Seconds."""


@dataclass(frozen=True)
class PackingRun:
    """One run from a random start.

    Attributes:
        rule: "BRO" (reciprocal) or "SGD" (pairwise, matched to it).
        kick: BRO's largest move; SGD has p = 3/4 and learning rate 4 kick / 3.
    """

    rule: Literal["BRO", "SGD"]
    kick: float
    packing_fraction: float
    seed: int
    n_particles: int = 8000
    n_steps: int = 20_000
    dimension: int = 3
    diameters: Literal["mono", "bidisperse"] = "mono"

    @property
    def law(self) -> Rule:
        return BRO(self.kick) if self.rule == "BRO" else matched_sgd(self.kick)

    def start(self) -> Packing:
        return random_packing(
            n_particles=self.n_particles,
            packing_fraction=self.packing_fraction,
            dimension=self.dimension,
            seed=self.seed,
            diameters=self.diameters,
        )

    @property
    def name(self) -> str:
        """A file name that no other run has."""
        text = json.dumps([MOVES_VERSION, asdict(self)], sort_keys=True)
        digest = blake2b(text.encode(), digest_size=6).hexdigest()
        return f"{self.rule}-{self.kick:g}-{self.packing_fraction:g}-{self.seed}-{digest}"


def record_steps(n_steps: int, *, per_decade: int = 20, evenly: int = 400) -> Array:
    """When a run is measured: evenly in log t, and `evenly` times evenly in t, for averages of the late part."""
    decades = np.log10(max(n_steps - 1, 1))
    logarithmic = np.round(np.logspace(0, decades, int(decades * per_decade) + 1))
    linear = np.arange(0, n_steps, max(n_steps // evenly, 1))
    return np.unique(np.concatenate([[0], logarithmic, linear])).astype(np.int64)


def run_packing(
    run: PackingRun,
    folder: Path | None = None,
    *,
    up_to: int | None = None,
    progress: Callable[[int], object] | None = None,
    save_every: float = SAVE_EVERY,
) -> tuple[Packing, Series]:
    """The configuration and the series of a run, computed as far as the folder does not have them.

    Args:
        folder: where to keep them; None keeps nothing.
        up_to: stop after this many steps in all (default: `run.n_steps`).
        progress: called with the number of steps made since the last call.

    Raises:
        OSError: the folder cannot be written.
    """
    path = None if folder is None else folder / f"{run.name}.run"
    packing, series = _read(run, path)
    last = min(run.n_steps, run.n_steps if up_to is None else up_to)
    if packing.absorbed or packing.step >= last:
        return packing, series
    parts, saved = [series], time.monotonic()
    for later, part in pieces(
        packing, run.law, n_steps=last - packing.step, record_steps=record_steps(run.n_steps)
    ):
        if progress is not None:
            progress(later.step - packing.step)
        packing = later
        parts.append(part)
        if path is not None and time.monotonic() - saved > save_every:
            parts = [Series.joined(parts)]
            _write(path, packing, parts[0])
            saved = time.monotonic()
    series = Series.joined(parts)
    if path is not None:
        _write(path, packing, series)
    return packing, series


def finished(run: PackingRun, folder: Path) -> bool:
    """Whether a run has come to its end there."""
    packing, _ = _read(run, folder / f"{run.name}.run")
    return packing.absorbed or packing.step >= run.n_steps


def _write(path: Path, packing: Packing, series: Series) -> None:
    buffer = io.BytesIO()
    np.savez(
        buffer,
        coordinates=packing.coordinates,
        state=np.array([packing.step, packing.absorbed]),
        step=series.step,
        n_active=series.n_active,
        n_overlaps=series.n_overlaps,
        energy=series.energy,
    )
    payload = buffer.getbuffer()
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, MAGIC, blake2b(payload, digest_size=DIGEST_SIZE).digest(), payload)


def _read(run: PackingRun, path: Path | None) -> tuple[Packing, Series]:
    """What is there of a run; its start if nothing, or nothing whole."""
    start = run.start()
    if path is None or not path.exists():
        return start, empty_series(run.n_particles)
    try:
        kept = read_part(path)
    except DamagedPart:
        return start, empty_series(run.n_particles)
    step, absorbed = kept["state"]
    packing = replace(start, coordinates=kept["coordinates"], step=int(step), absorbed=bool(absorbed))
    return packing, Series(
        kept["step"], kept["n_active"], kept["n_overlaps"], kept["energy"], run.n_particles
    )


RULES: tuple[Literal["BRO", "SGD"], ...] = ("BRO", "SGD")
PACKING_FRACTIONS: dict[float, tuple[float, ...]] = {
    0.1: (0.545, 0.55, 0.5525, 0.555, 0.5575, 0.56, 0.565, 0.575),
    0.05: (0.585, 0.59, 0.5925, 0.595, 0.5975, 0.6, 0.605, 0.615),
}
"""For each kick, around its transition."""

STEPS_TIMES_KICK = 2000.0
"""Small kicks are slow: all runs last this many kicks."""


def transition_runs(seeds: Iterable[int]) -> list[PackingRun]:
    """Both rules at all kicks and packing fractions, the large (quick) kicks first for every seed."""
    return [
        PackingRun(rule, kick, phi, seed, n_steps=round(STEPS_TIMES_KICK / kick))
        for seed in seeds
        for kick, fractions in PACKING_FRACTIONS.items()
        for phi in fractions
        for rule in RULES
    ]
