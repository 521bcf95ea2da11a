"""Maps of the plane of T and 1/sigma_W for other networks and other data."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray

from phasebook.beyond.optimisers import Optimiser, sgd
from phasebook.beyond.trainer import ACTIVATIONS, LOSSES, forward_many, one_thread, train_many
from phasebook.network import Array, Network, sample_networks


@dataclass(frozen=True)
class Problem:
    """Students at step 0 and what they are to learn; the leading axis is the network, or 1 if shared.

    Attributes:
        layers: (model, n_l, n_{l-1}) for l = 1..L.
        inputs, targets, test_inputs, test_targets: (model or 1, sample, units).
        loss: a key of `phasebook.beyond.trainer.LOSSES`.
    """

    layers: tuple[Array, ...]
    inputs: Array
    targets: Array | NDArray[np.integer]
    test_inputs: Array
    test_targets: Array | NDArray[np.integer]
    loss: str = "squares"


MakeProblem = Callable[[Sequence[Network]], Problem]


def teacher_student(
    networks: Sequence[Network], *, activation: str = "tanh", all_random: bool = False, seed: int = 0
) -> Problem:
    """The paper's networks and data (3.1), the teacher having the student's activation.

    Args:
        networks: (temperature, 1/sigma_W, number) of each.
        activation: of teacher and student.
        all_random: draw all layers of the student with variance sigma_W^2 / n_{l-1}; else W1 and W3 are
            the teacher's, as in the paper.
        seed: as in `phasebook.network.sample_networks`; seed + 1 gives the students of `all_random`.
    """
    ensemble = sample_networks(networks, seed=seed)
    layers = ensemble.student
    if all_random:
        scale = np.array([1 / inverse for _, inverse, _ in networks])[:, None, None]
        layers = tuple(scale * w for w in sample_networks(networks, seed=seed + 1, n_samples=1).teacher)
    x, test = ensemble.inputs, ensemble.test_inputs[:, :100]
    return Problem(layers, x, outputs_of(ensemble.teacher, x, activation), test,
                   outputs_of(ensemble.teacher, test, activation))  # fmt: skip


def random_students(networks: Sequence[Network], widths: Sequence[int], *, seed: int) -> tuple[Array, ...]:
    """Weights N(0, sigma_W^2 / n_{l-1}), Eq. (2.11), in all layers but the last, which has sigma_W = 1.

    Each network has a stream keyed by (seed, its number), so cells differ by the scale alone.
    """
    drawn = []
    for _, inverse, number in networks:
        stream = np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, number))))
        plain = [stream.standard_normal((n, m)) / np.sqrt(m) for m, n in pairwise(widths)]
        drawn.append([*(w / inverse for w in plain[:-1]), plain[-1]])
    return tuple(np.stack(layer) for layer in zip(*drawn, strict=True))


def outputs_of(layers: Sequence[Array], inputs: Array, activation: str) -> Array:
    """Output of stacked networks in single precision, (model, sample, n_L)."""
    return _evaluate(layers, inputs, activation)[1]


def scan(
    make: MakeProblem,
    *,
    temperatures: Sequence[float],
    inv_sigma_w: Sequence[float],
    n_models: int,
    steps: int,
    trained: Collection[int],
    batch_size: int = 4,
    activation: str = "tanh",
    optimiser: Optimiser = sgd,
    rate: float = 1.0,
    seed: int = 0,
) -> xr.Dataset:
    """Train `n_models` networks in every cell of the plane with eps = rate T |B|.

    Args:
        make: gives the networks asked for and their data.
        rate: 1 for plain SGD; 1 - beta with momentum, if T is to be eps / ((1 - beta) |B|).

    Returns:
        Dims (temperature, inv_sigma_w, model): `test_loss`, the loss on the test set; `mistakes`, the share
        of test samples with another class (cross-entropy only); `memory`, the correlation over samples of the
        last hidden features with those at step 0, mean over units that vary, Eq. (3.4) without mean and
        size; `idle`, the share of last hidden units that do not vary over the test set; `start_loss`.
        `relative_error`, the squared error over the mean square of the targets (squares only).
        `test_loss` is NaN where weights are no longer finite.
    """
    networks = [(t, s, k) for t, s, k in product(temperatures, inv_sigma_w, range(n_models))]
    problem = make(networks)
    eps = rate * batch_size * np.array([t for t, _, _ in networks])
    runs = train_many(
        problem.layers, problem.inputs, problem.targets, trained=trained, learning_rate=eps,
        batch_size=batch_size, record_steps=[steps], activation=activation, loss=problem.loss,
        optimiser=optimiser, seed=seed,
    )  # fmt: skip
    final = [
        runs.weights[number][:, -1] if number in runs.weights else layer
        for number, layer in enumerate(problem.layers, start=1)
    ]
    values = compare(problem, final, activation)
    shape = (len(temperatures), len(inv_sigma_w), n_models)
    dims = ("temperature", "inv_sigma_w", "model")
    return xr.Dataset(
        {name: (dims, array.reshape(shape)) for name, array in values.items()},
        coords={"temperature": list(temperatures), "inv_sigma_w": list(inv_sigma_w)},
        attrs={"steps": steps, "batch_size": batch_size, "activation": activation},
    )


def compare(problem: Problem, final: Sequence[Array], activation: str) -> dict[str, Array]:
    """The observables of `scan` for given final weights, each (model,)."""
    before, start = _evaluate(problem.layers, problem.test_inputs, activation)
    after, outputs = _evaluate(final, problem.test_inputs, activation)
    finite = np.all([np.isfinite(w).all((-2, -1)) for w in final], axis=0)
    price = LOSSES[problem.loss]
    y = torch.as_tensor(problem.test_targets)
    lost = np.where(finite, price(torch.as_tensor(outputs), y).numpy(), np.nan)
    memory, idle = correlation(after, before)
    values = {
        "test_loss": lost,
        "start_loss": price(torch.as_tensor(start), y).numpy(),
        "memory": np.where(finite, memory, np.nan),
        "idle": np.where(finite, idle, np.nan),
    }
    if problem.loss == "cross_entropy":
        wrong = (outputs.argmax(-1) != problem.test_targets[..., 0]).mean(-1)
        values["mistakes"] = np.where(finite, wrong, np.nan)
    else:
        values["relative_error"] = 2 * lost / (problem.test_targets**2).sum(-1).mean(-1)
    return values


def correlation(features: Array, initial: Array) -> tuple[Array, Array]:
    """Correlation over samples of each unit with itself at step 0, and the share of idle units.

    Args:
        features, initial: (model, sample, unit).

    Returns:
        Mean over the units that vary at both times, and the share that does not vary in `features`; (model,).
    """
    now, then = (np.asarray(f, dtype=np.float64) for f in (features, initial))
    now, then = now - now.mean(1, keepdims=True), then - then.mean(1, keepdims=True)
    sizes = np.sqrt((now**2).sum(1) * (then**2).sum(1))
    alive = sizes > 0
    each = np.where(alive, (now * then).sum(1) / np.where(alive, sizes, 1.0), 0.0)
    return each.sum(-1) / np.maximum(alive.sum(-1), 1), 1 - ((now**2).sum(1) > 0).mean(-1)


def _evaluate(layers: Sequence[Array], inputs: Array, activation: str) -> tuple[Array, Array]:
    """(last hidden features, outputs), each (model, sample, units)."""
    with torch.no_grad(), one_thread():
        weights = [torch.as_tensor(np.asarray(w, dtype=np.float32)) for w in layers]
        x = torch.as_tensor(np.asarray(inputs, dtype=np.float32))
        *hidden, outputs = forward_many(weights, x, ACTIVATIONS[activation])
    return hidden[-1].numpy(), outputs.numpy()
