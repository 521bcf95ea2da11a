"""The teacher-student ensemble of Section 3.1: sampling, forward pass, loss and gradient.

Everything is batched over networks: the leading axis of every array is the network ("model").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Network = tuple[float, float, int]
"""What identifies a network in a run: (temperature, 1/sigma_W, number within the cell)."""

PAPER_WIDTHS = (3, 32, 16, 1)
TEST_POINTS = 100
RELEASED_TEST_POINTS = 128


@dataclass(frozen=True)
class Ensemble:
    """Students, teachers and data at t = 0; leading axis of every array: network.

    Attributes:
        inputs: training inputs x, shape (model, sample, n_0).
        test_inputs: shape (model, 128, n_0); the test set of the text is the first 100, the
            authors' released code uses all 128.
        teacher: teacher's weights, for l = 1..L an array of shape (model, n_l, n_{l-1}).
        student: student's weights at t = 0, same shapes; frozen layers equal the teacher's.
        trained: which layer is trained, counted from 1 (the paper: 2).
    """

    inputs: Array
    test_inputs: Array
    teacher: tuple[Array, ...]
    student: tuple[Array, ...]
    trained: int = 2

    @property
    def n_models(self) -> int:
        return len(self.inputs)

    @property
    def weights(self) -> Array:
        """The trained layer at t = 0, shape (model, n_l, n_{l-1})."""
        return self.student[self.trained - 1]

    @cached_property
    def targets(self) -> Array:
        """Teacher's outputs on the training inputs, shape (model, sample, n_L)."""
        return forward(self.teacher, self.inputs)[-1]

    @cached_property
    def test_targets(self) -> Array:
        """Teacher's outputs on the test inputs, shape (model, 128, n_L)."""
        return forward(self.teacher, self.test_inputs)[-1]

    def with_weights(self, weights: Array) -> tuple[Array, ...]:
        """The student's layers with `weights` in place of the trained one."""
        return (*self.student[: self.trained - 1], weights, *self.student[self.trained :])


def sample_ensemble(
    *,
    n_models: int,
    inv_sigma_w: float,
    temperature: float = 2.0**-5,
    seed: int = 0,
    widths: Sequence[int] = PAPER_WIDTHS,
    n_samples: int = 4000,
    common_teachers: bool = False,
) -> Ensemble:
    """The first `n_models` networks of one cell of the phase diagram; see `sample_networks`."""
    if n_models < 1:
        raise ValueError(f"n_models must be at least 1, got {n_models}")
    networks = [(temperature, inv_sigma_w, model) for model in range(n_models)]
    return sample_networks(
        networks, seed=seed, widths=widths, n_samples=n_samples, common_teachers=common_teachers
    )


def sample_networks(
    networks: Sequence[Network],
    *,
    seed: int = 0,
    widths: Sequence[int] = PAPER_WIDTHS,
    n_samples: int = 4000,
    common_teachers: bool = False,
) -> Ensemble:
    """Draw teachers, data (3.1) and students (2.11) for the networks given.

    Each network has a random stream of its own, keyed by (seed, temperature, 1/sigma_W, number), so it is
    the same whatever else is drawn with it. What is drawn is rounded to single precision: runs in single
    and double precision then start from the same numbers, and the last bit of a machine's logarithm
    (inside the normal distribution) does not show.

    Args:
        networks: (temperature, 1/sigma_W, number) of each network; the first two positive.
        seed: non-negative.
        widths: n_0, ..., n_L.
        n_samples: |D|, number of training inputs.
        common_teachers: give network number k the same teacher, data and (scaled) initial student in every
            cell, so that cells differ by their hyperparameters alone.

    Raises:
        ValueError: a temperature or 1/sigma_W not positive and finite, or a width or size below 1.
    """
    if min(*widths, n_samples, len(networks)) < 1 or len(widths) < 3:
        raise ValueError(
            f"widths, samples and networks must be positive, got {widths}, {n_samples}, {len(networks)}"
        )
    for temperature, inv_sigma_w, _ in networks:
        if not (0 < temperature < np.inf and 0 < inv_sigma_w < np.inf):
            raise ValueError(
                f"temperature and 1/sigma_W must be positive numbers, got {temperature} and {inv_sigma_w}"
            )
    shapes = [(n, m) for m, n in pairwise(widths)]
    trained = len(shapes) - 1
    drawn = []
    for temperature, inv_sigma_w, model in networks:
        stream = _stream(seed, model, *(() if common_teachers else (temperature, inv_sigma_w)))
        teacher = [_normal(stream, shape, 1 / np.sqrt(shape[1])) for shape in shapes]
        inputs = _normal(stream, (n_samples, widths[0]), 1.0)
        test_inputs = _normal(stream, (RELEASED_TEST_POINTS, widths[0]), 1.0)
        student = _normal(stream, shapes[trained - 1], 1 / (inv_sigma_w * np.sqrt(shapes[trained - 1][1])))
        drawn.append((inputs, test_inputs, *teacher, student))
    inputs, test_inputs, *teacher, student = (np.stack(arrays) for arrays in zip(*drawn, strict=True))
    layers = [*teacher[: trained - 1], student, *teacher[trained:]]
    return Ensemble(inputs, test_inputs, tuple(teacher), tuple(layers), trained)


def forward(layers: Sequence[Array], inputs: Array) -> list[Array]:
    """Post-activations of every layer and the output, Eq. (2.2), (2.3), (2.5), with phi = tanh.

    Args:
        layers: W^(l) of shape (..., n_l, n_{l-1}), l = 1..L.
        inputs: x of shape (..., sample, n_0).

    Returns:
        [phi(z^(1)), ..., phi(z^(L-1)), z^(L)], each of shape (..., sample, n_l).
    """
    values = [inputs]
    for weight in layers[:-1]:
        values.append(np.tanh(values[-1] @ np.swapaxes(weight, -1, -2)))
    return [*values[1:], values[-1] @ np.swapaxes(layers[-1], -1, -2)]


def loss(outputs: Array, targets: Array) -> Array:
    """Half the mean squared error, Eq. (2.6): shape (..., sample, n_L) -> (...)."""
    return 0.5 * np.mean(np.sum((outputs - targets) ** 2, axis=-1), axis=-1)


def couplings(readout: Array) -> Array:
    """J = W^T W of the last layer, Eq. (2.8): (..., n_L, n_{L-1}) -> (..., n_{L-1}, n_{L-1})."""
    return np.swapaxes(readout, -1, -2) @ readout


def external_field(targets: Array, readout: Array) -> Array:
    """h = y W of the last layer, Eq. (2.8): (..., sample, n_L) -> (..., sample, n_{L-1})."""
    return targets @ readout


def spin_hamiltonian(features: Array, targets: Array, readout: Array) -> Array:
    """The loss as a Hamiltonian of the features, Eq. (2.9): the loss (2.6) less a constant of the data.

    Args:
        features: phi, (..., sample, n_{L-1}).
        targets: y, (..., sample, n_L).
        readout: W^(L), (..., n_L, n_{L-1}).
    """
    interaction = np.einsum("...ai,...ij,...aj->...a", features, couplings(readout), features) / 2
    return np.mean(interaction - np.sum(external_field(targets, readout) * features, axis=-1), axis=-1)


def per_sample_gradient(
    layers: Sequence[Array], inputs: Array, targets: Array, *, trained: int
) -> tuple[Array, Array]:
    """Delta_alpha = d l_alpha / d W of the layer `trained`, Eq. (2.28), as the outer product it is.

    For one sample Delta_ij = delta_i phi_j, with delta the back-propagated error of the layer and phi the
    activity that enters it.

    Returns:
        (delta, phi) of shapes (..., sample, n_l) and (..., sample, n_{l-1}).
    """
    values = [inputs, *forward(layers, inputs)]
    delta = values[-1] - targets
    for level in range(len(layers) - 1, trained - 1, -1):
        delta = (delta @ layers[level]) * (1 - values[level] ** 2)
    return delta, values[trained - 1]


def gradient(layers: Sequence[Array], inputs: Array, targets: Array, *, trained: int) -> Array:
    """Mean over the samples of the per-sample gradient, shape (..., n_l, n_{l-1})."""
    delta, phi = per_sample_gradient(layers, inputs, targets, trained=trained)
    return np.swapaxes(delta, -1, -2) @ phi / inputs.shape[-2]


def _stream(seed: int, model: int, *parameters: float) -> np.random.Generator:
    bits = (int(np.float64(value).view(np.uint64)) for value in parameters)
    return np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, model, *bits))))


def _normal(stream: np.random.Generator, shape: tuple[int, ...], scale: float) -> Array:
    standard = stream.standard_normal(shape).astype(np.float32).astype(np.float64)
    return (standard * scale).astype(np.float32).astype(np.float64)
