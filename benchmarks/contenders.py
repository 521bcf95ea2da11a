"""Ways to train many small networks by SGD, for `engine.py` to time: from the obvious to the fused kernel.

Each takes an ensemble, prepares what it likes, and gives a function of a number of steps that trains from
the ensemble's weights and returns the trained layers: the answers can be compared before the times are. All
see the same batches in the same order.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import torch
from numba import njit

from phasebook.network import Array, Ensemble, forward
from phasebook.runs.step_cost import batched_bmm
from phasebook.sgd import train

BATCH = 4
RATE = 0.125
Run = Callable[[int], Array]
Contender = Callable[[Ensemble], Run]


def pytorch_loop(ensemble: Ensemble) -> Run:
    """What one would write first: module, data loader, automatic differentiation, network after network."""
    data = [
        torch.utils.data.TensorDataset(
            torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
        )
        for x, y in zip(ensemble.inputs, ensemble.targets, strict=True)
    ]

    def run(steps: int) -> Array:
        trained = []
        for model, samples in enumerate(data):
            layers = [torch.nn.Linear(w.shape[2], w.shape[1], bias=False) for w in ensemble.student]
            for layer, weight in zip(layers, ensemble.student, strict=True):
                layer.weight.data = torch.tensor(weight[model], dtype=torch.float32)
                layer.weight.requires_grad_(layer is layers[1])
            network = torch.nn.Sequential(layers[0], torch.nn.Tanh(), layers[1], torch.nn.Tanh(), layers[2])
            optimiser = torch.optim.SGD([layers[1].weight], lr=RATE)
            done = 0
            while done < steps:
                for x, y in torch.utils.data.DataLoader(samples, batch_size=BATCH):
                    if done == steps:
                        break
                    optimiser.zero_grad()
                    (0.5 * (network(x) - y).square().mean()).backward()
                    optimiser.step()
                    done += 1
            trained.append(layers[1].weight.detach().numpy())
        return np.stack(trained)

    return run


def torch_bmm(ensemble: Ensemble) -> Run:
    """Batched over the networks, gradient by hand, first layer computed once, weights updated in place."""
    return batched_bmm(ensemble, learning_rate=RATE, batch_size=BATCH)


def jax_scan(ensemble: Ensemble) -> Run:
    """JAX: `scan` over the steps, `vmap` over the networks, gradient by `grad`, compiled as one."""
    jax, jnp = import_module("jax"), import_module("jax.numpy")
    h, y = _features_and_targets(ensemble)
    batches = h.shape[1] // BATCH
    h, y = h.reshape(len(h), batches, BATCH, -1), y.reshape(len(y), batches, BATCH, -1)
    arguments = [jnp.asarray(a, dtype=jnp.float32) for a in (ensemble.weights, h, y, ensemble.student[2])]

    def loss(weights: Any, h_batch: Any, y_batch: Any, readout: Any) -> Any:
        return 0.5 * jnp.mean((jnp.tanh(h_batch @ weights.T) @ readout.T - y_batch) ** 2)

    def one_network(weights: Any, h_all: Any, y_all: Any, readout: Any, count: Any) -> Any:
        def step(number: Any, w: Any) -> Any:
            row = number % batches
            return w - RATE * jax.grad(loss)(w, h_all[row], y_all[row], readout)

        return jax.lax.fori_loop(0, count, step, weights)

    compiled = jax.jit(jax.vmap(one_network, in_axes=(0, 0, 0, 0, None)))
    return lambda steps: np.asarray(compiled(*arguments, steps))


def numba_loops(ensemble: Ensemble) -> Run:
    """Plain scalar loops, compiled by Numba with its default (strict) arithmetic, network after network."""
    features, targets = (a.astype(np.float32) for a in _features_and_targets(ensemble))
    readout = ensemble.student[2][:, 0].astype(np.float32)

    def run(steps: int) -> Array:
        weights = ensemble.weights.astype(np.float32)
        for w, h, y, z in zip(weights, features, targets[..., 0], readout, strict=True):
            _scalar_sgd(w, h, y, z, np.float32(RATE / BATCH), steps)
        return weights

    return run


@njit
def _scalar_sgd(w: Any, h: Any, y: Any, z: Any, rate: Any, steps: int) -> None:
    n2, n1 = w.shape
    phi = np.empty((BATCH, n2), np.float32)
    for step in range(steps):
        first = step * BATCH % len(h)
        for b in range(BATCH):
            output = np.float32(0)
            for i in range(n2):
                a = np.float32(0)
                for k in range(n1):
                    a += w[i, k] * h[first + b, k]
                phi[b, i] = np.tanh(a)
                output += z[i] * phi[b, i]
            pull = rate * (output - y[first + b])
            for i in range(n2):
                phi[b, i] = pull * z[i] * (np.float32(1) - phi[b, i] * phi[b, i])
        for b in range(BATCH):
            for i in range(n2):
                for k in range(n1):
                    w[i, k] -= phi[b, i] * h[first + b, k]


def fused_kernel(ensemble: Ensemble) -> Run:
    """The book's engine, on one processor."""
    run: dict[str, Any] = {"learning_rate": RATE, "engine": "fused", "threads": 1}
    return lambda steps: train(ensemble, record_steps=[steps], **run).weights[:, 0]


def fused_kernel_double(ensemble: Ensemble) -> Run:
    """The same in double precision."""
    run: dict[str, Any] = {"learning_rate": RATE, "engine": "fused", "threads": 1, "precision": "float64"}
    return lambda steps: train(ensemble, record_steps=[steps], **run).weights[:, 0]


def _features_and_targets(ensemble: Ensemble) -> tuple[Array, Array]:
    return forward(ensemble.student, ensemble.inputs)[0], ensemble.targets
