"""What a sweep costs: a model with three numbers, fitted to small runs on the machine at hand."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from phasebook.runs.block import compute_block
from phasebook.runs.config import Config

VECTOR = 16
"""Networks that the kernel trains side by side in single precision: fewer take as long."""


@dataclass(frozen=True)
class Measurement:
    """One block of a sweep and the processor time it took.

    Attributes:
        networks: trained in one call.
        steps: SGD steps of each.
        widths: n_0, ..., n_L.
        seconds: of one core.
        elapsed: seconds on the clock, more if other programs want the same core.
    """

    networks: int
    steps: int
    widths: tuple[int, ...]
    seconds: float
    elapsed: float = 0.0


def time_block(*, networks: int, epochs: int, widths: tuple[int, ...] = (3, 32, 16, 1)) -> Measurement:
    """Train `networks` networks of one cell, in this thread, whose processor time is taken."""
    config = Config(
        n_models=networks, epochs=epochs, temperatures=(0.25,), inv_sigma_ws=(1.0,), widths=widths
    )
    started, clock = time.thread_time(), time.perf_counter()
    compute_block(config, list(config.networks()))
    seconds, elapsed = time.thread_time() - started, time.perf_counter() - clock
    return Measurement(networks, config.steps, config.widths, seconds, elapsed)


@dataclass(frozen=True)
class CostModel:
    """Core-seconds of a sweep at the widths it was fitted at, cut into calls of some blocks.

    Attributes:
        call: seconds for each call, whatever is in it.
        network: seconds for each network: its data, its first layer, its observables.
        step: seconds for each SGD step of each place in a vector; a vector has `VECTOR` places, idle or not.
    """

    call: float
    network: float
    step: float

    @classmethod
    def fit(cls, measurements: Sequence[Measurement]) -> CostModel:
        """Least squares of the relative errors, with no negative cost."""
        rows = np.array([_parts(m.networks, m.steps) for m in measurements])
        seconds = np.array([m.seconds for m in measurements])
        return cls(*nnls(rows / seconds[:, None], np.ones(len(seconds)))[0])

    def seconds(self, *, networks: int, steps: int, block: int) -> float:
        """Core-seconds for `networks` networks of `steps` steps each, `block` of them in a call."""
        calls, rest = divmod(networks, block)
        whole = calls * np.dot(_parts(block, steps), self._costs)
        return float(whole + (np.dot(_parts(rest, steps), self._costs) if rest else 0.0))

    @property
    def _costs(self) -> tuple[float, float, float]:
        return self.call, self.network, self.step


def step_seconds(short: Measurement, long: Measurement) -> float:
    """Seconds of one step of one place in a vector, from two runs that differ in their length."""
    places = _parts(short.networks, 1)[2]
    return (long.seconds - short.seconds) / (long.steps - short.steps) / places


def _parts(networks: int, steps: int) -> tuple[float, float, float]:
    """How often each of the three costs arises in one call."""
    return 1.0, float(networks), float(-(-networks // VECTOR) * VECTOR * steps)
