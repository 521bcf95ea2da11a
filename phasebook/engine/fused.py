"""From arrays with a leading network axis to the kernel's layout, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numba import from_dtype
from numpy.typing import DTypeLike, NDArray

from phasebook.engine import kernel
from phasebook.engine.tiles import TILE
from phasebook.engine.vector import Vector

Array = NDArray[np.floating]
Batches = Callable[[int], NDArray[np.int64]]
"""Sample numbers of every batch of an epoch, shape (batch, |B|), given the number of the epoch."""

LARGEST_BATCH = 64


class Recorded(NamedTuple):
    """Weights at the steps asked for, (model, time, n_2, n_1), and sum over the batch of the squared
    residual at every step of the last epoch, (model, step)."""

    weights: Array
    squares: Array


def fused_applies(widths: Sequence[int], *, trained: int, batch_size: int) -> bool:
    """Whether the kernel can train this network: two hidden tanh layers, the second trained, one output."""
    return (
        len(widths) == 4
        and trained == 2
        and widths[1] % TILE == 0
        and widths[2] % TILE == 0
        and widths[3] == 1
        and 1 <= batch_size <= LARGEST_BATCH
    )


def train_fused(
    *,
    layers: Sequence[Array],
    middle: Array,
    inputs: Array,
    rate: Array,
    batches: Batches,
    same_every_epoch: bool,
    record_steps: Sequence[int],
    dtype: DTypeLike,
    threads: int,
) -> Recorded:
    """Train the middle layer of every network by plain SGD on the outputs of a teacher.

    Args:
        layers: the teacher, (model, n_1, n_0), (model, n_2, n_1), (model, 1, n_2); the student has the
            same first and last layer.
        middle: the student's middle layer at step 0, (model, n_2, n_1).
        inputs: (model, sample, n_0).
        rate: eps / |B| of each network, (model,).
        batches: which samples make up the batches of an epoch.
        same_every_epoch: whether `batches` does not depend on the epoch.
        record_steps: ascending numbers of updates after which the weights are recorded.
        dtype: float32 or float64.
        threads: groups of networks trained at the same time; does not change the result.
    """
    dtype = np.dtype(dtype)
    lanes = Vector(from_dtype(dtype)).lanes
    models = len(inputs)
    groups = [np.arange(start, min(start + lanes, models)) for start in range(0, models, lanes)]

    def train_group(group: NDArray[np.int64]) -> Recorded:
        # Idle lanes of the last group repeat its last network.
        members = np.concatenate([group, np.repeat(group[-1:], lanes - len(group))])
        first, teacher, readout = (_pack(layer[members], dtype) for layer in layers)
        recorded = _train_group(
            first=first,
            teacher=teacher,
            readout=readout[0],
            weights=_pack(middle[members], dtype),
            inputs=_pack(inputs[members], dtype),
            rate=_pack(rate[members, None], dtype),
            batches=batches,
            same_every_epoch=same_every_epoch,
            record_steps=record_steps,
        )
        return Recorded(*(np.moveaxis(part, -1, 0)[: len(group)] for part in recorded))

    if threads == 1 or len(groups) == 1:
        parts = [train_group(group) for group in groups]
    else:
        with ThreadPoolExecutor(threads) as pool:
            parts = list(pool.map(train_group, groups))
    # Contiguous: NumPy sums other layouts in another order, and theirs would depend on the grouping.
    return Recorded(*(np.ascontiguousarray(np.concatenate(part)) for part in zip(*parts, strict=True)))


def _train_group(
    *,
    first: Array,
    teacher: Array,
    readout: Array,
    weights: Array,
    inputs: Array,
    rate: Array,
    batches: Batches,
    same_every_epoch: bool,
    record_steps: Sequence[int],
) -> Recorded:
    """The same for one register's width of networks; here the network is the last axis of all arrays."""
    samples, (n2, n1, lanes) = len(inputs), weights.shape
    order = np.ascontiguousarray(batches(0))
    n_batches, batch = order.shape
    features = _aligned((samples, n1, lanes), weights.dtype)
    targets = _aligned((samples, lanes), weights.dtype)
    kernel.prepare(first, teacher, readout, inputs, features, targets)

    squares = _aligned((n_batches, lanes), weights.dtype)
    errors = _aligned((batch, n2, lanes), weights.dtype)
    offsets = np.empty(batch, np.int64)

    def advance(start: int, stop: int) -> None:
        while start < stop:
            end = stop if same_every_epoch else min(stop, (start // n_batches + 1) * n_batches)
            table = order if same_every_epoch else np.ascontiguousarray(batches(start // n_batches))
            kernel.train(
                weights, features, targets, readout, rate, table, start, end - start, squares, errors, offsets
            )
            start = end

    history, step = [], 0
    for target in record_steps:
        advance(step, target)
        history.append(weights.copy())
        step = target
    return Recorded(np.stack(history), squares)


def _pack(array: Array, dtype: np.dtype) -> Array:
    """Network axis last and contiguous."""
    packed = _aligned((*array.shape[1:], len(array)), dtype)
    packed[...] = np.moveaxis(array, 0, -1)
    return packed


def _aligned(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """Zeros that start at a multiple of the widest register: a vector across two cache lines costs twice."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.zeros(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size].view(dtype).reshape(shape)
