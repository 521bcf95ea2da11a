"""`recommend`: the largest temperature in the ordered phase, from a scan that gives up early where it can."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import xarray as xr
from torch import nn

from phasebook.figures.monitor import scan_figure
from phasebook.figures.style import BookFigure
from phasebook.monitor.halving import (
    Cell,
    Seen,
    crowded_out,
    look,
    ordered_cells,
    plane,
    survivors,
)
from phasebook.monitor.trials import Start, Trial
from phasebook.network import Array
from phasebook.runs.progress import Progress, choose


@dataclass(frozen=True)
class Recommendation:
    """What the scan found.

    Attributes:
        suggested: the hottest cell in the ordered phase at the end of its training, at equal temperatures the
            one with the lower loss; None if there is none. The learning rate is `suggested.temperature` times
            the batch size.
        fastest: the cell with the lowest loss among those that are ordered at the end; None if there is none.
        resumed: cells that were ordered when they were given up for want of room, and that were trained to
            the end after all because nothing hotter stayed ordered.
        scan: dims (temperature, variance): `steps` trained, `rung` reached, `loss` there, `phase` there
            (or "undecided", "diverged"), and the probability that it is `ordered`.
        steps: SGD updates in all, of networks side by side counted once.  grid_steps: what every cell to the
            end would have cost.
    """

    suggested: Cell | None
    fastest: Cell | None
    resumed: tuple[Cell, ...]
    scan: xr.Dataset
    steps: int
    grid_steps: int

    def __str__(self) -> str:
        cost = f"{self.steps} steps, {self.steps / self.grid_steps:.0%} of the full grid's {self.grid_steps}"
        if self.suggested is None or self.fastest is None:
            counts = Counter(str(phase) for phase in self.scan["phase"].values.ravel())
            seen = ", ".join(f"{count} {phase}" for phase, count in counts.most_common())
            return f"no cell of the scan is in the ordered phase: {seen}\n{cost}"
        lines = [f"largest temperature in the ordered phase: {_text(self.suggested)}"]
        if self.fastest != self.suggested:
            lines.append(f"lowest loss of the ordered cells:         {_text(self.fastest)}")
        if self.resumed:
            count = f"{len(self.resumed)} cell{'s' * (len(self.resumed) > 1)}"
            lines.append(f"given up for want of room, then trained to the end after all: {count}")
        if self.suggested.temperature == self.scan["temperature"].max() > self.scan["temperature"].min():
            lines.append("it is the hottest row of the grid: hotter ones may be ordered too")
        return "\n".join([*lines, cost])

    __repr__ = __str__

    def plot(self) -> BookFigure:
        """The plane as far as it was tried: how long, which phase, and the suggestion."""
        return scan_figure(self.scan, suggested=self.suggested, fastest=self.fastest, resumed=self.resumed)


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

    A cell near the boundary may be ordered on one rung and no more on the next, when cooler ones have been
    given up for want of room. So, before a cell is suggested, the hotter ones that were ordered when they
    were given up are trained to the end, the hottest first, until one of them is still ordered there.

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
        ValueError: `start` makes no runs, an empty or non-positive grid, fewer than ten steps on the first
            rung, `keep` out of range, numbers that are not whole.
    """
    cells = _grid(temperatures, variances)
    _check(start, steps, rungs, keep, repeats)
    budgets = [max(1, round(steps * keep ** (rungs - 1 - k))) for k in range(rungs)]
    counts = [max(1, round(len(cells) * keep**k)) for k in range(rungs)]
    trials: dict[Cell, list[Trial]] = {}
    seen: dict[Cell, Seen] = {}
    spent = 0
    report = choose(progress)

    def train(cell: Cell, rung: int) -> None:
        nonlocal spent
        if cell not in trials:
            trials[cell] = [start(cell.temperature, cell.variance, seed + k) for k in range(repeats)]
        spent += repeats * (budgets[rung] - (seen[cell].steps if cell in seen else 0))
        seen[cell] = look([trial.advance(budgets[rung]) for trial in trials[cell]], rung, budgets[rung])
        report.advance(repeats)

    alive, resumed = cells, []
    report.start(total=repeats * sum(counts), done=0)
    try:
        for rung in range(rungs):
            for cell in alive:
                train(cell, rung)
            if rung + 1 < rungs:
                alive = survivors({cell: seen[cell] for cell in alive}, counts[rung + 1])
                for cell in set(trials) - {*alive, *crowded_out(seen, steps=steps)}:
                    del trials[cell]
        while waiting := crowded_out(seen, steps=steps):
            train(waiting[0], rungs - 1)
            resumed.append(waiting[0])
    finally:
        report.close()
    ordered = [cell for cell in ordered_cells(seen) if seen[cell].steps == steps]
    return Recommendation(
        suggested=next(iter(ordered), None),
        fastest=min(ordered, key=lambda c: seen[c].loss, default=None),
        resumed=tuple(resumed),
        scan=plane(seen),
        steps=spent,
        grid_steps=len(cells) * repeats * steps,
    )


def _grid(temperatures: Sequence[float] | Array, variances: Sequence[float] | Array) -> list[Cell]:
    axes = {}
    for name, values in {"temperatures": temperatures, "variances": variances}.items():
        try:
            numbers = np.asarray(values, dtype=float)
        except (TypeError, ValueError):
            numbers = np.array([])
        if numbers.ndim != 1 or numbers.size == 0 or not ((numbers > 0) & (numbers < np.inf)).all():
            got = values.tolist() if isinstance(values, np.ndarray) else values
            raise ValueError(f"{name} must be positive numbers in a list, got {got}")
        axes[name] = np.unique(numbers)
    return [Cell(float(t), float(v)) for t in axes["temperatures"] for v in axes["variances"]]


def _check(start: Any, steps: int, rungs: int, keep: float, repeats: int) -> None:
    try:
        inspect.signature(start).bind(1.0, 1.0, 0)
        makes_runs = not isinstance(start, nn.Module)
    except (TypeError, ValueError):
        makes_runs = False
    if not makes_runs:
        raise ValueError("start must be made by sgd_trials(make_model, ...) or paper_trials()")
    if not 0 < keep < 1:
        raise ValueError(f"keep must lie between 0 and 1, got {keep}")
    for name, value in {"steps": steps, "rungs": rungs, "repeats": repeats}.items():
        if not isinstance(value, Integral) or value < 1:
            raise ValueError(f"{name} must be a whole number, at least 1, got {value}")
    if steps * keep ** (rungs - 1) < 10:
        raise ValueError(f"{steps} steps leave fewer than 10 for the first of {rungs} rungs")


def _text(cell: Cell) -> str:
    return f"T = eps/|B| = {cell.temperature:g}, initial variance x {cell.variance:g}"
