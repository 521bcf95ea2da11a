"""Linear networks with one hidden layer, f(x) = Z W x, that learn a teacher with two equal singular values.

W and Z are 2 x 2, inputs are white, x ~ N(0, 1). The teacher is sqrt(kappa) times the unit matrix behind the
same Z, so that both eigenvalues of X = W W^T ("squared singular values of W") have the target kappa. One step
of SGD on a batch of |B| inputs,

    W -> W - alpha (Z^T R + N),   R = Z (W - W_t) C + (label noise) x^T,

with C the covariance of the batch. Without noise of its own (N, label noise) a batch gradient vanishes at the
teacher; with it the levels end as a gas of finite width. `linear_training` trains what is defined here.

Networks are batched, network last: (2, 2, network).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from phasebook.network import Array

Noise = Literal["induced", "independent", "label"]
NOISES: tuple[Noise, ...] = get_args(Noise)
"""A symmetric matrix added to the gradient, sqrt(2) A on its diagonal and A off it; independent entries A;
noise of standard deviation A on the teacher's outputs."""

Start = Literal["teacher", "random", "aligned"]
STARTS: tuple[Start, ...] = get_args(Start)

Readout = tuple[tuple[float, float], tuple[float, float]]
IDENTITY: Readout = ((1.0, 0.0), (0.0, 1.0))
MILD: Readout = ((1.0, 0.0), (0.0, float(np.sqrt(2))))
STRONG: Readout = ((1.0, 0.0), (0.0, 2.0))
"""Two readings of the paper's two matrices Z, whose entries are not known: curvatures 1 : 2 and 1 : 4."""


@dataclass(frozen=True)
class LinearNetwork:
    """What is trained, and on what.

    Attributes:
        readout: Z, 2 x 2 with a non-zero determinant.
        kappa: target of both eigenvalues of W W^T; positive.
        noise: where the gradient noise at the optimum comes from, one of `NOISES`.
        amplitude: A, its standard deviation; zero for none.
        trained: "first" keeps Z; "both" trains it too, from a start of its own, to the product kappa times
            the unit matrix, which leaves kappa for each layer if they stay balanced.

    Raises:
        ValueError: a value out of range, or a Z of lower rank.
    """

    readout: Readout = IDENTITY
    kappa: float = 4.0
    noise: Noise = "induced"
    amplitude: float = 0.1
    trained: Literal["first", "both"] = "first"

    def __post_init__(self) -> None:
        if np.shape(self.readout) != (2, 2) or not np.min(self.curvatures) > 0:
            raise ValueError(f"readout must be a 2 x 2 matrix of full rank, got {self.readout}")
        if not 0 < self.kappa < np.inf or not 0 <= self.amplitude < np.inf:
            raise ValueError(
                f"kappa must be positive and amplitude at least 0, got {self.kappa} and {self.amplitude}"
            )
        if self.noise not in NOISES or self.trained not in ("first", "both"):
            raise ValueError(
                f"noise must be one of {', '.join(NOISES)} and trained first or both, "
                f"got {self.noise!r} and {self.trained!r}"
            )

    @property
    def curvatures(self) -> Array:
        """z_1 <= z_2, eigenvalues of G = Z^T Z: the rates of W, per unit of alpha times updates."""
        return np.linalg.eigvalsh(np.transpose(self.readout) @ np.array(self.readout))

    @property
    def teacher(self) -> Array:
        """W_t, 2 x 2."""
        return np.sqrt(self.kappa) * np.eye(2)

    def target(self) -> Array:
        """The matrix that Z W has to become, (2, 2, 1)."""
        whole = self.kappa * np.eye(2) if self.trained == "both" else np.array(self.readout) @ self.teacher
        return whole[:, :, None]


def update(
    network: LinearNetwork, w: Array, z: Array, *, learning_rate: float, factor: Array, kick: Array
) -> tuple[Array, Array]:
    """One step of SGD.

    Args:
        network: what is trained.
        w, z: W and Z, (2, 2, network).
        learning_rate: alpha.
        factor: L with C = L L^T, the covariance of the batch, (2, 2, network).
        kick: four normal numbers of standard deviation A / sqrt(|B|), (2, 2, network).

    Returns:
        W and Z after the step; Z is the one given where it is not trained.
    """
    residual = product(product(z, w) - network.target(), factor)
    if network.noise == "label":  # given the batch, the mean of (noise x^T) is normal with covariance C / |B|
        residual = residual + kick
    residual = product(residual, factor.swapaxes(0, 1))
    gradient = product(z.swapaxes(0, 1), residual)
    if network.noise == "independent":
        gradient = gradient + kick
    elif network.noise == "induced":
        diagonal = np.sqrt(2) * kick
        gradient = gradient + np.array([[diagonal[0, 0], kick[0, 1]], [kick[0, 1], diagonal[1, 1]]])
    if network.trained == "both":
        z = z - learning_rate * product(residual, w.swapaxes(0, 1))
    return w - learning_rate * gradient, z


def product(a: Array, b: Array) -> Array:
    """Matrix product of (2, 2, network) arrays; written out, as the rounding of a BLAS is its own."""
    return a[:, 0, None] * b[0] + a[:, 1, None] * b[1]
