"""Many networks at once: any depth, activation, set of trained layers, loss and optimiser.

`phasebook.sgd.train_torch` defines training for the paper's loss and plain SGD; this is the same loop with
the three choices that the paper leaves open. Weights are stacked, (model, n_l, n_{l-1}), without biases.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from phasebook.beyond.optimisers import Memory, Optimiser, sgd
from phasebook.network import Array
from phasebook.sgd import Order, batches_of_epoch

ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "gelu": torch.nn.functional.gelu,
}


@dataclass(frozen=True)
class Runs:
    """What is kept of many runs.

    Attributes:
        steps: numbers of updates at which weights were recorded, (time,).
        weights: layer number from 1 -> its weights at those steps, (model, time, n_l, n_{l-1}); trained
            layers only.
        memory: layer number -> what the optimiser remembered at the end, by name, (model, n_l, n_{l-1}).
    """

    steps: NDArray[np.int64]
    weights: dict[int, Array]
    memory: dict[int, dict[str, Array]]


def half_squares(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Half the mean squared error, Eq. (2.6): (model, sample, n_L) -> (model,)."""
    return (outputs - targets).square().sum(-1).mean(-1) / 2


def cross_entropy(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean of -ln p(class): scores (model, sample, class), classes (model or 1, sample, 1) -> (model,)."""
    classes = targets.expand(*outputs.shape[:-1], 1)
    return (outputs.logsumexp(-1) - outputs.gather(-1, classes)[..., 0]).mean(-1)


LOSSES = {"squares": half_squares, "cross_entropy": cross_entropy}


def train_many(
    layers: Sequence[Array],
    inputs: Array,
    targets: Array | NDArray[np.integer],
    *,
    trained: Collection[int],
    learning_rate: float | Array,
    batch_size: int,
    record_steps: Sequence[int],
    optimiser: Optimiser = sgd,
    activation: str = "tanh",
    loss: str = "squares",
    order: Order = "shuffled",
    seed: int = 0,
) -> Runs:
    """Train stacked networks side by side, in single precision on one thread.

    The same call gives the same bits. A network alone and the same network in company agree to rounding
    only: the library may choose another way of multiplying for another number of matrices.

    Args:
        layers: weights at step 0, (model, n_l, n_{l-1}) for l = 1..L.
        inputs: (model, sample, n_0), or (1, sample, n_0) for data that all networks share.
        targets: (model or 1, sample, n_L); for "cross_entropy" classes, (model or 1, sample, 1).
        trained: numbers of the layers that are trained, counted from 1.
        learning_rate: eps, one for all networks or one for each, (model,).
        batch_size: |B|; all networks see the same sample numbers.
        record_steps: numbers of updates, ascending; the last one ends the run.
        optimiser: of `phasebook.beyond.optimisers`.
        activation: of the hidden layers, a key of `ACTIVATIONS`.
        loss: a key of `LOSSES`.
        order: how batches are drawn, see `phasebook.sgd.batches_of_epoch`.
        seed: of that order.

    Raises:
        ValueError: an argument out of range.
    """
    steps = np.asarray(record_steps, dtype=np.int64)
    _check(layers, inputs, trained, batch_size, steps, activation, loss)
    phi, price = ACTIVATIONS[activation], LOSSES[loss]
    with one_thread():
        weights = [_tensor(w).clone() for w in layers]
        learnt = {number: weights[number - 1].requires_grad_() for number in sorted(trained)}
        x, y = _tensor(inputs), _tensor(targets)
        rates = np.broadcast_to(np.asarray(learning_rate, dtype=np.float32), len(weights[0]))
        eps = torch.tensor(rates.copy())[:, None, None]
        memory: dict[int, Memory] = {number: {} for number in learnt}
        history: dict[int, list[Array]] = {number: [] for number in learnt}
        rows = _batches(order, n_samples=x.shape[1], batch_size=batch_size, seed=seed)
        done = 0
        for stop in steps:
            for step in range(done + 1, int(stop) + 1):
                row = next(rows)
                outputs = forward_many(weights, x[:, row], phi)[-1]
                total = price(outputs, y[:, row]).sum()
                gradients = torch.autograd.grad(total, list(learnt.values()))
                with torch.no_grad():
                    for (number, weight), gradient in zip(learnt.items(), gradients, strict=True):
                        weight -= eps * optimiser(gradient, memory[number], step)
            done = int(stop)
            for number, weight in learnt.items():
                history[number].append(weight.detach().numpy().copy())
    return Runs(
        steps=steps,
        weights={number: np.stack(kept, axis=1) for number, kept in history.items()},
        memory={n: {name: t.numpy().copy() for name, t in kept.items()} for n, kept in memory.items()},
    )


def forward_many(
    weights: Sequence[torch.Tensor], x: torch.Tensor, phi: Callable[[torch.Tensor], torch.Tensor]
) -> list[torch.Tensor]:
    """Activity of every hidden layer and the output, Eq. (2.2), (2.3), each (model, sample, n_l)."""
    values = [x]
    for weight in weights[:-1]:
        values.append(phi(values[-1] @ weight.mT))
    return [*values[1:], values[-1] @ weights[-1].mT]


@contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch on one thread: sums have one order, and more threads would only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _batches(order: Order, *, n_samples: int, batch_size: int, seed: int) -> Iterator[torch.Tensor]:
    epoch = 0
    while True:
        yield from torch.as_tensor(
            batches_of_epoch(epoch, order=order, n_samples=n_samples, batch_size=batch_size, seed=seed)
        )
        epoch += 1


def _tensor(array: Array | NDArray[np.integer]) -> torch.Tensor:
    """Numbers in single precision; classes stay whole numbers."""
    whole = np.issubdtype(array.dtype, np.integer)
    return torch.tensor(array, dtype=torch.long if whole else torch.float32)


def _check(
    layers: Sequence[Array],
    inputs: Array,
    trained: Collection[int],
    batch_size: int,
    steps: NDArray[np.int64],
    activation: str,
    loss: str,
) -> None:
    if not trained or not set(trained) <= set(range(1, len(layers) + 1)):
        raise ValueError(f"trained must name layers from 1 to {len(layers)}, got {sorted(trained)}")
    if not 1 <= batch_size <= inputs.shape[1]:
        raise ValueError(f"batch_size must lie between 1 and {inputs.shape[1]} samples, got {batch_size}")
    if not len(steps) or steps[0] < 0 or np.any(np.diff(steps) <= 0):
        raise ValueError(f"record_steps must be ascending whole numbers from 0 on, got {steps.tolist()}")
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}, got {activation!r}")
    if loss not in LOSSES:
        raise ValueError(f"loss must be one of {', '.join(LOSSES)}, got {loss!r}")
