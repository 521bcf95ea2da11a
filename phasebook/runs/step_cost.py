"""What one SGD step costs, and the way of training that the fused kernel has to beat in wide networks."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from phasebook.network import Array, Ensemble, forward

Run = Callable[[int], Array]
"""Trains an ensemble for so many steps from its start; gives the trained layers, (network, n_l, n_{l-1})."""


def batched_bmm(ensemble: Ensemble, *, learning_rate: float, batch_size: int = 4) -> Run:
    """SGD of the middle layer by PyTorch's batched matrix products, all networks at once.

    The gradient is written by hand, the first layer computed once, the weights are updated in place: what
    one would use without the kernel. Float32.

    Args:
        ensemble: networks of two hidden layers; the number of samples is a multiple of the batch size.
        learning_rate: epsilon.
        batch_size: |B|; batches are taken in order, again and again.
    """

    def batches(values: Array) -> torch.Tensor:
        """Batch, network, sample in the batch, unit."""
        networks, _, units = values.shape
        split = torch.tensor(values, dtype=torch.float32).reshape(networks, -1, batch_size, units)
        return split.transpose(0, 1).contiguous()

    h, y = batches(forward(ensemble.student, ensemble.inputs)[0]), batches(ensemble.targets)
    readout = torch.tensor(ensemble.student[2], dtype=torch.float32)

    def run(steps: int) -> Array:
        weights = torch.tensor(ensemble.weights, dtype=torch.float32).mT.contiguous()
        for step in range(steps):
            x = h[step % len(h)]
            phi = torch.bmm(x, weights).tanh_()
            residual = torch.bmm(phi, readout.mT).sub_(y[step % len(h)])
            delta = torch.bmm(residual, readout).mul_(1 - phi * phi)
            torch.baddbmm(weights, x.mT, delta, alpha=-learning_rate / batch_size, out=weights)
        return weights.mT.numpy()

    return run


def seconds_per_step(run: Run, *, steps: int, tries: int = 3) -> float:
    """Processor time of a step: the quickest of some runs, since other programs can only slow one down.

    Args:
        run: is called once before, so that nothing compiles in what is timed.
        steps: of a run; what one of a single step takes is not counted.
        tries: how many runs of each length.
    """

    def quickest(count: int) -> float:
        taken = []
        for _ in range(tries):
            started = time.process_time()
            run(count)
            taken.append(time.process_time() - started)
        return min(taken)

    run(1)
    return (quickest(steps) - quickest(1)) / (steps - 1)
