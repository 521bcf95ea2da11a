"""Eigenvalues under SGD itself, beside what Eq. (4.3) and (4.8) say about them.

Two comparisons. `one_step` repeats a single update from the same W with fresh batches: conditional mean and
variance of every level, the most direct test there is. `theory_along` takes K and V as measured along a run,
as functions of time, and lets the stochastic equations run with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from phasebook.dyson import (
    Coefficients,
    coulomb,
    ensemble_coefficients,
    second_order_drift,
    spacing_diffusion,
    spacing_drift,
    spacing_repulsion,
)
from phasebook.network import Array, Ensemble
from phasebook.sgd import Trajectory
from phasebook.spectra import level_spacing
from phasebook.theory.dyson_dynamics import integrate_levels, integrate_spacing


@dataclass(frozen=True)
class OneStep:
    """Repeated single updates of one network from the same W.

    Attributes:
        change: x_i' - x_i, (repeat, N).
        first_order: its part of first order, -eps u_i^T Delta^X_B u_i with the same batches, (repeat, N).
            Its mean is eps K_i exactly, so it need not be measured: change - first_order has little noise.
    """

    change: Array
    first_order: Array


def one_step(
    weights: Array,
    delta: Array,
    phi: Array,
    *,
    learning_rate: float,
    batch_size: int = 4,
    repeats: int = 4000,
    seed: int = 0,
) -> OneStep:
    """Draw batches with replacement, update W once by each, and diagonalise.

    Args:
        weights: W of one network, (N, n_1).
        delta, phi: factors of the gradients of its training samples, (sample, N) and (sample, n_1).
        learning_rate: eps; the same seed gives the same batches for any eps.

    Raises:
        ValueError: repeats or batch size below 1.
    """
    if min(repeats, batch_size) < 1:
        raise ValueError(f"repeats and batch_size must be at least 1, got {repeats} and {batch_size}")
    chosen = np.random.default_rng(seed).integers(len(delta), size=(repeats, batch_size))
    gradient = np.einsum("rbi,rbk->rik", delta[chosen], phi[chosen], optimize=True) / batch_size
    x, vectors = np.linalg.eigh(weights @ weights.T)
    updated = weights - learning_rate * gradient
    change = np.linalg.eigvalsh(updated @ updated.swapaxes(-1, -2)) - x
    rotated = np.einsum("ij,rik->rjk", vectors, gradient, optimize=True)
    first_order = -2 * learning_rate * np.einsum("rjk,kj->rj", rotated, weights.T @ vectors)
    return OneStep(change, first_order)


@dataclass(frozen=True)
class UpdateTest:
    """Single updates of one network beside the coefficients at its W.

    Attributes:
        title: what a figure calls it.
        learning_rate, batch_size: of the updates.
        values: coefficients on the training set, leading axes removed.
        measured: of `one_step`.
    """

    title: str
    learning_rate: float
    values: Coefficients
    measured: OneStep
    batch_size: int = 4

    @property
    def repulsion(self) -> Array:
        """T sum V_ij / (x_i - x_j): all that (4.3) has beyond K_i, (N,)."""
        return self._temperature * coulomb(self.values.eigenvalues, self.values.noise)

    @property
    def complete(self) -> Array:
        """The same with T L_i and the second-order drift, (N,)."""
        beyond = self.learning_rate * second_order_drift(self.values)
        return self.repulsion + self._temperature * self.values.laguerre + beyond

    @property
    def rest(self) -> tuple[Array, Array]:
        """Measured drift less its first order, with its standard error, each (N,)."""
        rest = (self.measured.change - self.measured.first_order) / self.learning_rate
        return rest.mean(axis=0), rest.std(axis=0, ddof=1) / np.sqrt(len(rest))

    @property
    def scale(self) -> Array:
        """Sum of the absolute values of the terms, (N,): what the differences are to be compared with."""
        beyond = self.learning_rate * np.abs(second_order_drift(self.values))
        return np.abs(self.repulsion) + self._temperature * self.values.laguerre + beyond

    @property
    def error(self) -> float:
        """Rms over levels of (measured - complete) / scale."""
        return float(np.sqrt(np.mean(((self.rest[0] - self.complete) / self.scale) ** 2)))

    @property
    def error_printed(self) -> float:
        """Rms over levels of (measured - repulsion alone) / scale."""
        return float(np.sqrt(np.mean(((self.rest[0] - self.repulsion) / self.scale) ** 2)))

    @property
    def noise_floor(self) -> float:
        """Rms over levels of the standard error over scale."""
        return float(np.sqrt(np.mean((self.rest[1] / self.scale) ** 2)))

    @property
    def step_over_gap(self) -> float:
        """Rms change of a spacing in one update over that spacing, for the pair where it is largest.

        Of first order in eps; from 1 on, an update takes levels past each other.
        """
        changes = np.diff(self.measured.first_order, axis=-1)
        return float((np.sqrt(np.mean(changes**2, axis=0)) / np.diff(self.values.eigenvalues)).max())

    @property
    def _temperature(self) -> float:
        return self.learning_rate / self.batch_size


def coefficients_along(ensemble: Ensemble, trajectory: Trajectory) -> Coefficients:
    """`ensemble_coefficients` on the training set, from which SGD draws, at each record of a run.

    Returns:
        Coefficients in the basis of X, every array with leading axes (model, time).
    """
    places = range(len(trajectory.steps))
    records = [ensemble_coefficients(ensemble, trajectory.weights[:, p], data="training") for p in places]
    stacked = {
        field.name: np.stack([getattr(record, field.name) for record in records], axis=1)
        for field in fields(Coefficients)
    }
    return Coefficients(**stacked)


@dataclass(frozen=True)
class Theories:
    """Solutions with the coefficients of the same runs; leading axis: replica (network times repeat).

    Attributes:
        printed: levels of Eq. (4.3), (replica, time, N).
        complete: the same with T L_i and the second-order drift added, (replica, time, N).
        spacing: S of Eq. (4.8), (replica, time).
    """

    printed: Array
    complete: Array
    spacing: Array


def theory_along(
    path: Coefficients,
    steps: Sequence[int] | Array | NDArray[np.int64],
    *,
    learning_rate: float,
    batch_size: int = 4,
    repeats: int = 4,
    seed: int = 0,
) -> Theories:
    """Solve (4.3), the completed equation and (4.8) with K and V taken along SGD's own path.

    The coefficients are functions of time here, each constant until the next record; the levels feel their
    own repulsion, and the start is SGD's. So the restoring force is that of SGD's path, not of the solution's
    own: what is tested is whether these equations turn the right coefficients into the right eigenvalues.

    Args:
        path: of `coefficients_along`, leading axes (model, time).
        steps: numbers of updates of its records.
        repeats: solutions for each network, with different noise.
    """
    temperature = learning_rate / batch_size
    times = learning_rate * np.asarray(steps, dtype=np.float64)
    extra = temperature * path.laguerre + learning_rate * second_order_drift(path)

    def at(values: Array, t: float) -> Array:
        # The integrator asks at the records themselves; rounding must not fall back to the one before.
        record = np.searchsorted(times, t + 1e-6 * learning_rate, side="right") - 1
        return np.repeat(values[:, record], repeats, axis=0)

    def levels(drift: Array) -> Array:
        return integrate_levels(
            np.repeat(path.eigenvalues[:, 0], repeats, axis=0),
            lambda t, x: (at(drift, t), at(path.noise, t)),
            temperature=temperature,
            times=times,
            seed=seed,
        )

    k_s, v_s = spacing_drift(path.drift), spacing_repulsion(path.noise)
    d_s = spacing_diffusion(path.noise)
    spacing = integrate_spacing(
        np.repeat(level_spacing(path.eigenvalues[:, 0]), repeats),
        lambda t, s: (at(k_s, t), at(v_s, t), at(d_s, t)),
        temperature=temperature,
        times=times,
        seed=seed,
    )
    return Theories(levels(path.drift), levels(path.drift + extra), spacing)
