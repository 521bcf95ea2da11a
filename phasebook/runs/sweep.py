"""The sweep over the phase diagram: what is missing is computed, block by block, and kept."""

from __future__ import annotations

import time
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from phasebook.network import Network
from phasebook.runs.checks import whole
from phasebook.runs.config import Config
from phasebook.runs.dataset import assemble, write_dataset
from phasebook.runs.progress import Progress, choose
from phasebook.runs.provenance import attributes, available_cores
from phasebook.runs.store import DamagedPart, PartStore, read_part, writing
from phasebook.runs.target import Existing, clear_leftovers, existing, identity, locked
from phasebook.runs.variables import Block
from phasebook.runs.workers import Numbered, computed
from phasebook.sgd import KERNEL_VERSION

LONG_RUN_EPOCHS = 1000
BLOCK, LONG_BLOCK = 64, 16
"""Networks per block: a multiple of the kernel's vector; few in a long run, to lose little in a kill."""


@dataclass(frozen=True)
class Outcome:
    """What a sweep did.

    Attributes:
        n_computed: networks trained by this call; the others were there.
        n_diverged: networks whose weights at t_f are not finite.
        seconds: on the clock, while networks were trained, in this call and in those it went on from.
    """

    target: Path
    n_networks: int
    n_computed: int
    n_diverged: int
    seconds: float


def run_sweep(
    config: Config,
    target: Path | str,
    *,
    scale: str = "custom",
    executor: Executor | None = None,
    threads: int | None = None,
    block_size: int | None = None,
    progress: bool | Progress = True,
) -> Outcome:
    """Compute every network of `config` that is not there yet and write the data set to `target`.

    May be killed at any moment; the same call goes on where it was. A target of the same settings with
    fewer networks per cell is extended, one with enough of them is left as it is. Two processes asked for
    the same target do not both compute it. Neither the bits nor the order of the result depend on
    `executor`, `threads` or `block_size`.

    Args:
        config: what to compute.
        target: a NetCDF file; unfinished work lies in the folder `target.parts` beside it.
        scale: name kept in the data set.
        executor: any `concurrent.futures.Executor` (default: threads; the kernel releases the interpreter).
        threads: blocks computed at the same time (default: all processors); with an executor of your own,
            the number of its workers.
        block_size: networks per block.
        progress: whom to tell; True chooses between terminal, log file and notebook.

    Raises:
        SweepError: the target cannot be written, is damaged, or is something else.
        InvalidConfig: `threads` or `block_size` out of range.
    """
    target = Path(target)
    threads = available_cores() if threads is None else whole("threads", threads, 1, 10_000)
    block_size = whole("block_size", block_size or _block_size(config), 1, 100_000)
    report = choose(progress)
    there = existing(config, target)
    if there is not None and there.n_models >= config.n_models:
        clear_leftovers(target, there.n_models)
        return _nothing_to_do(config, there, report)
    with locked(target, report.say):
        there = existing(config, target)
        if there is not None and there.n_models >= config.n_models:
            return _nothing_to_do(config, there, report)
        store = PartStore(target)
        store.open(identity(config))
        clock = _Clock(there)
        work = _work(config, there, _stored(store, clock, report))
        if work:
            report.say(
                f"{target}: {len(work)} of {config.n_networks} networks to train to "
                f"t = {config.epochs} epochs, {threads} x {block_size} at a time"
            )
        try:
            report.start(total=config.n_networks, done=config.n_networks - len(work))
            blocks = [work[start : start + block_size] for start in range(0, len(work), block_size)]
            for block, members in computed(config, blocks, executor=executor, threads=threads):
                store.write(clock.stamp(block), first=members[0][0], last=members[-1][0])
                report.advance(len(members))
        finally:
            report.close()
        dataset = assemble(
            config,
            (read_part(path) for path in store.paths()),
            previous=None if there is None else there.read(),
            attributes=attributes(
                config,
                scale=scale,
                kernel_version=KERNEL_VERSION,
                seconds=clock.seconds,
                core_seconds=clock.core_seconds,
                threads=threads,
            ),
        )
        write_dataset(dataset, target)
        store.remove_below(config.n_models)
    diverged = int(dataset["diverged"].sum())
    report.say(f"{target}: {config.n_networks} networks in {clock.seconds:.1f} s{mention_diverged(diverged)}")
    return Outcome(target, config.n_networks, len(work), diverged, clock.seconds)


def mention_diverged(n_diverged: int) -> str:
    """For the end of a line; empty if all is well."""
    return f"; the weights of {n_diverged} are not finite (variable `diverged`)" if n_diverged else ""


def _block_size(config: Config) -> int:
    return LONG_BLOCK if config.epochs > LONG_RUN_EPOCHS else BLOCK


def _work(config: Config, there: Existing | None, done: set[Network]) -> list[Numbered]:
    """The networks that are missing, model by model."""
    start = 0 if there is None else there.n_models
    first = start * (config.n_networks // config.n_models)
    return [item for item in enumerate(config.networks(start=start), first) if item[1] not in done]


def _stored(store: PartStore, clock: _Clock, report: Progress) -> set[Network]:
    """The networks in the parts of an earlier call; damaged parts are dropped."""
    done: set[Network] = set()
    with writing(store.target):
        for path in store.paths():
            try:
                block = read_part(path)
            except DamagedPart:
                report.say(f"{path} is damaged: its networks are trained again")
                path.unlink()
                continue
            clock.add(block)
            columns = (block[name].tolist() for name in ("temperature", "inv_sigma_w", "model"))
            done.update(zip(*columns, strict=True))
    return done


class _Clock:
    """Seconds spent training, over all calls that a data set took."""

    def __init__(self, there: Existing | None) -> None:
        self.seconds = there.seconds if there else 0.0
        self.core_seconds = there.core_seconds if there else 0.0
        self.last = time.monotonic()

    def stamp(self, block: Block) -> Block:
        """Give a new block the time since the one before."""
        now = time.monotonic()
        block = block | {"seconds": np.array(now - self.last)}
        self.last = now
        self.add(block)
        return block

    def add(self, block: Block) -> None:
        self.seconds += float(block["seconds"])
        self.core_seconds += float(block["core_seconds"])


def _nothing_to_do(config: Config, there: Existing, report: Progress) -> Outcome:
    report.say(f"{there.target} has {there.n_models} networks per cell already: nothing to do")
    return Outcome(there.target, config.n_networks, 0, there.n_diverged, there.seconds)
