"""The Gaussian restricted Boltzmann machine that learns a scalar field: model and exact results.

Visible units v and hidden units h are real, p(v, h) ~ exp(-E), with N of each. All laws below are for
training by stochastic gradient ascent of the likelihood,

    W <- W + alpha sigma_h^2 W (C_data - C_model),      C = mean of v v^T,

where C_data is exact, the inverse of the target's kinetic matrix, and C_model is estimated with |B| chains:
all noise comes from there. x are the eigenvalues of W^T W, x* their targets.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from phasebook.network import Array


@dataclass(frozen=True)
class GaussianRBM:
    """E(v, h) = mu^2 v^2 / 2 + h^2 / (2 sigma_h^2) - h^T W v, and a free scalar field as its target.

    The field lives on a periodic chain: its kinetic matrix has mass^2 + 2 on the diagonal and -1 for
    neighbours.

    Args:
        sites: N, of the chain, of visible and of hidden units; at least 3.
        mass: m of the field in lattice units; not negative.
        mu: of the visible units; mu^2 has to exceed every eigenvalue of the kinetic matrix, else W cannot
            represent the field.
        sigma_h: of the hidden units; positive. It only sets the units of W.

    Raises:
        ValueError: an argument out of range.
    """

    sites: int = 10
    mass: float = 2.0
    mu: float = 3.0
    sigma_h: float = 1.0

    def __post_init__(self) -> None:
        if self.sites < 3:
            raise ValueError(f"sites must be at least 3, got {self.sites}")
        if not (self.mass > 0 and self.sigma_h > 0):
            raise ValueError(f"mass and sigma_h must be positive, got {self.mass} and {self.sigma_h}")
        if self.mu**2 <= self.kappa[-1]:
            raise ValueError(
                f"mu^2 must exceed the largest eigenvalue {self.kappa[-1]:g} of the field, got {self.mu**2:g}"
            )

    @cached_property
    def kinetic(self) -> Array:
        """K_phi, (N, N): the field has the weight exp(-v^T K_phi v / 2)."""
        hop = np.roll(np.eye(self.sites), 1, axis=0)
        return (self.mass**2 + 2) * np.eye(self.sites) - hop - hop.T

    @cached_property
    def kappa(self) -> Array:
        """Eigenvalues of K_phi, ascending, m^2 + 2 - 2 cos p: momenta p and -p share one."""
        momenta = 2 * np.pi * np.arange(self.sites) / self.sites
        return np.sort(self.mass**2 + 2 - 2 * np.cos(momenta))

    @cached_property
    def modes(self) -> Array:
        """Orthonormal eigenvectors of K_phi as columns, in the order of `kappa`: 1, cos px, sin px, ..."""
        site = np.arange(self.sites)
        waves: list[Array] = [np.ones(self.sites)]
        for k in range(1, (self.sites + 1) // 2):
            waves += [wave(2 * np.pi * k * site / self.sites) for wave in (np.cos, np.sin)]
        if self.sites % 2 == 0:
            waves.append((-1.0) ** site)
        return np.stack([wave / np.linalg.norm(wave) for wave in waves], axis=-1)

    @cached_property
    def targets(self) -> Array:
        """x* = (mu^2 - kappa) / sigma_h^2 in the order of `kappa`: descending."""
        return (self.mu**2 - self.kappa) / self.sigma_h**2

    @cached_property
    def multiplets(self) -> tuple[tuple[int, ...], ...]:
        """Places in *ascending* x of the levels with a common target: (0,), (1, 2), (3, 4), ..."""
        edges = np.flatnonzero(np.diff(self.targets[::-1]) > 1e-9) + 1
        return tuple(tuple(map(int, group)) for group in np.split(np.arange(self.sites), edges))

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """The doubly degenerate multiplets."""
        return tuple((group[0], group[1]) for group in self.multiplets if len(group) == 2)

    def energy(self, v: Array, h: Array, weights: Array) -> Array:
        """E(v, h): v, h of shape (..., N), W of shape (N, N) -> (...)."""
        own = self.mu**2 * np.sum(v**2, axis=-1) / 2 + np.sum(h**2, axis=-1) / (2 * self.sigma_h**2)
        return own - np.einsum("...i,ij,...j->...", h, weights, v)

    def hidden_given_visible(self, v: Array, weights: Array) -> tuple[Array, float]:
        """Mean and variance of h for fixed v: sigma_h^2 W v, sigma_h^2."""
        return self.sigma_h**2 * v @ weights.T, self.sigma_h**2

    def visible_given_hidden(self, h: Array, weights: Array) -> tuple[Array, float]:
        """Mean and variance of v for fixed h: W^T h / mu^2, 1 / mu^2."""
        return h @ weights / self.mu**2, 1 / self.mu**2

    def precision(self, weights: Array) -> Array:
        """K = mu^2 - sigma_h^2 W^T W, (..., N, N): p(v) ~ exp(-v^T K v / 2) if K is positive definite."""
        return self.mu**2 * np.eye(self.sites) - self.sigma_h**2 * np.swapaxes(weights, -1, -2) @ weights

    def weights_at(self, x: Array) -> Array:
        """A W that is aligned with the field's modes: W^T W = sum_i x_i (mode i)(mode i)^T; x as `kappa`."""
        return np.sqrt(np.asarray(x))[:, None] * self.modes.T


def learning_time(x: Array, *, start: Array, kappa: Array, model: GaussianRBM) -> Array:
    """alpha times updates until an aligned eigenvalue has gone from `start` to `x`, without noise.

    Exact solution of dx/dtau = 2 sigma_h^2 x [1/kappa - 1/(mu^2 - sigma_h^2 x)]; all arrays broadcast, and x
    and `start` lie on the same side of the target x*.
    """
    mu2, s2 = model.mu**2, model.sigma_h**2
    target = (mu2 - kappa) / s2
    grown = mu2 * np.log(x / start) - kappa * np.log((target - x) / (target - start))
    return kappa / (2 * s2**2 * target) * grown


def learning_curve(tau: Array, *, start: Array, kappa: Array, model: GaussianRBM) -> Array:
    """x at tau = alpha times updates: `learning_time` inverted by bisection in log x/(x* - x).

    Args:
        tau: not negative, broadcasts with the others.
        start: x at tau = 0, between 0 and x*.
        kappa: eigenvalue of the field.
        model: for mu and sigma_h.
    """
    tau, start, kappa = np.broadcast_arrays(tau, start, kappa)
    target = (model.mu**2 - kappa) / model.sigma_h**2
    low = np.log(start / (target - start))
    high = np.full(low.shape, 36.0)
    for _ in range(80):
        middle = (low + high) / 2
        x = target / (1 + np.exp(-middle))
        late = learning_time(x, start=start, kappa=kappa, model=model) > tau
        low, high = np.where(late, low, middle), np.where(late, middle, high)
    return target / (1 + np.exp(-(low + high) / 2))


def aligned_start(weights: Array, model: GaussianRBM) -> Array:
    """Where the eigenvalues of a small random W start: what each mode has that faster ones leave it.

    A mode of small kappa grows faster, and modes must end orthogonal: the start that counts for mode i is the
    squared length of W (mode i) orthogonal to W (mode j), j < i, the diagonal of R in a QR decomposition.

    Args:
        weights: (..., N, N).

    Returns:
        x_i(0) in the order of `kappa`, (..., N).
    """
    triangle = np.linalg.qr(weights @ model.modes, mode="r")
    return np.diagonal(triangle, axis1=-2, axis2=-1) ** 2


def relaxation_rate(model: GaussianRBM, *, learning_rate: float) -> Array:
    """gamma per update of a small deviation from the target, 2 alpha sigma_h^4 x* / kappa^2; as `kappa`."""
    return 2 * learning_rate * model.sigma_h**4 * model.targets / model.kappa**2


def stationary_width(target: Array, *, learning_rate: float, batch_size: float) -> Array:
    """sigma of the stationary law, sigma^2 = 2 alpha x* / |B|, to leading order: neither kappa nor N enters.

    Near the target (W^T W)_ab obeys delta X <- (1 - gamma) delta X - 2 alpha sigma_h^2 x* delta C_ab, and
    |B| independent samples have Var C_aa = 2 / (|B| kappa^2) = 2 Var C_ab. So a pair is a 2 x 2 matrix of the
    Gaussian orthogonal ensemble, with Var X_aa = sigma^2 = 2 Var X_ab.
    """
    return np.sqrt(2 * learning_rate * np.asarray(target) / batch_size)


def width_correction(model: GaussianRBM, *, learning_rate: float, sweeps: int | None) -> Array:
    """sigma^2 over its leading order from steps of finite length and from chains that remember; as `kappa`.

    1 / (1 - gamma / 2), times (1 + r) / (1 - r) with r = (sigma_h^2 x* / mu^2)^(2 sweeps), the correlation of
    v_i v_j from one update to the next, for persistent chains (`sweeps` not None).
    """
    finite = 1 / (1 - relaxation_rate(model, learning_rate=learning_rate) / 2)
    if sweeps is None:
        return finite
    memory = (model.sigma_h**2 * model.targets / model.mu**2) ** (2 * sweeps)
    return finite * (1 + memory) / (1 - memory)


def mean_shift(model: GaussianRBM, *, learning_rate: float, batch_size: float) -> Array:
    """E[x_i] - x*_i of the stationary state to first order in alpha/|B|, averaged over a pair; as `kappa`.

    Three sources: repulsion between multiplets (with the change of the force when eigenvectors turn), the
    square of an update, and the curvature of the force 1/K. Independent samples in C_model.
    """
    alpha = learning_rate * model.sigma_h**2
    x, k = model.sigma_h**2 * model.targets, model.kappa
    same = np.isclose(k[:, None], k)
    gap = np.where(same, np.inf, x[:, None] - x)
    repulsion = np.sum(x * (x[:, None] + x) / (np.outer(k, k) * gap), axis=1)
    square = 2 * x / k**2 + np.sum(np.where(np.eye(len(k)) > 0, 0.0, x / np.outer(k, k)), axis=1)
    curvature = 4 * model.mu**2 * x / k**3 * np.where(same.sum(axis=1) == 2, 1.5, 1.0)
    force = alpha**2 / batch_size * (repulsion + square - curvature)
    return force / relaxation_rate(model, learning_rate=learning_rate) / model.sigma_h**2
