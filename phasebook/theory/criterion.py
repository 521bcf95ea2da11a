"""The two arguments for the boundaries, as formulas: force balance of the mean spacing, and bistable units.

Eq. (4.9)-(4.15) of Section 4.2, and the place where (2.22) turns from one well into two.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import lambertw, ndtri, wrightomega

from phasebook.network import PAPER_WIDTHS, Array, Ensemble, forward
from phasebook.spectra import marchenko_pastur_edges
from phasebook.theory.spins import CRITICAL_VARIANCE


def converges(
    drift: Array, repulsion: Array, *, temperature: Array | float, spacing: Array | float
) -> NDArray[np.bool_]:
    """Whether the force of Eq. (4.9) does not widen the spacing: K_S + V_S T / S <= 0.

    For V_S > 0 this is the criterion (4.10), T / S <= -K_S / V_S. Multiplied out it also has a meaning for
    V_S < 0, which some readings produce and where dividing would turn the inequality round.

    Args:
        drift: K_S.  repulsion: V_S.  temperature: T.  spacing: S, positive; all broadcast.

    Returns:
        Booleans of the common shape; False where anything is not a number.
    """
    return np.asarray(spacing * drift + temperature * repulsion <= 0)


def spacing_bound(sigma_w: Array | float, *, widths: Sequence[int] = PAPER_WIDTHS) -> Array:
    """Width of the Marchenko-Pastur law as a mean spacing, 4 sigma_w^2 sqrt(r) / (n_2 - 1), Eq. (4.14).

    Args:
        sigma_w: disorder of the trained layer, the last but one; any shape.
        widths: n_0, ..., n_L.
    """
    n1, n2 = widths[-3], widths[-2]
    lower, upper = marchenko_pastur_edges(sigma_w=1.0, aspect=n2 / n1)
    return np.asarray(sigma_w) ** 2 * (upper - lower) / (n2 - 1)


def stationary_spacing(drift: Array, repulsion: Array, *, temperature: float) -> Array:
    """Where the force of Eq. (4.9) vanishes: S* = -T V_S / K_S. It attracts, if K_S < 0 < V_S."""
    return np.asarray(-temperature * repulsion / drift)


def spacing_flow(time: Array, *, drift: float, repulsion: float, temperature: float, initial: float) -> Array:
    """S(t) of Eq. (4.9) for constant K_S < 0 < V_S, exactly.

    With u = S / S* - 1 the equation reads du/dt = -k u / (1 + u), k = -K_S / S*, so u e^u decays as e^{-kt}
    and u is its Lambert function.

    Args:
        time: t, any shape.  drift: K_S.  repulsion: V_S.  temperature: T.  initial: S(0), positive.

    Raises:
        ValueError: no stationary spacing, or `initial` not positive.
    """
    if not (drift < 0 < repulsion and temperature > 0 and initial > 0):
        raise ValueError(
            "need K_S < 0 < V_S and positive T and S(0), "
            f"got K_S {drift}, V_S {repulsion}, T {temperature}, S(0) {initial}"
        )
    end = -temperature * repulsion / drift
    u, elapsed = initial / end - 1, -drift / end * np.asarray(time, dtype=float)
    if u > 0:  # omega(y) = W(e^y), which does not overflow
        return end * (1 + wrightomega(np.log(u) + u - elapsed))
    return end * (1 + lambertw(u * np.exp(u - elapsed)).real)


def critical_inv_sigma_w(mean_square_input: Array | float = 1.0) -> Array:
    """1/sigma_W at which sigma_z^2 = 1/2, where the potential (2.22) of a unit turns from one well to two.

    The pre-activation z = W phi has variance sigma_W^2 q, q the mean square of the activities phi that enter.

    Args:
        mean_square_input: q in (0, 1]; 1 is the upper bound for tanh, and gives the paper's sqrt(2).
    """
    return np.sqrt(np.asarray(mean_square_input) / CRITICAL_VARIANCE)


def mean_square_input(ensemble: Ensemble) -> Array:
    """q, the mean of phi^2 over the units that feed the trained layer and over the test points: (model,)."""
    layers = ensemble.student[: ensemble.trained]
    entering = forward(layers, ensemble.test_inputs)[-2] if len(layers) > 1 else ensemble.test_inputs
    return np.mean(entering**2, axis=(-2, -1))


def wilson_interval(
    successes: Array | int, trials: Array | int, *, confidence: float = 0.68
) -> tuple[Array, Array]:
    """Wilson's interval for a fraction, from counts: the fractions p0 for which the observed one is not
    further than z standard deviations sqrt(p0 (1 - p0) / n) away.

    Unlike p +- z sqrt(p (1 - p) / n) it keeps its width when all or none succeed.

    Args:
        successes, trials: counts, any shapes; no trials give (0, 1).
        confidence: probability of the interval, in (0, 1).

    Returns:
        (lower, upper), in [0, 1].

    Raises:
        ValueError: `confidence` out of range, or more successes than trials.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie in (0, 1), got {confidence}")
    k, n = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    if np.any(k > n) or np.any(k < 0):
        raise ValueError("need 0 <= successes <= trials")
    z2 = ndtri(0.5 + confidence / 2) ** 2
    centre = (k + z2 / 2) / (n + z2)
    half = np.sqrt(z2 * (k * (n - k) / np.maximum(n, 1) + z2 / 4)) / (n + z2)
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)
