"""Training an ensemble by stochastic gradient descent, Eq. (2.28).

`train_torch` is the definition: plain PyTorch with automatic differentiation, for any depth, activation
and set of trained layers. `train` takes the fused kernel of `phasebook.engine` where that applies, which
gives the same weights to rounding, thousands of times faster.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from phasebook.engine import KERNEL_VERSION, fused_applies, train_fused
from phasebook.network import Array, Ensemble

if TYPE_CHECKING:  # importing torch takes seconds, and a sweep never needs it
    import torch

Order = Literal["fixed", "shuffled", "with_replacement"]
Precision = Literal["float32", "float64"]
Engine = Literal["auto", "fused", "torch"]

__all__ = ["KERNEL_VERSION", "Trajectory", "batches_of_epoch", "train", "train_torch"]

ORDERS = ("fixed", "shuffled", "with_replacement")
PRECISIONS = ("float32", "float64")


@dataclass(frozen=True)
class Trajectory:
    """The trained layer along a run.

    Attributes:
        steps: numbers of SGD updates at which the weights were recorded, (time,).
        weights: W at those steps, (model, time, n_l, n_{l-1}).
        epoch_mean_loss: loss (2.6) of each batch before its update, averaged over the last epoch while the
            weights move, (model,).
        epoch_displacement: |W(t_f) - W(t_f - 1 epoch)| / (eps number of updates), the norm of the
            mini-batch gradient averaged over the last epoch, (model,).
    """

    steps: NDArray[np.int64]
    weights: Array
    epoch_mean_loss: Array
    epoch_displacement: Array


def batches_of_epoch(
    epoch: int, *, order: Order, n_samples: int, batch_size: int, seed: int = 0
) -> NDArray[np.int64]:
    """Sample numbers of the batches of one epoch, shape (n_samples // batch_size, batch_size).

    `fixed`: consecutive slices, the same in every epoch, as in the authors' released code. `shuffled`: a new
    permutation in every epoch. `with_replacement`: independent draws, as the theory of Section 2.6
    assumes. Random orders are keyed by (seed, epoch) and shared by all networks, whose data differ.
    """
    n_batches = n_samples // batch_size
    if order == "fixed":
        samples = np.arange(n_batches * batch_size)
    else:
        stream = np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, epoch))))
        if order == "shuffled":
            samples = stream.permutation(n_samples)[: n_batches * batch_size]
        else:
            samples = stream.integers(n_samples, size=n_batches * batch_size)
    return samples.reshape(n_batches, batch_size).astype(np.int64)


def train(
    ensemble: Ensemble,
    *,
    learning_rate: float | Array,
    record_steps: Sequence[int],
    batch_size: int = 4,
    order: Order = "fixed",
    precision: Precision = "float32",
    seed: int = 0,
    engine: Engine = "auto",
    threads: int | None = None,
) -> Trajectory:
    """Train the ensemble's student and record its trained layer.

    Args:
        ensemble: students, teachers and data, at step 0.
        learning_rate: eps, one for all networks or one for each, (model,); T = eps / |B|.
        record_steps: numbers of SGD updates, ascending, at which to record; the last one ends the run.
        batch_size: |B|, from 1 to the number of samples.
        order: how batches are drawn, see `batches_of_epoch`.
        precision: of weights and arithmetic.
        seed: of the order of the data, where that is random.
        engine: "fused" and "torch" insist; "auto" takes the kernel where it applies.
        threads: networks trained at the same time (default: one for each processor); never changes a bit.

    Raises:
        ValueError: an argument out of range, or engine="fused" where the kernel does not apply.
    """
    steps = np.asarray(record_steps, dtype=np.int64)
    rate = np.broadcast_to(np.asarray(learning_rate, dtype=np.float64), (ensemble.n_models,))
    n_samples = ensemble.inputs.shape[1]
    _check(steps, rate, batch_size, n_samples, order, precision)
    widths = (ensemble.inputs.shape[-1], *(layer.shape[1] for layer in ensemble.student))
    applies = fused_applies(widths, trained=ensemble.trained, batch_size=batch_size)
    if engine == "fused" and not applies:
        raise ValueError(
            f"the fused kernel does not train widths {widths}, layer {ensemble.trained}, |B| {batch_size}"
        )

    def batches(epoch: int) -> NDArray[np.int64]:
        return batches_of_epoch(epoch, order=order, n_samples=n_samples, batch_size=batch_size, seed=seed)

    # One more record than asked for: an epoch before the end, for the averages over the last epoch.
    last_epoch = max(0, int(steps[-1]) - n_samples // batch_size)
    stops = np.union1d(steps, last_epoch)
    if applies and engine != "torch":
        weights, squares = train_fused(
            layers=ensemble.teacher,
            middle=ensemble.weights,
            inputs=ensemble.inputs,
            rate=rate / batch_size,
            batches=batches,
            same_every_epoch=order == "fixed",
            record_steps=[int(stop) for stop in stops],
            dtype=precision,
            threads=threads or os.cpu_count() or 1,
        )
    else:
        recorded, squares = train_torch(
            ensemble.student,
            ensemble.inputs,
            ensemble.targets,
            trained={ensemble.trained},
            learning_rate=rate,
            batches=batches,
            record_steps=[int(stop) for stop in stops],
            precision=precision,
        )
        weights = recorded[0]
    updates = int(steps[-1]) - last_epoch
    final, before = (
        np.ascontiguousarray(weights[:, np.searchsorted(stops, s)], dtype=np.float64)
        for s in (steps[-1], last_epoch)
    )
    moved = np.linalg.norm(final - before, axis=(-2, -1))
    return Trajectory(
        steps=steps,
        weights=np.ascontiguousarray(weights[:, np.searchsorted(stops, steps)]),
        epoch_mean_loss=squares[:, :updates].mean(axis=1, dtype=np.float64) / (2 * batch_size),
        epoch_displacement=moved / (rate * max(updates, 1)),
    )


def train_torch(
    layers: Sequence[Array],
    inputs: Array,
    targets: Array,
    *,
    trained: Collection[int],
    learning_rate: Array,
    batches: Callable[[int], NDArray[np.int64]],
    record_steps: Sequence[int],
    precision: Precision = "float64",
    activation: Callable[[torch.Tensor], torch.Tensor] | None = None,
    device: str = "cpu",
) -> tuple[list[Array], Array]:
    """Plain SGD on half the mean squared error (2.6), batched over networks: the definition of training.

    Args:
        layers: the student's weights at step 0, (model, n_l, n_{l-1}) for l = 1..L.
        inputs: (model, sample, n_0).  targets: (model, sample, n_L).
        trained: numbers of the layers that are trained, counted from 1.
        learning_rate: eps of each network, (model,).
        batches: epoch number -> sample numbers, (batch, |B|); see `batches_of_epoch`.
        activation: of the hidden layers (default tanh).

    Returns:
        For each trained layer its weights at `record_steps`, (model, time, n_l, n_{l-1}); and the squared
        residuals summed over the batch, at each step of the last epoch, (model, step).
    """
    import torch

    phi = activation or torch.tanh
    x, y, eps = (torch.as_tensor(np.array(a), dtype=getattr(torch, precision), device=device)
                 for a in (inputs, targets, learning_rate[:, None, None]))  # fmt: skip
    weights = [torch.as_tensor(np.array(w), dtype=x.dtype, device=device) for w in layers]
    learnt = [weights[number - 1].requires_grad_() for number in sorted(trained)]
    history: list[list[Array]] = [[] for _ in learnt]
    done, table = 0, torch.as_tensor(batches(0))
    squares = torch.zeros(len(x), len(table), dtype=x.dtype, device=device)
    for stop in record_steps:
        for step in range(done, stop):
            epoch, row = divmod(step, len(table))
            if row == 0:
                table = torch.as_tensor(batches(epoch))
            values = x[:, table[row]]
            for weight in weights[:-1]:
                values = phi(values @ weight.mT)
            square = (values @ weights[-1].mT - y[:, table[row]]).square().sum((-2, -1))
            gradients = torch.autograd.grad(square.sum() / (2 * table.shape[1]), learnt)
            with torch.no_grad():
                squares[:, row] = square
                for weight, gradient in zip(learnt, gradients, strict=True):
                    weight -= eps * gradient
        done = stop
        for record, weight in zip(history, learnt, strict=True):
            record.append(weight.detach().cpu().numpy().copy())
    return [np.stack(record, axis=1) for record in history], squares.cpu().numpy()


def _check(
    steps: NDArray[np.int64], rate: Array, batch_size: int, n_samples: int, order: str, precision: str
) -> None:
    if not len(steps) or steps[0] < 0 or np.any(np.diff(steps) <= 0):
        raise ValueError(f"record_steps must be ascending whole numbers from 0 on, got {steps.tolist()}")
    if not np.all((rate > 0) & np.isfinite(rate)):
        raise ValueError(f"learning_rate must be a positive number, got {rate.min()}")
    if not 1 <= batch_size <= n_samples:
        raise ValueError(f"batch_size must lie between 1 and the {n_samples} samples, got {batch_size}")
    if order not in ORDERS:
        raise ValueError(f"order must be one of {', '.join(ORDERS)}, got {order!r}")
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
