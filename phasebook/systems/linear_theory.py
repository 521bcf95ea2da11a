"""What is known exactly about the linear network: its relaxation, its stationary covariance, its levels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import erf

from phasebook.network import Array
from phasebook.systems.linear_network import LinearNetwork

ANGLES = 256
"""Points of the trapezium rule around the circle of eigenvectors: exact to rounding for moderate widths."""


def relaxation(time: Array, *, rate: float, kappa: float, start: float) -> Array:
    """Level of a network whose readout is kept, x(t) = [sqrt(kappa) + (sqrt(x_0) - sqrt(kappa)) e^{-z t}]^2.

    Solves dx/dt = 2 z (sqrt(kappa x) - x); exact if W starts aligned with the teacher.

    Args:
        time: alpha times updates, any shape.
        rate: z, the eigenvalue of Z^T Z that belongs to the level.
        kappa: target.
        start: x_0, at least 0.
    """
    root = np.sqrt(kappa)
    return (root + (np.sqrt(start) - root) * np.exp(-rate * np.asarray(time))) ** 2


def logistic(time: Array, *, kappa: float, start: float) -> Array:
    """Level of a network that trains both layers from balanced, aligned weights: Saxe's logistic curve.

    u = w_1 w_2 obeys du/dt = 2 u (kappa - u), so u(t) = kappa / (1 + (kappa/u_0 - 1) e^{-2 kappa t}); with
    w_1 = w_2 the level of W is u itself. Arguments as of `relaxation`; `start` positive.
    """
    return kappa / (1 + (kappa / start - 1) * np.exp(-2 * kappa * np.asarray(time)))


@dataclass(frozen=True)
class Widths:
    """Standard deviations of X = W W^T about kappa, in the eigenbasis of G: of X_11, X_22 and X_12."""

    s1: float
    s2: float
    cross: float

    @property
    def a(self) -> float:
        """Standard deviation of X_11 - X_22."""
        return float(np.hypot(self.s1, self.s2))

    @property
    def b(self) -> float:
        """Standard deviation of 2 X_12."""
        return 2 * self.cross


def small_step_widths(network: LinearNetwork, temperature: float) -> Widths:
    """Widths to leading order in T = alpha / |B|.

    With v = kappa A^2 T and rates z_1, z_2:
    induced       Var X_ii = 4 v / z_i,  Var X_12 = v [1/2z_1 + 1/2z_2 + 2/(z_1 + z_2)];
    independent   Var X_ii = 2 v / z_i,  Var X_12 = (v/2)(1/z_1 + 1/z_2);
    label         Var X_ii = 2 v,        Var X_12 = v: noise proportional to the curvature, and Z drops out.
    """
    z1, z2 = network.curvatures
    v = network.kappa * network.amplitude**2 * temperature
    variances = {
        "induced": (4 / z1, 4 / z2, 0.5 / z1 + 0.5 / z2 + 2 / (z1 + z2)),
        "independent": (2 / z1, 2 / z2, 0.5 / z1 + 0.5 / z2),
        "label": (2.0, 2.0, 1.0),
    }[network.noise]
    return Widths(*(float(np.sqrt(v * each)) for each in variances))


def stationary_covariance(network: LinearNetwork, *, learning_rate: float, batch_size: int) -> Array:
    """E[d_i d_j^T] of the rows d_i of W - W_t in the eigenbasis of G: (row i, row j, 2, 2), exact.

    A batch multiplies row i by 1 - alpha z_i C, and E[C M C] = M + (M^T + tr M) / |B| for the covariance C of
    |B| white inputs. So each block M_ij solves four linear equations,
    (z_i + z_j) M - alpha z_i z_j [M + (M^T + tr M) / |B|] = alpha Q_ij, with Q the covariance of the noise
    rows: no limit of small steps or large batches is taken.

    Raises:
        ValueError: the step is so large that the second moment grows without bound.
    """
    z = network.curvatures
    limit = mean_square_limit(network, batch_size=batch_size)
    if learning_rate >= limit:
        raise ValueError(f"no stationary state: alpha must be below {limit:.4g}, got {learning_rate}")
    unit = np.eye(4)
    swap = unit[[0, 2, 1, 3]]  # M -> M^T for M written as a row of four
    trace = np.outer(np.eye(2).ravel(), np.eye(2).ravel())
    noise = _noise(network) * network.amplitude**2 / batch_size
    found = np.empty((2, 2, 2, 2))
    for i in range(2):
        for j in range(2):
            squared = learning_rate * z[i] * z[j] * (unit + (swap + trace) / batch_size)
            system = (z[i] + z[j]) * unit - squared
            found[i, j] = np.linalg.solve(system, learning_rate * noise[i, j].ravel()).reshape(2, 2)
    return found


def mean_square_limit(network: LinearNetwork, *, batch_size: int) -> float:
    """Largest alpha with a bounded second moment, 2 / [z_2 (1 + 3/|B|)]."""
    return float(2 / (network.curvatures[-1] * (1 + 3 / batch_size)))


def stationary_widths(network: LinearNetwork, *, learning_rate: float, batch_size: int) -> Widths:
    """Widths from `stationary_covariance`, to first order in W - W_t: X - kappa = sqrt(kappa) (d + d^T)."""
    c = stationary_covariance(network, learning_rate=learning_rate, batch_size=batch_size)
    variances = (4 * c[0, 0, 0, 0], 4 * c[1, 1, 1, 1], c[0, 0, 1, 1] + c[1, 1, 0, 0] + 2 * c[0, 1, 1, 0])
    return Widths(*(float(np.sqrt(network.kappa * each)) for each in variances))


def matrix_density(u: Array, *, widths: Widths) -> Array:
    """Exact density of the two levels of a symmetric Gaussian matrix with these widths, per level.

    The joint law of levels x, y and angle theta of the eigenvectors is |x - y| times the Gaussian of the
    entries. The integral over y is that of |y| times a Gaussian; the one over theta is smooth and periodic.

    Args:
        u: distance from kappa, any shape.
        widths: of the entries, which are independent.

    Returns:
        Density per unit u, shape of `u`.
    """
    s1, s2, cross = widths.s1, widths.s2, widths.cross
    theta = np.arange(ANGLES) * (np.pi / ANGLES)
    sine, cosine = np.sin(theta) ** 2, np.cos(theta) ** 2
    x = np.asarray(u, dtype=np.float64)[..., None]
    # Exponent -[A d^2 - 2 B x d + C x^2] / 2 with d = x - y.
    A = (sine / s1) ** 2 + (cosine / s2) ** 2 + sine * cosine / cross**2
    B = sine / s1**2 + cosine / s2**2
    C = s1**-2 + s2**-2
    middle = B * x / A
    gap = 2 / A * np.exp(-A * middle**2 / 2)
    gap = gap + np.sqrt(2 * np.pi / A) * middle * erf(middle * np.sqrt(A / 2))
    weight = np.exp(-(C - B**2 / A) * x**2 / 2) * gap
    return np.pi * weight.mean(axis=-1) / (2 * (2 * np.pi) ** 1.5 * s1 * s2 * cross)


def matrix_cdf(u: Array, *, widths: Widths) -> Array:
    """Integral of `matrix_density` from minus infinity, by a fine table."""
    reach = 8 * max(widths.a, widths.b)
    places = np.linspace(-reach, reach, 8001)
    density = matrix_density(places, widths=widths)
    integral = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2) * (places[1] - places[0])])
    return np.interp(u, places, integral)


def _noise(network: LinearNetwork) -> Array:
    """Q_ij / (A^2 / |B|): covariance of the noise in rows i and j of the gradient, (row, row, 2, 2)."""
    q = np.zeros((2, 2, 2, 2))
    q[0, 0] = q[1, 1] = np.eye(2)
    if network.noise == "induced":  # diagonal entries have twice the variance, W_12 and W_21 the same noise
        q[0, 0, 0, 0] = q[1, 1, 1, 1] = 2.0
        q[0, 1, 1, 0] = q[1, 0, 0, 1] = 1.0
    elif network.noise == "label":
        q *= network.curvatures[:, None, None, None]
    return q
