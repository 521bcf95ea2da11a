"""The stochastic equations of Section 4.1 in motion: N levels, Eq. (4.3), and their mean spacing, (4.8).

Time is eps times the number of updates. The repulsion c / (x_i - x_j) is singular: an explicit step of any
size can put two levels on the wrong sides of each other. Here each step treats it implicitly,

    x' = y + dt T sum_j V_ij / (x'_i - x'_j),      y = x + dt (drift) + sqrt(dt T V_ii) (normal),

as Ngo and Taguchi (Ann. Appl. Probab. 30 (2020) 673) do. x' is the minimum of a strictly convex function on
the ordered levels, so there is one, it is ordered, and nothing has to be tuned or sorted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numba import njit

from phasebook.network import Array

Forces = Callable[[float, Array], tuple[Array, Array]]
"""(t, x of shape (replica, N)) -> smooth drift (replica, N) and V_ij (replica, N, N), or what broadcasts."""

SpacingForces = Callable[[float, Array], tuple[Array, Array, Array]]
"""(t, S of shape (replica,)) -> K_S, V_S, D_S, each (replica,) or broadcast to it."""

TOLERANCE = 1e-10
"""Newton's iteration ends when the last correction is this much smaller than the whole spectrum."""


def integrate_levels(
    start: Array,
    forces: Forces,
    *,
    temperature: float,
    times: Sequence[float] | Array,
    substeps: int = 1,
    seed: int = 0,
) -> Array:
    """Solve the N coupled equations (4.3) for many replicas.

    Args:
        start: x_i at times[0], ascending, (replica, N).
        forces: everything smooth (K_i, and whatever is to be added to it, such as T L_i) and V_ij.
        temperature: T = eps / |B|.
        times: at which x is wanted, ascending.
        substeps: equal steps between two of the times; the error of averages falls as 1 / substeps.
        seed: of the noise.

    Returns:
        x, (replica, time, N), ascending at every time.

    Raises:
        ValueError: levels that are not ascending, times that do not ascend, or negative V_ij.
    """
    x: Array = np.array(start, dtype=np.float64)
    if np.any(np.diff(x, axis=-1) <= 0):
        raise ValueError("the levels at the start must be distinct and ascending")
    rng = np.random.default_rng(seed)
    path: list[Array] = [x]
    for begin, end in _intervals(times):
        dt = (end - begin) / substeps
        for step in range(substeps):
            drift, noise = forces(begin + step * dt, x)
            noise = np.broadcast_to(noise, (*x.shape, x.shape[-1]))
            if noise.min() < 0:
                raise ValueError(f"V_ij must not be negative, got {noise.min()}")
            kick = np.sqrt(dt * temperature * np.diagonal(noise, axis1=-2, axis2=-1))
            y = x + dt * drift + kick * rng.standard_normal(x.shape)
            x = separate(y, dt * temperature * noise, guess=x)
        path.append(x)
    return np.stack(path, axis=-2)


def integrate_spacing(
    start: Array,
    forces: SpacingForces,
    *,
    temperature: float,
    times: Sequence[float] | Array,
    substeps: int = 1,
    seed: int = 0,
) -> Array:
    """Solve the one-particle equation (4.8) for many replicas, implicit in V_S T / S: S stays positive.

    Args:
        start: S at times[0], positive, (replica,).
        forces: K_S, V_S, D_S, Eq. (B.7), (B.9).
        temperature, times, substeps, seed: as in `integrate_levels`.

    Returns:
        S, (replica, time).

    Raises:
        ValueError: S not positive at the start, times that do not ascend, or negative V_S or D_S.
    """
    s = np.array(start, dtype=np.float64)
    if not np.all(s > 0):
        raise ValueError("the spacing at the start must be positive")
    rng = np.random.default_rng(seed)
    path = [s]
    for begin, end in _intervals(times):
        dt = (end - begin) / substeps
        for step in range(substeps):
            drift, repulsion, diffusion = forces(begin + step * dt, s)
            if min(np.min(repulsion), np.min(diffusion)) < 0:
                raise ValueError("V_S and D_S must not be negative")
            y = s + dt * drift + np.sqrt(2 * dt * temperature * diffusion) * rng.standard_normal(s.shape)
            s = (y + np.sqrt(y**2 + 4 * dt * temperature * repulsion)) / 2
        path.append(s)
    return np.stack(path, axis=-1)


def separate(y: Array, strength: Array, *, guess: Array) -> Array:
    """Ordered solution x of x_i = y_i + sum_j strength_ij / (x_i - x_j).

    Args:
        y: any order, (replica, N).
        strength: symmetric, not negative, (replica, N, N); the diagonal does not matter. Where it is zero,
            levels do not repel; a floor far below rounding of the spectrum keeps them in order.
        guess: ascending, (replica, N).

    Returns:
        Shape (replica, N), ascending.

    Raises:
        RuntimeError: no convergence.
    """
    scale = np.ptp(guess, axis=-1, keepdims=True) + np.ptp(y, axis=-1, keepdims=True)
    floor = (1e-9 * scale[..., None]) ** 2
    x = np.array(guess, dtype=np.float64)
    if not _separate(y, np.maximum(strength, floor), x, TOLERANCE):
        raise RuntimeError("the implicit step did not converge: take more substeps")
    return x


def _intervals(times: Sequence[float] | Array) -> list[tuple[float, float]]:
    grid = np.asarray(times, dtype=np.float64)
    if len(grid) < 2 or np.any(np.diff(grid) <= 0):
        raise ValueError("times must be two or more, ascending")
    return list(zip(grid[:-1].tolist(), grid[1:].tolist(), strict=True))


@njit(cache=True)
def _separate(y, strength, x, tolerance):  # pragma: no cover - compiled
    """Newton's method from the ordered `x`, in place; steps are cut short so that no two levels cross."""
    replicas, n = y.shape
    matrix = np.empty((n, n))
    step = np.empty(n)
    for r in range(replicas):
        done = False
        for _ in range(200):
            for i in range(n):
                step[i] = y[r, i] - x[r, i]
                matrix[i, i] = 1.0
            for i in range(n):
                for j in range(i):
                    gap = x[r, i] - x[r, j]
                    force = strength[r, i, j] / gap
                    step[i] += force
                    step[j] -= force
                    matrix[i, j] = -force / gap
                    matrix[i, i] += force / gap
                    matrix[j, j] += force / gap
            _solve(matrix, step)
            allowed = 1.0
            for i in range(n - 1):
                closing = step[i] - step[i + 1]
                gap = x[r, i + 1] - x[r, i]
                if closing * allowed > 0.9 * gap:
                    allowed = 0.9 * gap / closing
            largest = 0.0
            for i in range(n):
                x[r, i] += allowed * step[i]
                largest = max(largest, abs(step[i]))
            if largest <= tolerance * (x[r, n - 1] - x[r, 0]):
                done = True
                break
        if not done:
            return False
    return True


@njit(cache=True)
def _solve(matrix, right):  # pragma: no cover - compiled
    """Cholesky's method on the lower triangle, in place; the matrix is positive definite by construction."""
    n = len(right)
    for j in range(n):
        for k in range(j):
            matrix[j, j] -= matrix[j, k] ** 2
        matrix[j, j] = np.sqrt(matrix[j, j])
        for i in range(j + 1, n):
            for k in range(j):
                matrix[i, j] -= matrix[i, k] * matrix[j, k]
            matrix[i, j] /= matrix[j, j]
    for i in range(n):
        for k in range(i):
            right[i] -= matrix[i, k] * right[k]
        right[i] /= matrix[i, i]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            right[i] -= matrix[k, i] * right[k]
        right[i] /= matrix[i, i]
