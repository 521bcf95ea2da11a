"""Who moves whom, and by how much: the rules of random organization and of SGD on spheres.

Lengths are in units of the (large) diameter D = 1. All moves of a step are computed from one configuration
and made together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

UNIFORM, BERNOULLI, BELL = 0, 1, 2
RECIPROCAL, NON_RECIPROCAL, PARTICLE = 0, 1, 2

CONTACT_TOLERANCE = 1e-7
"""For potentials that vanish smoothly at contact: smaller relative overlaps do not count."""


class Moves(NamedTuple):
    """A rule as the kernel reads it.

    An overlapping pair at distance r < sigma pushes both partners by
    `amplitude` * (1 - r/sigma)**(m - 1) * weight, m = 1 + `half_powers` / 2.

    Attributes:
        weight: how the weight is distributed: UNIFORM on [0, 1), BERNOULLI (1 with probability `mean`, else
            0), or BELL (mean `mean`, standard deviation `spread`).
        sharing: who shares one weight: RECIPROCAL the two partners, NON_RECIPROCAL nobody, PARTICLE all moves
            of a particle.
        isotropic: whether the direction is random (random organization), not along the line of centres.
        correlation: for isotropic moves, the probability that partners move oppositely.
    """

    weight: int
    sharing: int
    isotropic: bool
    amplitude: float
    mean: float = 0.0
    spread: float = 0.0
    half_powers: int = 0
    cutoff: float = 0.0
    correlation: float = 0.0


@dataclass(frozen=True)
class BRO:
    """Biased random organization: overlapping partners move apart by random distances, uniform on [0, kick).

    Args:
        kick: largest distance, in diameters.
        reciprocal: both partners by the same distance.
        particlewise: one number per particle scales the sum of its unit vectors; not reciprocal.
    """

    kick: float
    reciprocal: bool = True
    particlewise: bool = False

    def __post_init__(self) -> None:
        _positive("kick", self.kick)

    def moves(self) -> Moves:
        return Moves(UNIFORM, _sharing(self.reciprocal, self.particlewise), False, float(self.kick))


@dataclass(frozen=True)
class SGD:
    """Mini-batch gradient descent on the energy sum U, U = (a/m)(1 - r/sigma)^m with a = sigma/2.

    The force is (1/2)(1 - r/sigma)^(m-1), so for m = 1 a chosen pair moves each partner by learning_rate / 2.

    Args:
        learning_rate: alpha, in diameters.
        batch_fraction: probability that a pair (or, particle-wise, a particle) is in the mini-batch of a
            step; 1 is deterministic gradient descent.
        exponent: m, a multiple of one half; at least 1. Above 1, relative overlaps below 1e-7 do not count.
        particlewise: whole gradients of chosen particles in place of chosen pairs; not reciprocal.
    """

    learning_rate: float
    batch_fraction: float
    exponent: float = 1.0
    particlewise: bool = False

    def __post_init__(self) -> None:
        _positive("learning_rate", self.learning_rate, below=10)
        if not 0 < self.batch_fraction <= 1:
            raise ValueError(f"batch_fraction must be above 0 and at most 1, got {self.batch_fraction}")
        if self.exponent < 1 or 2 * self.exponent != int(2 * self.exponent):
            raise ValueError(f"exponent must be 1, 1.5, 2, 2.5, ..., got {self.exponent}")

    def moves(self) -> Moves:
        return Moves(
            BERNOULLI,
            _sharing(True, self.particlewise),
            False,
            0.5 * self.learning_rate,
            mean=float(self.batch_fraction),
            half_powers=int(2 * self.exponent) - 2,
            cutoff=0.0 if self.exponent == 1 else CONTACT_TOLERANCE,
        )


@dataclass(frozen=True)
class RO:
    """Random organization (Corte et al. 2008, isotropic): overlapping partners move in random directions.

    Args:
        kick: distances are uniform on [0, kick), in diameters.
        correlation: probability that the two move oppositely and equally far; else independently. It is the
            correlation coefficient of their displacements, with a minus sign.
    """

    kick: float
    correlation: float = 0.0

    def __post_init__(self) -> None:
        _positive("kick", self.kick)
        if not 0 <= self.correlation <= 1:
            raise ValueError(f"correlation must be between 0 and 1, got {self.correlation}")

    def moves(self) -> Moves:
        return Moves(UNIFORM, NON_RECIPROCAL, True, float(self.kick), correlation=float(self.correlation))


@dataclass(frozen=True)
class StochasticApproximation:
    """Linear repulsion with multiplicative, anisotropic noise: each overlap pushes by drift + noise * xi.

    The noise acts along the line of centres of overlapping pairs only. xi has mean 0 and variance 1 (a
    bell-shaped number, see `hashing.bell`).

    Args:
        drift: mean distance per step and overlap, in diameters.
        noise: its standard deviation.
        reciprocal: both partners by the same distance.
    """

    drift: float
    noise: float
    reciprocal: bool = True

    def __post_init__(self) -> None:
        _positive("drift", self.drift)
        if not self.noise >= 0:
            raise ValueError(f"noise must not be negative, got {self.noise}")

    def moves(self) -> Moves:
        return Moves(
            BELL,
            _sharing(self.reciprocal, False),
            False,
            1.0,
            mean=float(self.drift),
            spread=float(self.noise),
        )


Rule = BRO | SGD | RO | StochasticApproximation


def matched_sgd(kick: float) -> SGD:
    """Pairwise SGD whose moves have the mean and variance of BRO's: p = 3/4, alpha = 4 kick / 3.

    Uniform on [0, kick) has mean kick/2 and variance kick^2/12; a step d taken with probability p has p d and
    p (1-p) d^2. Equal for p = 3/4, d = 2 kick / 3 = alpha / 2.
    """
    return SGD(learning_rate=4.0 * kick / 3.0, batch_fraction=0.75)


def matched_approximation(kick: float) -> StochasticApproximation:
    """The stochastic approximation with mean and variance of BRO's moves."""
    _positive("kick", kick)
    return StochasticApproximation(drift=kick / 2.0, noise=kick / math.sqrt(12.0))


def _sharing(reciprocal: bool, particlewise: bool) -> int:
    return PARTICLE if particlewise else RECIPROCAL if reciprocal else NON_RECIPROCAL


def _positive(name: str, value: float, *, below: float = 1) -> None:
    if not 0 < value < below:
        raise ValueError(f"{name} must be above 0 and below {below} (in diameters), got {value}")
