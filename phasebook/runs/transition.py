"""The runs near the absorbing transition as one data set, with a manifest, and its proof by recomputing."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import numpy as np
import xarray as xr

from phasebook import __version__
from phasebook.runs.packaged import FOLDER, manifest_problem
from phasebook.runs.packings import (
    MOVES_VERSION,
    PackingRun,
    State,
    even_steps,
    finished,
    log_steps,
    read_run,
    run_packing,
)
from phasebook.runs.provenance import PACKAGES, hardware
from phasebook.runs.store import SweepError, atomic_write
from phasebook.systems.random_organization import global_order, structure_factor
from phasebook.systems.random_organization.hashing import Array

NAME = "packings"
QUARTERS = 4
LARGEST_WAVE = 30
PROVED_RUNS, PROVED_STEPS = 8, 2000
"""How many runs, and how much of each, is computed again."""


def collect(runs: Iterable[PackingRun], folder: Path) -> xr.Dataset:
    """All finished runs among `runs` that the folder has; see `assemble`."""
    states = ((run, read_run(run, folder)) for run in runs)
    return assemble([(run, state) for run, state in states if finished(run, state)])


def assemble(results: list[tuple[PackingRun, State]]) -> xr.Dataset:
    """One data set of finished runs with the same number of particles.

    Returns:
        Dims run, time, quarter and shell. Coordinates of a run: rule ("BRO" or "SGD"), kick,
        packing_fraction, seed; `time` in steps. Variables:
        n_active, n_overlaps (run, time): whole numbers, 0 after absorption, -1 beyond the end of a run;
        energy (run, time): per particle, missing beyond the end;
        late_activity (run, quarter): mean activity in the four quarters of the second half; missing if the
        run was absorbed before the end of the quarter;
        n_steps, final_step, absorbed, digest (run): the steps made, and the bits at the end;
        wave_number, structure_factor (run, shell) and global_order (run): of the last configuration.

    Raises:
        ValueError: nothing to assemble, or different numbers of particles.
    """
    sizes = {run.n_particles for run, _ in results}
    if len(sizes) != 1:
        raise ValueError(f"needs runs with the same number of particles, got {sorted(sizes) or 'no run'}")
    n_particles = sizes.pop()
    times = log_steps(max(run.n_steps for run, _ in results))
    series = [_at(run, state, times) for run, state in results]
    waves = [structure_factor(state.packing, largest=LARGEST_WAVE) for _, state in results]
    runs, last = [run for run, _ in results], [state.packing for _, state in results]
    variables = {
        "n_active": (("run", "time"), np.stack([s[0] for s in series]), "active particles"),
        "n_overlaps": (("run", "time"), np.stack([s[1] for s in series]), "overlapping pairs"),
        "energy": (("run", "time"), np.stack([s[2] for s in series]), "energy per particle"),
        "late_activity": (
            ("run", "quarter"),
            np.stack([late_activity(run, state) for run, state in results]),
            "mean activity in the quarters of the second half",
        ),
        "n_steps": ("run", np.array([r.n_steps for r in runs], np.int32), "steps planned"),
        "final_step": ("run", np.array([p.step for p in last], np.int32), "steps made"),
        "absorbed": (
            "run",
            np.array([p.absorbed for p in last]),
            "whether the run ended in an absorbing state",
        ),
        "digest": ("run", np.array([p.digest() for p in last], "S16"), "hash of the last configuration"),
        "wave_number": (
            ("run", "shell"),
            np.stack([w.wave_number for w in waves]).astype(np.float32),
            "|k| in units of 1/D",
        ),
        "structure_factor": (
            ("run", "shell"),
            np.stack([w.value for w in waves]).astype(np.float32),
            "S(k) of the last configuration",
        ),
        "global_order": (
            "run",
            np.array([global_order(p) for p in last], np.float32),
            "Steinhardt's Q_6 of the last configuration",
        ),
    }
    return xr.Dataset(
        {name: (dims, values, {"long_name": text}) for name, (dims, values, text) in variables.items()},
        coords={
            "rule": ("run", np.array([r.rule for r in runs])),
            "kick": ("run", np.array([r.kick for r in runs]), {"units": "diameters"}),
            "packing_fraction": ("run", np.array([r.packing_fraction for r in runs])),
            "seed": ("run", np.array([r.seed for r in runs], np.int32)),
            "time": ("time", times, {"units": "steps"}),
        },
        attrs={
            "title": "Spheres near the absorbing transition (arXiv:2411.11834): BRO and matched SGD",
            "n_particles": n_particles,
            "moves_version": MOVES_VERSION,
            "phasebook_version": __version__,
            "core_seconds": round(sum(state.seconds for _, state in results), 1),
            "source": "computed",
        },
    )


def load_packings(name: str = NAME) -> xr.Dataset:
    """The packaged runs near the transition, in memory; see `assemble`.

    Args:
        name: of the file: "packings", or "packings_small" for few spheres (see `small_packings`).

    Raises:
        SweepError: the file is missing, or not the one its manifest describes.
    """
    path = FOLDER / f"{name}.nc"
    if not path.exists():
        raise SweepError(f"{path} is missing; install phasebook again")
    if problem := manifest_problem(path):
        raise SweepError(f"{problem}; install phasebook again")
    return xr.load_dataset(path, engine="h5netcdf").assign_attrs(source="packaged")


def verify_packings(
    dataset: xr.Dataset, *, seed: int = 0, n_runs: int = PROVED_RUNS, n_steps: int = PROVED_STEPS
) -> list[str]:
    """Compute the first steps of some runs again; returns what differs, one line each.

    The number of active particles and of overlaps must be equal at every recorded step, and if a run ends
    within `n_steps`, so must the bits of its last configuration. One other bit anywhere would show:
    trajectories are chaotic.

    Args:
        seed: of the choice of runs.
    """
    drawn = np.random.default_rng(seed).permutation(dataset.sizes["run"])[:n_runs]
    problems: list[str] = []
    for number in np.sort(drawn):
        kept = dataset.isel(run=int(number))
        run = run_of(kept, int(dataset.attrs["n_particles"]))
        state = run_packing(run, up_to=n_steps)
        times = dataset["time"].values
        within = times < min(n_steps, run.n_steps)
        active, overlaps, _ = _at(run, state, times)
        same = np.array_equal(kept["n_active"].values[within], active[within]) and np.array_equal(
            kept["n_overlaps"].values[within], overlaps[within]
        )
        if finished(run, state):
            same = same and bytes(kept["digest"].values).decode() == state.packing.digest()
        if not same:
            place = f"{run.rule}, kick {run.kick:g}, phi {run.packing_fraction:g}, seed {run.seed}"
            problems.append(f"{place}: other numbers here")
    return problems


def run_of(kept: xr.Dataset, n_particles: int) -> PackingRun:
    """The settings of one run of a data set."""
    return PackingRun(
        cast(Any, str(kept["rule"].values)),
        float(kept["kick"]),
        float(kept["packing_fraction"]),
        int(kept["seed"]),
        n_particles=n_particles,
        n_steps=int(kept["n_steps"]),
    )


def package(
    dataset: xr.Dataset,
    folder: Path = FOLDER,
    *,
    name: str = NAME,
    command: str = "python tools/packings.py FOLDER && python tools/packings.py FOLDER --package",
) -> str:
    """Write the data set and its manifest; returns a line about them."""
    encoding = {
        key: {"zlib": True, "complevel": 9, "shuffle": True}
        for key, variable in dataset.data_vars.items()
        if variable.dtype.kind in "if" and variable.nbytes > 4096
    }
    content = bytes(dataset.to_netcdf(engine="h5netcdf", encoding=encoding))
    manifest = {
        "file": f"{name}.nc",
        "sha256": sha256(content).hexdigest(),
        "bytes": len(content),
        **{key: value for key, value in dataset.attrs.items() if key != "source"},
        "n_runs": dataset.sizes["run"],
        "seeds": sorted({int(s) for s in dataset["seed"].values}),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "hardware": hardware(),
        "versions": {"python": platform.python_version()} | {one: version(one) for one in PACKAGES},
        "command": command,
        "check": "python tools/verify_packaged.py",
    }
    atomic_write(folder / f"{name}.nc", content)
    text = json.dumps(manifest, indent=1, sort_keys=True) + "\n"
    atomic_write(folder / f"{name}.json", text.encode())
    return f"{name}.nc: {dataset.sizes['run']} runs, {len(content) / 1e6:.2f} MB"


def late_activity(run: PackingRun, state: State) -> Array:
    """Mean activity in each quarter of the second half; missing where the run had been absorbed."""
    edges = run.n_steps // 2 + run.n_steps // (2 * QUARTERS) * np.arange(QUARTERS + 1)
    even = np.isin(state.series.step, even_steps(run.n_steps))
    step, activity = state.series.step[even], state.series.activity[even]
    means = np.full(QUARTERS, np.nan)
    for quarter in range(QUARTERS):
        inside = (step >= edges[quarter]) & (step < edges[quarter + 1])
        if state.packing.step >= edges[quarter + 1]:
            means[quarter] = activity[inside].mean()
    return means


def _at(run: PackingRun, state: State, times: Array) -> tuple[Array, Array, Array]:
    """Active particles, overlaps and energy per particle at these steps."""
    place = np.searchsorted(state.series.step, times)
    there = place < len(state.series.step)
    there[there] = state.series.step[place[there]] == times[there]
    counts = np.full((2, len(times)), -1, np.int32)
    energy = np.full(len(times), np.nan, np.float32)
    counts[0, there] = state.series.n_active[place[there]]
    counts[1, there] = state.series.n_overlaps[place[there]]
    energy[there] = state.series.energy[place[there]] / run.n_particles
    after = state.packing.absorbed & (times > state.packing.step) & (times < run.n_steps)
    counts[:, after], energy[after] = 0, 0.0
    return counts[0], counts[1], energy
