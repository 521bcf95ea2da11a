"""Plain training runs of small networks on handwritten digits, side by side, that repeat to the last bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import process_time
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.nn import functional as F

from phasebook.beyond.digit_networks import Digits
from phasebook.beyond.trainer import one_thread
from phasebook.network import Array

Weights = dict[str, Tensor]
Model = TypeVar("Model", bound=nn.Module)


@dataclass(frozen=True)
class Runs:
    """Finished runs.

    Attributes:
        steps: (look,), number of updates.
        losses: (run, look), cross entropy over the whole training set; not-a-number once a run has diverged.
        accuracy: (run,), share of the test set that is right at the end.
        probe_loss: (run,), cross entropy of the probe at the end.
        seconds: of processor time, training alone, all runs together.
    """

    steps: Array
    losses: Array
    accuracy: Array
    probe_loss: Array
    seconds: float


def batches(count: int, *, size: int, seed: int) -> Iterator[Tensor]:
    """Indices of one batch after another, each epoch shuffled anew; what fills no batch is left out."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        order = torch.randperm(count, generator=generator)
        yield from order[: count - count % size].split(size)


def fresh(make_model: Callable[[], Model], *, seed: int) -> Model:
    """A model whose weights are drawn from this seed; torch's random numbers are left as they were."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make_model()


def stepper(model: nn.Module, data: Digits, *, seed: int, batch_size: int = 16) -> Callable[[float], float]:
    """A function that makes the next plain SGD step at a learning rate and returns the loss before it."""
    optimiser = torch.optim.SGD(model.parameters(), lr=1.0)
    inputs, classes = data.train
    source = batches(len(inputs), size=batch_size, seed=seed)

    def step(rate: float) -> float:
        batch = next(source)
        optimiser.param_groups[0]["lr"] = rate
        optimiser.zero_grad()
        loss = F.cross_entropy(model(inputs[batch]), classes[batch])
        loss.backward()
        optimiser.step()
        return float(loss.detach())

    return step


def train_models(
    models: Sequence[nn.Module],
    data: Digits,
    *,
    steps: int,
    seeds: Sequence[int],
    rates: Sequence[float] | Array,
    adam: bool = False,
    batch_size: int = 16,
    looks: Sequence[int] = (),
) -> Runs:
    """Train models of one architecture side by side, each with its own learning rate and order of data.

    The gradients of all of them are taken at once (`torch.func.vmap`), which saves the overhead of many
    small calls. Same arguments, same bits on the same machine.

    Args:
        models: R of them; their weights are copied.
        steps: updates of each.
        seeds: (R,), of the order of the data.
        rates: (R,), learning rates.
        adam: Adam with its default constants in place of plain SGD.
        looks: numbers of updates at which to record the training loss, besides the last.

    Raises:
        ValueError: lengths that differ, no step to make, or a batch larger than the training set.
    """
    inputs, classes = data.train
    if not (len(models) == len(seeds) == len(rates) > 0):
        raise ValueError(
            f"need as many models as seeds and rates, got {len(models)}, {len(seeds)}, {len(rates)}"
        )
    if steps < 1 or not 1 <= batch_size <= len(inputs):
        raise ValueError(f"need steps >= 1 and a batch of 1 to {len(inputs)}, got {steps} and {batch_size}")
    weights = {name: value.detach().clone() for name, value in stack_module_state(list(models))[0].items()}
    # SGD and Adam act on each number by itself, so one update serves all models.
    rate = torch.tensor(np.asarray(rates), dtype=torch.float32)
    step = _adam(weights, rate) if adam else _sgd(weights, rate)
    sources = [batches(len(inputs), size=batch_size, seed=seed) for seed in seeds]
    wanted = sorted({*(s for s in looks if 0 <= s <= steps), steps})
    losses, seconds, done = [], 0.0, 0
    skeleton = models[0]
    gradients = vmap(grad(lambda w, x, y: F.cross_entropy(functional_call(skeleton, w, (x,)), y)))
    outputs = vmap(lambda w, x: functional_call(skeleton, w, (x,)), in_dims=(0, None))
    with one_thread(), torch.no_grad():
        for stop in wanted:
            started = process_time()
            for _ in range(stop - done):
                batch = torch.stack([next(source) for source in sources])
                step(gradients(weights, inputs[batch], classes[batch]))
            seconds, done = seconds + process_time() - started, stop
            losses.append(_cross_entropies(outputs(weights, inputs), classes))
        found = outputs(weights, data.test[0])
        right = (found.argmax(-1) == data.test[1]) & found.isfinite().all(-1)
        return Runs(
            steps=np.array(wanted),
            losses=np.stack(losses, axis=-1),
            accuracy=right.double().mean(-1).numpy(),
            probe_loss=_cross_entropies(outputs(weights, data.probe[0]), data.probe[1]),
            seconds=seconds,
        )


def _cross_entropies(outputs: Tensor, classes: Tensor) -> Array:
    """outputs: (run, sample, class)."""
    return np.array([float(F.cross_entropy(one, classes)) for one in outputs])


def _sgd(weights: Weights, rate: Tensor) -> Callable[[Weights], None]:
    def step(gradients: Weights) -> None:
        for name, value in weights.items():
            value -= rate.reshape(-1, *[1] * (value.ndim - 1)) * gradients[name]

    return step


def _adam(weights: Weights, rate: Tensor) -> Callable[[Weights], None]:
    """Torch's Adam, its learning rate common to all."""
    if not bool((rate == rate[0]).all()):
        raise ValueError("Adam side by side takes one learning rate for all models")
    optimiser = torch.optim.Adam(list(weights.values()), lr=float(rate[0]))

    def step(gradients: Weights) -> None:
        for name, value in weights.items():
            value.grad = gradients[name]
        optimiser.step()

    return step
