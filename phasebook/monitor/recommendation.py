"""`recommend`: the largest temperature in the ordered phase, from a scan that gives up early where it can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

import numpy as np
import xarray as xr

from phasebook.figures.monitor import scan_figure
from phasebook.figures.style import BookFigure
from phasebook.monitor.diagnosis import ENOUGH, phase_probabilities
from phasebook.monitor.trials import Start, Trial
from phasebook.network import Array
from phasebook.runs.progress import Progress, choose


class Cell(NamedTuple):
    """A point of the plane: T = eps / |B| and the multiplier of the initial variance."""

    temperature: float
    variance: float


@dataclass(frozen=True)
class Recommendation:
    """What the scan found.

    Attributes:
        suggested: the hottest cell in the ordered phase at the end of the scan, at equal temperatures the one
            with the lower loss; None if there is none.
        fastest: the ordered cell with the lowest loss at the end; None if there is none.
        scan: dims (temperature, variance): `steps` trained, `rung` reached, `loss` there, `phase` there
            (or "undecided", "diverged"), and the probability that it is `ordered`.
        steps: SGD updates in all, of networks side by side counted once.  grid_steps: what every cell to the
            end would have cost.
    """

    suggested: Cell | None
    fastest: Cell | None
    scan: xr.Dataset
    steps: int
    grid_steps: int

    def __str__(self) -> str:
        cost = f"{self.steps} steps, {self.steps / self.grid_steps:.0%} of the full grid's {self.grid_steps}"
        if self.suggested is None or self.fastest is None:
            return f"no cell of the scan is in the ordered phase ({cost})"
        lines = [f"largest temperature in the ordered phase: {_text(self.suggested)}"]
        if self.fastest != self.suggested:
            lines.append(f"lowest loss at the end of the scan:       {_text(self.fastest)}")
        return "\n".join([*lines, cost])

    __repr__ = __str__

    def plot(self) -> BookFigure:
        """The plane as far as it was tried: how long, which phase, and the suggestion."""
        return scan_figure(self.scan, suggested=self.suggested, fastest=self.fastest)


def recommend(
    start: Start,
    *,
    temperatures: Sequence[float] | Array,
    variances: Sequence[float] | Array,
    steps: int,
    rungs: int = 3,
    keep: float = 1 / 3,
    repeats: int = 1,
    seed: int = 0,
    progress: bool | Progress = True,
) -> Recommendation:
    """Scan temperature and initial variance by successive halving.

    On each rung the cells that are left are trained longer, by 1 / `keep`. Then those that are ordered with a
    probability below 0.2, or diverged, are given up, and of the others the share `keep` goes on: by turns the
    hottest ordered one, the hottest undecided one, and the one with the lowest loss.

    Args:
        start: makes the runs, see `sgd_trials` and `paper_trials`.
        temperatures: T = eps / |B|; powers of two are a good grid.
        variances: multipliers of the initial variance.
        steps: SGD updates on the last rung.
        rungs: how many. On rung k of R a run has steps * keep^(R - 1 - k) updates.
        keep: share of the cells that goes on, in (0, 1).
        repeats: networks in each cell, with seeds seed, seed + 1, ...
        progress: whether to say how far it is.

    Raises:
        ValueError: an empty or non-positive grid, fewer than two rungs' worth of steps, `keep` out of range.
    """
    cells = _grid(temperatures, variances)
    _check(steps, rungs, keep, repeats)
    budgets = [max(1, round(steps * keep ** (rungs - 1 - k))) for k in range(rungs)]
    counts = [max(1, round(len(cells) * keep**k)) for k in range(rungs)]
    trials: dict[Cell, list[Trial]] = {}
    seen: dict[Cell, _Seen] = {}
    alive, spent = cells, 0
    report = choose(progress)
    report.start(total=repeats * sum(counts), done=0)
    try:
        for rung, budget in enumerate(budgets):
            for cell in alive:
                if rung == 0:
                    trials[cell] = [start(cell.temperature, cell.variance, seed + k) for k in range(repeats)]
                spent += repeats * (budget - (budgets[rung - 1] if rung else 0))
                seen[cell] = _look([trial.advance(budget) for trial in trials[cell]], rung, budget)
                report.advance(repeats)
            if rung + 1 < rungs:
                alive = _survivors({cell: seen[cell] for cell in alive}, counts[rung + 1])
                trials = {cell: trials[cell] for cell in alive}
    finally:
        report.close()
    ordered = [cell for cell in alive if seen[cell].phase == "ordered"]
    return Recommendation(
        suggested=min(ordered, key=lambda c: (-c.temperature, seen[c].loss), default=None),
        fastest=min(ordered, key=lambda c: seen[c].loss, default=None),
        scan=_table(seen),
        steps=spent,
        grid_steps=len(cells) * repeats * steps,
    )


class _Seen(NamedTuple):
    rung: int
    steps: int
    loss: float
    phase: str
    ordered: float


def _look(datasets: list[xr.Dataset], rung: int, steps: int) -> _Seen:
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
        return _Seen(rung, steps, np.inf, "diverged", 0.0)
    best = str(mean["phase"].values[int(mean.argmax("phase"))])
    phase = best if float(mean.max()) >= ENOUGH else "undecided"
    return _Seen(rung, steps, loss, phase, float(mean.sel(phase="ordered")))


def _survivors(seen: dict[Cell, _Seen], count: int) -> list[Cell]:
    """By turns the hottest ordered cell, the hottest that may yet be, and the one with the lowest loss."""
    left = [cell for cell, one in seen.items() if one.ordered >= 1 - ENOUGH]
    hottest = sorted(left, key=lambda c: (-c.temperature, seen[c].loss))
    surely = [cell for cell in hottest if seen[cell].phase == "ordered"]
    perhaps = [cell for cell in hottest if seen[cell].phase != "ordered"]
    lowest = sorted(left, key=lambda c: seen[c].loss)
    turns = zip_longest(surely, perhaps, lowest)
    return list(dict.fromkeys(cell for turn in turns for cell in turn if cell is not None))[:count]


def _table(seen: dict[Cell, _Seen]) -> xr.Dataset:
    temperatures, variances = (np.unique(values) for values in zip(*seen, strict=True))
    dims = ("temperature", "variance")
    grid = [[seen[Cell(float(t), float(v))] for v in variances] for t in temperatures]
    return xr.Dataset(
        {name: (dims, [[getattr(one, name) for one in row] for row in grid]) for name in _Seen._fields},
        coords={"temperature": temperatures, "variance": variances},
    )


def _grid(temperatures: Sequence[float] | Array, variances: Sequence[float] | Array) -> list[Cell]:
    for name, values in {"temperatures": temperatures, "variances": variances}.items():
        if len(values) == 0 or not all(0 < value < np.inf for value in values):
            raise ValueError(f"{name} must be positive numbers, got {[float(v) for v in values]}")
    return [Cell(float(t), float(v)) for t in sorted(set(temperatures)) for v in sorted(set(variances))]


def _check(steps: int, rungs: int, keep: float, repeats: int) -> None:
    if not 0 < keep < 1:
        raise ValueError(f"keep must lie between 0 and 1, got {keep}")
    if rungs < 1 or repeats < 1:
        raise ValueError(f"rungs and repeats must be at least 1, got {rungs} and {repeats}")
    if steps * keep ** (rungs - 1) < 10:
        raise ValueError(f"{steps} steps leave fewer than 10 for the first of {rungs} rungs")


def _text(cell: Cell) -> str:
    return f"T = eps/|B| = {cell.temperature:g}, initial variance x {cell.variance:g}"
