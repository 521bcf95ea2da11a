"""Successive halving of a scan: what a cell shows, which cells go on, and which were given up too soon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

import numpy as np
import xarray as xr

from phasebook.monitor.diagnosis import ENOUGH, phase_probabilities


class Cell(NamedTuple):
    """A point of the plane: T = eps / |B| and the multiplier of the initial variance."""

    temperature: float
    variance: float


class Seen(NamedTuple):
    """What a cell showed when it was last looked at, after `steps` updates; `ordered` is a probability."""

    rung: int
    steps: int
    loss: float
    phase: str
    ordered: float


def look(datasets: Sequence[xr.Dataset], rung: int, steps: int) -> Seen:
    """What a cell's runs show, averaged over all networks in it."""
    likely, losses = [], []
    for dataset in datasets:
        probabilities = phase_probabilities(dataset).isel(step=-1)
        rest = [dim for dim in probabilities.dims if dim != "phase"]
        likely.append(probabilities.mean(rest, skipna=False))
        losses.append(np.log(dataset["loss"].isel(step=-1)).mean().item())
    mean = sum(likely[1:], likely[0]) / len(likely)
    loss = float(np.exp(np.mean(losses)))
    if not (np.isfinite(loss) and bool(mean.notnull().all())):
        return Seen(rung, steps, np.inf, "diverged", 0.0)
    best = str(mean["phase"].values[int(mean.argmax("phase"))])
    phase = best if float(mean.max()) >= ENOUGH else "undecided"
    return Seen(rung, steps, loss, phase, float(mean.sel(phase="ordered")))


def hottest_first(seen: Mapping[Cell, Seen]) -> list[Cell]:
    """The cells by temperature, at equal temperatures by loss."""
    return sorted(seen, key=lambda c: (-c.temperature, seen[c].loss))


def ordered_cells(seen: Mapping[Cell, Seen]) -> list[Cell]:
    """Those that were ordered when last looked at, the hottest first."""
    return [cell for cell in hottest_first(seen) if seen[cell].phase == "ordered"]


def survivors(seen: Mapping[Cell, Seen], count: int) -> list[Cell]:
    """By turns the hottest ordered cell, the hottest that may yet be, and the one with the lowest loss."""
    left = {cell: one for cell, one in seen.items() if one.ordered >= 1 - ENOUGH}
    surely = ordered_cells(left)
    perhaps = [cell for cell in hottest_first(left) if cell not in surely]
    lowest = sorted(left, key=lambda c: left[c].loss)
    turns = zip_longest(surely, perhaps, lowest)
    return list(dict.fromkeys(cell for turn in turns for cell in turn if cell is not None))[:count]


def crowded_out(seen: Mapping[Cell, Seen], *, steps: int) -> list[Cell]:
    """Ordered cells given up before `steps` updates for want of room, the hottest first.

    Only those hotter than every cell that was ordered after `steps`: the others cannot change the answer.
    """
    ordered = ordered_cells(seen)
    confirmed = max((c.temperature for c in ordered if seen[c].steps == steps), default=0.0)
    return [c for c in ordered if seen[c].steps < steps and c.temperature > confirmed]


def plane(seen: Mapping[Cell, Seen]) -> xr.Dataset:
    """Every field of `Seen` with dims (temperature, variance), both ascending."""
    temperatures, variances = (np.unique(values) for values in zip(*seen, strict=True))
    dims = ("temperature", "variance")
    grid = [[seen[Cell(float(t), float(v))] for v in variances] for t in temperatures]
    return xr.Dataset(
        {name: (dims, [[getattr(one, name) for one in row] for row in grid]) for name in Seen._fields},
        coords={"temperature": temperatures, "variance": variances},
    )
