"""Multinomial logistic regression: the probability of each phase from a few indicators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from phasebook.network import Array


@dataclass(frozen=True)
class PhaseModel:
    """p(phase) = softmax(intercept + weights u), with u the indicators in units of their scatter.

    Attributes:
        phases: names, in the order of the rows.
        indicators: names, in the order of the columns.
        mean, scatter: of each indicator in the fit, (indicator,): u = (value - mean) / scatter.
        low, high: the range each indicator had in the fit, (indicator,); a value outside is taken as the
            nearest end, so that the model says no more than it has seen.
        weights: (phase, indicator).  intercept: (phase,).
    """

    phases: tuple[str, ...]
    indicators: tuple[str, ...]
    mean: Array
    scatter: Array
    low: Array
    high: Array
    weights: Array
    intercept: Array

    def logits(self, values: Array) -> Array:
        """(..., indicator) -> (..., phase)."""
        return (self.contributions(values)).sum(axis=-1) + self.intercept

    def contributions(self, values: Array) -> Array:
        """What each indicator adds to each phase's logit: (..., indicator) -> (..., phase, indicator)."""
        scaled = (np.clip(values, self.low, self.high) - self.mean) / self.scatter
        return self.weights * scaled[..., None, :]

    def probabilities(self, values: Array) -> Array:
        """(..., indicator) -> (..., phase); not-a-number where an indicator is."""
        return softmax(self.logits(values), axis=-1)


def fit_phases(
    values: Array,
    labels: Sequence[str],
    *,
    phases: Sequence[str],
    indicators: Sequence[str],
    ridge: float = 1e-3,
) -> PhaseModel:
    """The most likely model for labelled networks, each phase counting the same however many it has.

    So no phase is likelier than another before the indicators are seen.

    Args:
        values: (network, indicator), finite.
        labels: phase of each network.
        ridge: of the squared weights beside the mean log-likelihood; it makes the answer unique.

    Raises:
        ValueError: labels that are not those of `phases`, each at least once, or values that are not finite.
    """
    if set(labels) != set(phases):
        raise ValueError(f"labels must be {', '.join(phases)}, each at least once, got {sorted(set(labels))}")
    if not np.isfinite(values).all():
        raise ValueError("indicators must be finite")
    # Ends of the middle 99.8 %: one odd network should not stretch the range.
    low, high = np.quantile(values, [0.001, 0.999], axis=0)
    clipped = np.clip(values, low, high)
    target = np.array([list(phases).index(label) for label in labels])
    one_hot = np.eye(len(phases))[target]
    share = (one_hot / one_hot.sum(axis=0)).sum(axis=1) / len(phases)  # of each network; sums to one
    mean = share @ clipped
    scatter = np.sqrt(share @ (clipped - mean) ** 2)
    scaled = (clipped - mean) / scatter

    def objective(flat: Array) -> tuple[float, Array]:
        table = flat.reshape(len(phases), -1)
        logits = scaled @ table[:, :-1].T + table[:, -1]
        likelihood = share @ log_softmax(logits, axis=1)[np.arange(len(target)), target]
        error = (softmax(logits, axis=1) - one_hot) * share[:, None]
        gradient = np.column_stack([error.T @ scaled + 2 * ridge * table[:, :-1], error.sum(axis=0)])
        return float(ridge * np.sum(table[:, :-1] ** 2) - likelihood), gradient.ravel()

    start = np.zeros(len(phases) * (scaled.shape[1] + 1))
    table = minimize(objective, start, jac=True, method="BFGS", options={"gtol": 1e-7}).x.reshape(
        len(phases), -1
    )
    return PhaseModel(tuple(phases), tuple(indicators), mean, scatter, low, high, table[:, :-1], table[:, -1])
