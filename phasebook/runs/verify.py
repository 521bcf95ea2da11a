"""Proof that a data set is what it says: networks drawn at random are trained again and compared."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import numpy as np
import xarray as xr
from tqdm import tqdm

from phasebook.network import Network
from phasebook.runs.checks import whole
from phasebook.runs.compare import Cell, compare_cell, hash_problems
from phasebook.runs.config import Config
from phasebook.runs.cost import VECTOR, time_block
from phasebook.runs.dataset import config_of, read_dataset
from phasebook.runs.packaged import manifest_problem
from phasebook.runs.progress import Progress, choose
from phasebook.runs.provenance import available_cores
from phasebook.runs.store import SweepError
from phasebook.runs.variables import Block
from phasebook.runs.workers import computed
from phasebook.sgd import KERNEL_VERSION

TRIAL_EPOCHS = 50
TELL_EVERY = 30.0
"""Seconds between two words about the time left."""


@dataclass(frozen=True)
class Report:
    """The comparison of a file.

    Attributes:
        problems: what was found without training anything.
        cells: the networks trained again, cell by cell.
    """

    problems: tuple[str, ...]
    cells: tuple[Cell, ...]

    @property
    def verified(self) -> bool:
        return not self.problems and all(cell.agrees for cell in self.cells)

    def lines(self) -> list[str]:
        """For the user: the problems, then every cell."""
        return [f"FAILED  {problem}" for problem in self.problems] + [_line(cell) for cell in self.cells]

    def verdict(self) -> str:
        trained = sum(len(cell.models) for cell in self.cells)
        if self.verified:
            return f"verified: {trained} networks in {len(self.cells)} cells came out the same"
        failed = sum(not cell.agrees for cell in self.cells)
        return f"NOT VERIFIED: {failed} of {len(self.cells)} cells failed" + (
            f", and {len(self.problems)} other checks" if self.problems else ""
        )


def verify_file(
    target: Path,
    *,
    cells: int = 4,
    networks: int | None = None,
    seed: int = 0,
    max_steps: int | None = None,
    threads: int | None = None,
    executor: Executor | None = None,
    progress: bool | Progress = True,
) -> Report:
    """Train some networks of a file again and compare everything the file holds of them.

    What takes no training is checked for the whole file: that stored weights have their stored hash, and that
    the manifest beside the file, if there is one, describes this file.

    Args:
        target: a data set that `phasebook sweep` wrote, or a packaged one.
        cells, networks, seed, max_steps: see `draw`; by default all networks fit in one vector of the kernel.

    Raises:
        FileNotFoundError: no such file.
        SweepError: it cannot be read, is not ours, or was computed by another version of the kernel.
        InvalidConfig: more is asked for than there is.
    """
    dataset = read_dataset(target)
    if (version := dataset.attrs["kernel_version"]) != KERNEL_VERSION:
        raise SweepError(
            f"{target} was computed with version {version} of the kernel, this is {KERNEL_VERSION}: "
            "install the version of phasebook that it names"
        )
    drawn = draw(config_of(dataset), cells=cells, networks=networks, seed=seed, max_steps=max_steps)
    problems = [
        f"{_place(temperature, inv_sigma_w)} networks {_numbers(models)}: the weights do not have their hash"
        for temperature, inv_sigma_w, models in hash_problems(dataset)
    ]
    if problem := manifest_problem(target):
        problems.append(problem)
    found = _train_again(dataset, drawn, threads or available_cores(), executor, choose(progress))
    places = dict.fromkeys((temperature, inv_sigma_w) for temperature, inv_sigma_w, _ in drawn)
    return Report(tuple(problems), tuple(compare_cell(dataset, place, found) for place in places))


def draw(
    config: Config,
    *,
    cells: int,
    networks: int | None = None,
    seed: int = 0,
    max_steps: int | None = None,
) -> list[Network]:
    """Which networks are trained again, every cell and every network being equally likely.

    Args:
        cells: how many different cells; of a smaller grid, all.
        networks: how many in each (default: as many as fit in one vector together with those of the others).
        seed: of the choice.
        max_steps: budget of SGD steps, added up over networks; cells beyond it are left out.

    Raises:
        InvalidConfig: more networks than there are, or not even one cell fits into the budget.
    """
    rng = np.random.default_rng(whole("seed", seed, 0, 2**63 - 1))
    grid = [(t, s) for t in config.temperatures for s in config.inv_sigma_ws]
    cells = min(whole("cells", cells, 1, 100_000), len(grid))
    if networks is None:
        networks = min(max(VECTOR // cells, 1), config.n_models)
    networks = whole("networks", networks, 1, config.n_models)
    if max_steps is not None:
        least = networks * config.steps
        cells = min(cells, whole("max_steps", max_steps, least, 10**18) // least)
    drawn: list[Network] = []
    for place in rng.permutation(len(grid))[:cells]:
        models = np.sort(rng.permutation(config.n_models)[:networks])
        drawn += [(*grid[place], int(model)) for model in models]
    return drawn


def _train_again(
    dataset: xr.Dataset, drawn: Sequence[Network], threads: int, executor: Executor | None, report: Progress
) -> list[Block]:
    config, numbered = config_of(dataset), list(enumerate(drawn))
    blocks = [numbered[start : start + VECTOR] for start in range(0, len(numbered), VECTOR)]
    seconds = -(-len(blocks) // threads) * _seconds_of_a_block(config)
    long = f"about {tqdm.format_interval(seconds)} on this machine" if seconds >= 1 else "a moment"
    report.say(f"training {len(drawn)} networks again, {config.steps} SGD steps each: {long}")
    found: list[Block] = []
    with _time_left(seconds, report):
        try:
            report.start(total=len(drawn), done=0)
            for block, members in computed(config, blocks, executor=executor, threads=threads):
                found.append(block)
                report.advance(len(members))
        finally:
            report.close()
    return found


def _seconds_of_a_block(config: Config) -> float:
    """Time on the clock for one vector of networks, by a short trial; zero for a run as short as that."""
    if config.epochs < 2 * TRIAL_EPOCHS:
        return 0.0
    short, long = (
        time_block(networks=VECTOR, epochs=epochs, widths=config.widths) for epochs in (1, TRIAL_EPOCHS)
    )
    return (long.elapsed - short.elapsed) / (long.steps - short.steps) * config.steps


@contextmanager
def _time_left(seconds: float, report: Progress) -> Iterator[None]:
    """Tell the user now and then: a single block of a long run gives no sign of itself for minutes."""
    done, started = Event(), time.monotonic()

    def tell() -> None:
        while not done.wait(TELL_EVERY):
            left = seconds - (time.monotonic() - started)
            report.say(f"about {tqdm.format_interval(left)} left" if left > 0 else "any moment now")

    teller = Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def _line(cell: Cell) -> str:
    bits = f"other weights in {_numbers(cell.wrong_weights)}" if cell.wrong_weights else "same bits"
    if cell.worst <= 1:
        observables = f"observables to {cell.worst:.2g} of the rounding allowed"
    else:
        observables = f"{cell.worst_name} differs by {cell.relative:.0e} of its value"
    place = f"{_place(cell.temperature, cell.inv_sigma_w)} networks {_numbers(cell.models)}"
    return f"{'ok' if cell.agrees else 'FAILED':<7} {place}: {bits}, {observables}"


def _place(temperature: float, inv_sigma_w: float) -> str:
    return f"T = {temperature:<8g} 1/sigma_W = {inv_sigma_w:<11g}"


def _numbers(models: Sequence[int]) -> str:
    shown = " ".join(map(str, models[:VECTOR]))
    return shown if len(models) <= VECTOR else f"{shown} ... ({len(models)} in all)"
