"""Long runs of spheres near the absorbing transition: which there are, and how they are kept.

A run is a file: its series and its configuration, replaced as a whole every few seconds. A run that was
killed goes on from there and ends with the same bits.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Literal

import numpy as np

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

COLUMNS = ("step", "n_active", "n_overlaps", "energy")


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


def log_steps(n_steps: int, *, per_decade: int = 20) -> Array:
    """0 and the whole numbers next to 10^(k/20), below `n_steps`; a longer run has those of a shorter."""
    powers = np.round(10.0 ** (np.arange(0, 12 * per_decade) / per_decade)).astype(np.int64)
    return np.unique(np.concatenate([[0], powers[powers < n_steps]]))


def even_steps(n_steps: int, *, count: int = 400) -> Array:
    """`count` steps at even distances."""
    return np.arange(0, n_steps, max(n_steps // count, 1))


@dataclass(frozen=True)
class State:
    """How far a run is.

    Attributes:
        seconds: of one core, all sittings together.
    """

    packing: Packing
    series: Series
    seconds: float


def run_packing(
    run: PackingRun,
    folder: Path | None = None,
    *,
    up_to: int | None = None,
    progress: Callable[[int], object] | None = None,
    save_every: float = SAVE_EVERY,
) -> State:
    """A run to its end, computed as far as the folder does not have it.

    Args:
        folder: where to keep it; None keeps nothing.
        up_to: stop after this many steps in all (default: `run.n_steps`).
        progress: called with the number of steps made since the last call.
        save_every: seconds between two savings.

    Raises:
        OSError: the folder cannot be written.
    """
    state = read_run(run, folder)
    last = run.n_steps if up_to is None else min(run.n_steps, up_to)
    if state.packing.absorbed or state.packing.step >= last:
        return state
    due = np.union1d(log_steps(run.n_steps), even_steps(run.n_steps))
    packing, parts = state.packing, [state.series]
    started, saved = time.thread_time(), time.monotonic()

    def so_far() -> State:
        return State(packing, Series.joined(parts), state.seconds + time.thread_time() - started)

    for later, part in pieces(packing, run.law, n_steps=last - packing.step, record_steps=due):
        if progress is not None:
            progress(later.step - packing.step)
        packing = later
        parts.append(part)
        if folder is not None and time.monotonic() - saved > save_every:
            _write(run, folder, so_far())
            saved = time.monotonic()
    if folder is not None:
        _write(run, folder, so_far())
    return so_far()


def finished(run: PackingRun, state: State) -> bool:
    """Whether a run has come to its end."""
    return state.packing.absorbed or state.packing.step >= run.n_steps


def read_run(run: PackingRun, folder: Path | None) -> State:
    """What the folder has of a run; its start if nothing, or nothing whole."""
    state = State(run.start(), empty_series(run.n_particles), 0.0)
    path = None if folder is None else folder / f"{run.name}.run"
    if path is None or not path.exists():
        return state
    try:
        kept = read_part(path)
    except DamagedPart:
        return state
    step, absorbed = kept["state"]
    packing = replace(state.packing, coordinates=kept["coordinates"], step=int(step), absorbed=bool(absorbed))
    recorded, active, overlaps, energy = (kept[name] for name in COLUMNS)
    series = Series(recorded, active, overlaps, energy, run.n_particles)
    return State(packing, series, float(kept["seconds"]))


def _write(run: PackingRun, folder: Path, state: State) -> None:
    buffer = io.BytesIO()
    arrays = {name: getattr(state.series, name) for name in COLUMNS}
    steps = np.array([state.packing.step, state.packing.absorbed])
    np.savez(
        buffer, coordinates=state.packing.coordinates, state=steps, seconds=np.array(state.seconds), **arrays
    )
    payload = buffer.getbuffer()
    folder.mkdir(parents=True, exist_ok=True)
    digest = blake2b(payload, digest_size=DIGEST_SIZE).digest()
    atomic_write(folder / f"{run.name}.run", MAGIC, digest, payload)


RULES: tuple[Literal["BRO", "SGD"], ...] = ("BRO", "SGD")
CENTRES = {0.1: 0.555, 0.05: 0.595, 0.2: 0.48, 0.025: 0.6175}
"""Kick -> packing fraction near the transition."""

OFFSETS = (-0.005, 0.005, -0.0025, 0.0025, 0.0, 0.01)
STEPS_TIMES_KICK = 2000
"""Small kicks are slow: all runs last this many kicks."""


def transition_runs(seeds: Iterable[int]) -> list[PackingRun]:
    """Both rules at all kicks and packing fractions, seed by seed."""
    return [
        PackingRun(rule, kick, round(centre + offset, 6), seed, n_steps=round(STEPS_TIMES_KICK / kick))
        for seed in seeds
        for kick, centre in CENTRES.items()
        for offset in OFFSETS
        for rule in RULES
    ]
