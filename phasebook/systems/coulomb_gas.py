"""Two eigenvalues that repel each other in a harmonic well: exact laws, cumulative laws, samples.

A target eigenvalue that is doubly degenerate leaves its two eigenvalues x_1, x_2 free to rotate into each
other. Two descriptions of their stationary state, equal if both widths are the same:

- *Coulomb gas*: P(x_1, x_2) ~ |x_1 - x_2| exp(-u_1^2 / 2 s_1^2 - u_2^2 / 2 s_2^2), u = x - x*, a particle
  of its own width s for each species;
- *Gaussian matrix*: x_1, x_2 are the eigenvalues of a symmetric 2 x 2 matrix with independent Gaussian
  entries. Orthogonal invariance, Var X_11 = Var X_22 = 2 Var X_12 = s^2, gives the gas with s_1 = s_2 = s.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ellipe, erf, i0e

from phasebook.network import Array

ANGLES = 256
"""Points of the trapezium rule around the circle: exact to rounding for widths up to a ratio of ten."""


def two_level_density(u: Array, *, s1: float, s2: float) -> Array:
    """Spectral density of two repelling levels of widths s1 and s2, the "generalised semicircle".

    Mean of the marginals of the gas. For s1 = s2 = s it is the exact two-level form of the semicircle,
    exp(-v^2/2) [2 exp(-v^2/2) + sqrt(2 pi) v erf(v / sqrt 2)] / (4 sqrt(pi) s), v = u/s, of variance 3 s^2/2.

    Args:
        u: distance from the target eigenvalue, any shape.
        s1, s2: widths without repulsion, in the unit of `u`; positive.

    Returns:
        Density per unit u, shape of `u`.

    Raises:
        ValueError: a width not positive.
    """
    _positive(s1=s1, s2=s2)
    return (_marginal(u, s1, s2) + _marginal(u, s2, s1)) / 2


def two_level_cdf(u: Array, *, s1: float, s2: float) -> Array:
    """Integral of `two_level_density` from minus infinity, in closed form; arguments and errors the same."""
    _positive(s1=s1, s2=s2)
    u = np.asarray(u, dtype=np.float64)
    width = np.hypot(s1, s2)
    lost = sum(
        s / (2 * width) * np.exp(-(u**2) / (2 * s**2)) * erf(u / (np.sqrt(2) * other))
        for s, other in ((s1, s2), (s2, s1))
    )
    return (1 + erf(u * width / (np.sqrt(2) * s1 * s2)) - lost) / 2


def spacing_law(spacing: Array, *, a: float, b: float) -> Array:
    """Density of the spacing S of a Gaussian symmetric 2 x 2 matrix, exact.

    S = sqrt((X_11 - X_22)^2 + 4 X_12^2) is the length of a vector with independent Gaussian components:
    P(S) = S/(a b) exp[-(S^2/4)(1/a^2 + 1/b^2)] I_0[(S^2/4)(1/b^2 - 1/a^2)]. For a = b it is Rayleigh's law.

    Args:
        spacing: S >= 0, any shape.
        a: standard deviation of X_11 - X_22; positive.
        b: standard deviation of 2 X_12; positive.

    Returns:
        Density per unit S, shape of `spacing`.

    Raises:
        ValueError: `a` or `b` not positive.
    """
    _positive(a=a, b=b)
    s2 = np.asarray(spacing, dtype=np.float64) ** 2
    # i0e(z) = exp(-|z|) I_0(z): what is left of the exponent is the smaller of the two rates
    return spacing / (a * b) * np.exp(-s2 / (2 * max(a, b) ** 2)) * i0e(s2 / 4 * (1 / b**2 - 1 / a**2))


def spacing_cdf(spacing: Array, *, a: float, b: float) -> Array:
    """Integral of `spacing_law` from 0: Rayleigh's law averaged over the direction of the vector.

    Direction here is the angle theta of the vector in units of a and b; the integrand is smooth and periodic,
    so the trapezium rule converges faster than any power.
    """
    _positive(a=a, b=b)
    theta = np.arange(ANGLES) * (np.pi / ANGLES)
    variance = (a * np.cos(theta)) ** 2 + (b * np.sin(theta)) ** 2
    s2 = np.asarray(spacing, dtype=np.float64)[..., None] ** 2
    return -np.expm1(-s2 / (2 * variance)).mean(axis=-1)


def mean_spacing(*, a: float, b: float) -> float:
    """Mean of `spacing_law`, a complete elliptic integral; sqrt(pi/2) a for a = b."""
    _positive(a=a, b=b)
    large, small = max(a, b), min(a, b)
    return float(np.sqrt(2 / np.pi) * large * ellipe(1 - (small / large) ** 2))


def wigner_surmise(s: Array) -> Array:
    """(pi/2) s exp(-pi s^2/4), the law of S over its mean for a = b; shape of `s`, s >= 0."""
    s = np.asarray(s, dtype=np.float64)
    return np.pi / 2 * s * np.exp(-np.pi * s**2 / 4)


def wigner_cdf(s: Array) -> Array:
    """Integral of `wigner_surmise` from 0."""
    return -np.expm1(-np.pi * np.asarray(s, dtype=np.float64) ** 2 / 4)


def sample_gas(count: int, *, s1: float, s2: float, seed: int = 0) -> Array:
    """Independent draws of (u_1, u_2) from the Coulomb gas, exact: shape (count, 2), in order of the species.

    The weight |u_1 - u_2| turns the difference, a Gaussian, into a Rayleigh variable with a random sign;
    given the difference the other direction stays Gaussian.
    """
    _positive(s1=s1, s2=s2)
    rng = np.random.default_rng(seed)
    width2 = s1**2 + s2**2
    difference = rng.rayleigh(np.sqrt(width2), count) * rng.choice([-1.0, 1.0], count)
    first = difference * s1**2 / width2 + s1 * s2 / np.sqrt(width2) * rng.standard_normal(count)
    return np.stack([first, first - difference], axis=-1)


def sample_matrices(count: int, *, s1: float, s2: float, cross: float, seed: int = 0) -> Array:
    """Eigenvalues of Gaussian symmetric 2 x 2 matrices, ascending: shape (count, 2).

    Args:
        count: how many matrices.
        s1, s2: standard deviations of X_11 and X_22; positive.
        cross: standard deviation of X_12; positive.
        seed: of the draws.
    """
    _positive(s1=s1, s2=s2, cross=cross)
    x11, x22, x12 = np.random.default_rng(seed).standard_normal((3, count))
    half, gap = (s1 * x11 + s2 * x22) / 2, np.hypot((s1 * x11 - s2 * x22) / 2, cross * x12)
    return np.stack([half - gap, half + gap], axis=-1)


def _marginal(u: Array, s: float, other: float) -> Array:
    """Density of the level of width s whose partner has the width `other`."""
    u = np.asarray(u, dtype=np.float64)
    norm = 2 * np.sqrt(2 * np.pi) * s * other * np.hypot(s, other)
    near = 2 * other**2 * np.exp(-(u**2) / (2 * other**2))
    far = np.sqrt(2 * np.pi) * other * u * erf(u / (np.sqrt(2) * other))
    return np.exp(-(u**2) / (2 * s**2)) * (near + far) / norm


def _positive(**widths: float) -> None:
    for name, width in widths.items():
        if not 0 < width < np.inf:
            raise ValueError(f"{name} must be a positive number, got {width}")
