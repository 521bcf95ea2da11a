"""The fused kernel: SGD of the middle layer for a register's width of networks at once.

Lane l of every vector belongs to network l, so nothing is ever summed across lanes. A network's result
cannot depend on its neighbours, on the number of threads or on how networks are grouped, and all sums run
in a fixed order of explicit fused multiply-adds: the bits are those of any IEEE-754 machine.
"""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import Any

from numba import njit

from phasebook.engine.tanh import tanh
from phasebook.engine.tiles import TILE, contract_four, contract_one, descend
from phasebook.engine.vector import fma, load, store, zero_like

KERNEL_VERSION = 1
"""To be raised with every change that alters a bit of a result."""


@njit(nogil=True)
def _layer(weights: Any, inputs: Any, sample: int, units: int, width: int, out: Any) -> None:
    """out_i = tanh(sum_k W_ik x_k) of one sample."""
    for i in range(units):
        z = zero_like(load(weights, 0))
        for k in range(width):
            z = fma(load(weights, i * width + k), load(inputs, sample * width + k), z)
        store(tanh(z), out, sample * units + i)


def _compile(sources: str) -> tuple[Any, Any]:
    # `sources` is a free variable of both functions: Numba keys its on-disk cache by these, and not by the
    # files the functions are built from.

    @njit(nogil=True, cache=True)
    def prepare(first: Any, middle: Any, readout: Any, inputs: Any, features: Any, targets: Any) -> str:
        samples, n1, n2 = features.shape[0], features.shape[1], readout.shape[0]
        for sample in range(samples):
            _layer(first, inputs, sample, n1, inputs.shape[1], features)
            y = zero_like(load(readout, 0))
            for i in range(n2):
                z = zero_like(y)
                for k in range(n1):
                    z = fma(load(middle, i * n1 + k), load(features, sample * n1 + k), z)
                y = fma(load(readout, i), tanh(z), y)
            store(y, targets, sample)
        return sources

    @njit(nogil=True, cache=True)
    def train(
        weights: Any, features: Any, targets: Any, readout: Any, rate: Any, order: Any,
        first_step: int, n_steps: int, squares: Any, errors: Any, offsets: Any,
    ) -> str:  # fmt: skip
        n2, n1 = weights.shape[0], weights.shape[1]
        batches, batch = order.shape
        whole = batch - batch % TILE
        one_rate = load(rate, 0)
        for step in range(first_step, first_step + n_steps):
            row = step % batches
            for b in range(batch):
                offsets[b] = order[row, b] * n1
            for i in range(0, n2, TILE):
                for b in range(0, whole, TILE):
                    contract_four(weights, features, offsets, errors, i, b, n2, n1)
                for b in range(whole, batch):
                    contract_one(weights, features, offsets, errors, i, b, n2, n1)
            square = zero_like(one_rate)
            for b in range(batch):
                y = zero_like(one_rate)
                for i in range(n2):
                    phi = tanh(load(errors, b * n2 + i))
                    store(phi, errors, b * n2 + i)
                    y = fma(load(readout, i), phi, y)
                residual = y - load(targets, order[row, b])
                square = fma(residual, residual, square)
                residual = residual * one_rate
                for i in range(n2):
                    phi = load(errors, b * n2 + i)
                    pull = residual * load(readout, i)
                    store(fma(zero_like(phi) - pull * phi, phi, pull), errors, b * n2 + i)
            store(square, squares, row)
            for i in range(0, n2, TILE):
                for k in range(0, n1, TILE):
                    descend(weights, features, offsets, errors, i, k, n2, n1)
        return sources

    return prepare, train


def _digest_of_sources() -> str:
    files = sorted(Path(__file__).parent.glob("*.py"))
    return blake2b(b"".join(file.read_bytes() for file in files), digest_size=8).hexdigest()


prepare, train = _compile(_digest_of_sources())
