"""A thermometer for optimisers: how far does noise in the targets drive weights off the right ones?

Students start as their teachers, W = W*, and targets carry noise of standard deviation s. Near W* the test
loss is (1/2) tr(H Sigma), H the mean of g g^T over samples with g = d y / d W, and the noise of a batch is
(s^2/|B|) H. For W <- W - eps P gradient, with P fixed and diagonal, Sigma = (eps s^2 / 2|B|) P, so

    excess loss = (eps / |B|) s^2 tr(H P) / 4:

a temperature eps/|B| times P. For SGD P = 1; with momentum P = 1 / (1 - beta); for Adam P = 1 / sqrt(v).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phasebook.beyond.optimisers import Optimiser
from phasebook.beyond.trainer import Runs, train_many
from phasebook.network import Array, Ensemble, forward, loss, per_sample_gradient, sample_ensemble

MANY = 32_000
"""Samples: what a network could learn of their noise by heart, which falls as 1 / samples, must not count."""


@dataclass(frozen=True)
class Reading:
    """What the thermometer shows, for each network.

    Attributes:
        excess: test loss against targets without noise, mean over the second half of the run, (model,).
        runs: of the trained layer 2.
    """

    excess: Array
    runs: Runs


def noisy_teachers(*, n_models: int, noise: float, seed: int) -> tuple[Ensemble, Array]:
    """Teachers of the paper (n_models, ...) and their outputs with noise of standard deviation `noise`."""
    ensemble = sample_ensemble(n_models=n_models, inv_sigma_w=1.0, seed=seed, n_samples=MANY)
    stream = np.random.default_rng(seed)
    return ensemble, ensemble.targets + noise * stream.standard_normal(ensemble.targets.shape)


def read_temperature(
    ensemble: Ensemble,
    targets: Array,
    *,
    learning_rate: float,
    batch_size: int,
    optimiser: Optimiser,
    steps: int,
    seed: int = 0,
    records: int = 40,
) -> Reading:
    """Train layer 2 from the teacher on noisy targets and average the excess over the second half."""
    runs = train_many(
        ensemble.teacher, ensemble.inputs, targets, trained={2}, learning_rate=learning_rate,
        batch_size=batch_size, optimiser=optimiser, seed=seed, order="with_replacement",
        record_steps=list(np.linspace(steps // 2, steps, records).round().astype(int)),
    )  # fmt: skip
    first, _, last = ensemble.teacher
    excess = [
        loss(forward((first, w.astype(np.float64), last), ensemble.test_inputs)[-1], ensemble.test_targets)
        for w in runs.weights[2].swapaxes(0, 1)
    ]
    return Reading(np.mean(excess, axis=0), runs)


def stiffness(ensemble: Ensemble) -> Array:
    """Diagonal of H = mean of g g^T at the teacher: mean over the test set of (d y / d W_ij)^2.

    Returns:
        Shape of W, (model, n_2, n_1); its sum is tr H.
    """
    away = ensemble.test_targets - 1.0  # a residual of one everywhere turns the gradient of the loss into g
    delta, phi = per_sample_gradient(ensemble.teacher, ensemble.test_inputs, away, trained=2)
    return np.swapaxes(delta**2, -1, -2) @ phi**2 / phi.shape[-2]


def predicted_excess(
    stiff: Array, *, learning_rate: float, batch_size: int, noise: float, preconditioner: Array | float = 1.0
) -> Array:
    """(eps / |B|) s^2 tr(H P) / 4, see the module; `preconditioner` is P, of the shape of W, (model,)."""
    return learning_rate / batch_size * noise**2 * (stiff * preconditioner).sum((-2, -1)) / 4


def adam_preconditioner(runs: Runs, *, beta2: float = 0.999) -> Array:
    """1 / sqrt(v) of layer 2 at the end of a run, corrected for its start, (model, n_2, n_1)."""
    square = runs.memory[2]["square"].astype(np.float64) / (1 - beta2 ** float(runs.steps[-1]))
    return 1 / (np.sqrt(square) + 1e-8)
