"""Training an ensemble of linear networks, the same to the last bit whatever the size of a block."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from phasebook.network import Array
from phasebook.spectra import eigenvalues, level_spacing
from phasebook.systems.linear_network import STARTS, LinearNetwork, Start, update

BLOCK = 1024
"""Networks trained together; their number changes no bit, each has a random stream of its own."""

DIVERGED = 100.0
"""A network whose |W - W_t| exceeds this many times sqrt(kappa) has left the teacher for good."""


def train(
    network: LinearNetwork,
    *,
    n_models: int,
    learning_rate: float,
    batch_size: int | None,
    record_steps: Sequence[int] | NDArray[np.integer],
    start: Start = "teacher",
    start_scale: float = 0.1,
    seed: int = 0,
    block: int = BLOCK,
) -> xr.Dataset:
    """Train independent networks, each on batches of fresh inputs.

    Args:
        network: what is trained.
        n_models: how many.
        learning_rate: alpha.
        batch_size: |B|, at least 2; None for the whole population, without any noise.
        record_steps: numbers of updates, ascending, at which to record.
        start: "teacher", W = W_t; "random", entries N(0, start_scale^2); "aligned", start_scale times the
            unit matrix. Where both layers are trained, Z starts likewise (at `readout` for "teacher").
        start_scale: see there.
        seed: network number k draws from streams keyed by (seed, k). A longer run continues a shorter one.
        block: networks trained together; changes nothing but memory and time.

    Returns:
        `weights` (model, time, row, column), `levels` (model, time, level), ascending eigenvalues of W W^T,
        and `diverged` (model); coordinate `time` = alpha times updates, with `step` beside it.

    Raises:
        ValueError: an argument out of range.
    """
    steps = np.asarray(record_steps, dtype=np.int64)
    _check(n_models, learning_rate, batch_size, steps, start)
    blocks = [range(low, min(low + block, n_models)) for low in range(0, n_models, block)]
    weights = np.concatenate([
        _train_block(network, models, learning_rate, batch_size, steps, start, start_scale, seed)
        for models in blocks
    ])  # fmt: skip
    with np.errstate(over="ignore", invalid="ignore"):
        distance = np.sqrt(((weights - network.teacher) ** 2).sum(axis=(-2, -1)))
    diverged = ~(distance <= DIVERGED * np.sqrt(network.kappa)).all(axis=1)
    label = {"long_name": "learning rate times updates", "units": "1"}
    return xr.Dataset(
        {
            "weights": (("model", "time", "row", "column"), weights, {"long_name": "W", "units": "1"}),
            "levels": (("model", "time", "level"), eigenvalues(weights),
                       {"long_name": "eigenvalues of W W^T, ascending", "units": "1"}),
            "diverged": ("model", diverged, {"long_name": f"|W - W_t| above {DIVERGED:g} sqrt(kappa)"}),
        },
        {
            "time": ("time", learning_rate * steps, label),
            "step": ("time", steps, {"long_name": "updates of SGD", "units": "1"}),
        },
        {
            "readout": np.ravel(network.readout), "kappa": network.kappa, "noise": network.noise,
            "amplitude": network.amplitude, "trained": network.trained, "learning_rate": learning_rate,
            "batch_size": 0 if batch_size is None else batch_size, "start": start, "seed": seed,
        },
    )  # fmt: skip


def final_levels(data: xr.Dataset) -> Array:
    """Levels at the last time of the networks that have not diverged, (network, 2)."""
    return data["levels"].isel(time=-1).values[~data["diverged"].values]


def spacings(data: xr.Dataset) -> Array:
    """S = x_2 - x_1 at the last time of the networks that have not diverged, (network,)."""
    return level_spacing(final_levels(data))


def _train_block(
    network: LinearNetwork, models: range, rate: float, batch_size: int | None, steps: NDArray[np.int64],
    start: Start, scale: float, seed: int,
) -> Array:  # fmt: skip
    """Weights of a few networks, (model, time, 2, 2)."""
    w, z = _initial(network, _streams(seed, models, purpose=0), start, scale)
    factor, kicks = _draws(seed, models, int(steps[-1]), batch_size)
    kicks *= 0.0 if batch_size is None else network.amplitude / np.sqrt(batch_size)
    recorded = np.empty((len(steps), *w.shape))
    with np.errstate(over="ignore", invalid="ignore"):  # divergence is an outcome, and counted
        for step in range(int(steps[-1]) + 1):
            recorded[steps == step] = w
            if step < steps[-1]:
                w, z = update(network, w, z, learning_rate=rate, factor=factor[step], kick=kicks[step])
    return recorded.transpose(3, 0, 1, 2)


def _streams(seed: int, models: range, *, purpose: int) -> list[np.random.Generator]:
    """One random stream for each network, keyed by (seed, network, purpose)."""
    keys = (np.random.SeedSequence((seed, model, purpose)) for model in models)
    return [np.random.Generator(np.random.Philox(key)) for key in keys]


def _draws(seed: int, models: range, count: int, batch_size: int | None) -> tuple[Array, Array]:
    """For each step Cholesky's factor L of the covariance of |B| white inputs, and four normal numbers.

    L is drawn as such: |B| L L^T then has Wishart's law (Bartlett). Both of shape (step, 2, 2, network). What
    is drawn is rounded to single precision, so that the last bit of a machine's logarithm does not show.
    """
    shape = (count, 2, 2, len(models))
    factor = np.zeros(shape)
    if batch_size is None:
        factor[:, [0, 1], [0, 1]] = 1.0
        return factor, np.zeros(shape)
    normal = np.empty((count, 5, len(models)), dtype=np.float32)
    square = np.empty((count, 2, len(models)), dtype=np.float32)
    for k, stream in enumerate(_streams(seed, models, purpose=1)):
        normal[..., k] = stream.standard_normal((count, 5))
    for k, stream in enumerate(_streams(seed, models, purpose=2)):
        square[..., k] = stream.chisquare((batch_size, batch_size - 1), (count, 2))
    factor[:, [0, 1], [0, 1]] = np.sqrt(square.astype(np.float64) / batch_size)
    factor[:, 1, 0] = normal[:, 4] / np.sqrt(batch_size)
    return factor, normal[:, :4].astype(np.float64).reshape(shape)


def _initial(
    network: LinearNetwork, streams: list[np.random.Generator], start: Start, scale: float
) -> tuple[Array, Array]:
    """W and Z, each (2, 2, network)."""
    shape = (2, 2, len(streams))
    readout = np.broadcast_to(np.array(network.readout, dtype=float)[:, :, None], shape)
    if start == "random":
        drawn = np.stack([stream.standard_normal((2, 2, 2)) for stream in streams], axis=-1)
        w, z = scale * drawn.astype(np.float32).astype(np.float64)
    elif start == "aligned":
        w = z = np.broadcast_to(scale * np.eye(2)[:, :, None], shape)
    else:
        w, z = np.broadcast_to(network.teacher[:, :, None], shape), readout
    return w, z if network.trained == "both" else readout


def _check(
    n_models: int, learning_rate: float, batch_size: int | None, steps: NDArray[np.int64], start: str
) -> None:
    if n_models < 1 or not 0 < learning_rate < np.inf:
        raise ValueError(f"n_models and learning_rate must be positive, got {n_models} and {learning_rate}")
    if batch_size is not None and batch_size < 2:
        raise ValueError(f"batch_size must be at least 2, or None for the population, got {batch_size}")
    if steps.ndim != 1 or steps.size == 0 or steps[0] < 0 or np.any(np.diff(steps) <= 0):
        raise ValueError(
            f"record_steps must be ascending numbers of updates, from 0 on, got {steps.tolist()}"
        )
    if start not in STARTS:
        raise ValueError(f"start must be one of {', '.join(STARTS)}, got {start!r}")
