"""Training many Gaussian RBMs at once, each with a batch of chains: persistent contrastive divergence.

Networks are independent. Each has random streams of its own, keyed by (seed, number of the network, chain),
and the order of every sum is fixed, so its weights are the same to the last bit whatever is trained beside
it, on however many threads, and whether or not the run was interrupted. What enters the compiled loops
(initial weights, the field's correlations) is rounded to single precision: the last bit of a machine's linear
algebra does not show. Eigenvalues of the weights agree to rounding.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from phasebook.network import Array
from phasebook.spectra import eigenvalues
from phasebook.systems.gaussian_rbm import GaussianRBM
from phasebook.systems.normal_numbers import Streams, start_streams
from phasebook.systems.rbm_kernel import train_networks

Phase = Literal["persistent", "exact"]
"""C_model from persistent Gibbs chains, or from independent samples of the model's own Gaussian."""

DataSide = Literal["exact", "sampled"]
"""C_data as the known correlation function, or from |B| fields drawn anew for each update."""

NETWORKS_PER_TASK = 8


@dataclass(frozen=True)
class State:
    """Everything a run needs to go on. Leading axis of every array: network.

    Attributes:
        networks: their numbers, which key the random numbers.
        weights: W, (network, hidden, visible).
        chains: v of the persistent chains, (network, visible, chain).
        streams: of the random numbers, (network, 4, chain).
        diverged_at: update after which Tr W^T W exceeded N mu^2 / sigma_h^2, so that K has certainly a
            negative eigenvalue; -1 for networks that are well. A network stops there, with NaN for weights.
        updates: done so far.
    """

    networks: NDArray[np.int64]
    weights: Array
    chains: Array
    streams: Streams
    diverged_at: NDArray[np.int64]
    updates: int = 0


def start(
    model: GaussianRBM,
    *,
    n_networks: int,
    batch_size: int,
    seed: int = 0,
    first: int = 0,
    at_target: bool = False,
    spread: float = 0.1,
) -> State:
    """Networks before their first update, chains at v = 1.

    Args:
        model: size, and the target.
        n_networks: how many.
        batch_size: |B|, the number of chains of each.
        seed: non-negative.
        first: number of the first network; others follow.
        at_target: start with the solution, W = sqrt(x*) times the field's modes, to look at stationarity.
        spread: standard deviation of the entries of W otherwise.

    Raises:
        ValueError: a number out of range.
    """
    if min(n_networks, batch_size) < 1 or min(seed, first) < 0 or not spread >= 0:
        raise ValueError(
            f"n_networks and batch_size must be positive, seed and first not negative, got {n_networks}, "
            f"{batch_size}, {seed} and {first}"
        )
    networks = np.arange(first, first + n_networks, dtype=np.int64)
    shape = (n_networks, model.sites, model.sites)
    if at_target:
        weights = np.broadcast_to(model.weights_at(model.targets), shape).copy()
    else:
        streams = (np.random.Generator(np.random.Philox(key=(seed, int(one)))) for one in networks)
        weights = np.stack([spread * stream.standard_normal(shape[1:]) for stream in streams])
    return State(
        networks, _rounded(weights), np.ones((n_networks, model.sites, batch_size)),
        start_streams(networks.tolist(), chains=batch_size, seed=seed), np.full(n_networks, -1),
    )  # fmt: skip


def train(
    state: State,
    model: GaussianRBM,
    *,
    learning_rate: float,
    record_updates: Sequence[int] | NDArray[np.int64],
    phase: Phase = "persistent",
    data: DataSide = "exact",
    sweeps: int = 3,
    threads: int | None = None,
    advance: Callable[[int], None] | None = None,
) -> tuple[xr.Dataset, State]:
    """Go on from a state.

    Args:
        state: from `start`, or returned by an earlier call.
        model: the machine and its target.
        learning_rate: alpha, positive.
        record_updates: numbers of updates, ascending, none below `state.updates`; training ends at the last.
        phase: where C_model comes from.
        data: where C_data comes from.
        sweeps: k, Gibbs sweeps per update of the persistent chains.
        threads: all processors by default.
        advance: called with the number of networks whenever some are finished, for a progress bar.

    Returns:
        Eigenvalues x of W^T W, dims (network, update, level), ascending, NaN once diverged, with
        `diverged_at` and `targets`; and the state at the end.

    Raises:
        ValueError: an argument out of range.
    """
    records = np.asarray(record_updates, dtype=np.int64)
    _check(state, records, learning_rate=learning_rate, sweeps=sweeps, phase=phase, data=data)
    began, n = time.perf_counter(), len(state.networks)
    after = replace(
        state, weights=state.weights.copy(), chains=state.chains.copy(), streams=state.streams.copy(),
        diverged_at=state.diverged_at.copy(), updates=int(records[-1]),
    )  # fmt: skip
    correlations = np.linalg.inv(model.kinetic)
    covariance, root = _rounded(correlations), _rounded(np.linalg.cholesky(correlations))
    history = np.empty((n, len(records), model.sites, model.sites))

    def task(part: slice) -> tuple[int, float]:
        busy = time.thread_time()
        train_networks(
            after.weights[part], after.chains[part], after.streams[part], after.diverged_at[part],
            history[part], records, state.updates, covariance, root, float(learning_rate), model.mu**2,
            model.sigma_h**2, sweeps if phase == "persistent" else 0, data == "sampled",
        )  # fmt: skip
        return part.stop - part.start, time.thread_time() - busy

    processor = 0.0
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        for done, busy in pool.map(task, _parts(n)):
            processor += busy
            if advance is not None:
                advance(done)
    seconds = time.perf_counter() - began
    settings = {
        "learning_rate": learning_rate, "batch_size": state.chains.shape[-1], "phase": phase, "data": data,
        "sweeps": sweeps, "threads": threads or os.cpu_count() or 1, "seconds": seconds,
        "processor_seconds": processor,
        "mu": model.mu, "mass": model.mass, "sigma_h": model.sigma_h,
    }  # fmt: skip
    return _dataset(history, after, model, records).assign_attrs(settings), after


def _dataset(history: Array, state: State, model: GaussianRBM, records: NDArray[np.int64]) -> xr.Dataset:
    levels = ("network", "update", "level")
    return xr.Dataset(
        {
            "eigenvalues": (levels, eigenvalues(history), {"long_name": "x of W^T W", "units": "1"}),
            "diverged_at": ("network", state.diverged_at, {"long_name": "update that diverged, -1: none"}),
            "targets": ("level", model.targets[::-1], {"long_name": "x*", "units": "1"}),
        },
        {
            "network": state.networks,
            "update": ("update", records, {"long_name": "number of updates", "units": "1"}),
        },
    )


def _rounded(values: Array) -> NDArray[np.float64]:
    return values.astype(np.float32).astype(np.float64)


def _parts(n: int) -> Iterator[slice]:
    for begin in range(0, n, NETWORKS_PER_TASK):
        yield slice(begin, min(begin + NETWORKS_PER_TASK, n))


def _check(
    state: State, records: NDArray[np.int64], *, learning_rate: float, sweeps: int, phase: str, data: str
) -> None:
    if records.size == 0 or records[0] < state.updates or np.any(np.diff(records) <= 0):
        raise ValueError(f"record_updates must ascend from {state.updates} or later, got {records.tolist()}")
    if not 0 < learning_rate < np.inf or sweeps < 1:
        raise ValueError(f"learning_rate and sweeps must be positive, got {learning_rate} and {sweeps}")
    if phase not in ("persistent", "exact") or data not in ("exact", "sampled"):
        raise ValueError(f"phase is persistent or exact, data exact or sampled; got {phase} and {data}")
