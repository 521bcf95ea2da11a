"""The spectrum of a trained layer against the law it had at the start: size, outliers, tail."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from phasebook.evidence.statistics import Estimate
from phasebook.network import Array
from phasebook.spectra import marchenko_pastur_cdf


class Spectrum(NamedTuple):
    """A spectrum against Marchenko-Pastur of the same trace.

    Attributes:
        scale: sigma_w of the law with the same mean eigenvalue, mean over networks.
        distance: Kolmogorov distance of the pooled eigenvalues, each network over its own mean, to that law.
        outliers: eigenvalues in a network above the largest of nearly all initial spectra (99 %).
        tail: exponent of the density by Hill's estimator.
    """

    scale: Estimate
    distance: float
    outliers: Estimate
    tail: Estimate


def hill(x: Array, *, share: float = 0.1) -> float:
    """Exponent a of a density x^-a beyond the largest `share` of the values (Hill, 1975).

    a = 1 + k / sum_i ln(x_i / x_(k+1)) over the k largest values.

    Raises:
        ValueError: fewer than two values in the tail.
    """
    ordered = np.sort(np.asarray(x, dtype=float).ravel())[::-1]
    k = int(share * ordered.size)
    if k < 2:
        raise ValueError(f"a tail needs two values, got {k} of {ordered.size}")
    return float(1 + k / np.log(ordered[:k] / ordered[k]).sum())


def describe(
    x: Array, initial: Array, *, aspect: float, share: float = 0.1, resamples: int = 200
) -> Spectrum:
    """The spectra of an ensemble against those at the start.

    Each network's eigenvalues are divided by their mean first, so that neither sigma_W nor how much a network
    has grown counts as a tail.

    Args:
        x, initial: ascending eigenvalues, (model, level).
        aspect: n_2 / n_1 of the layer.
        share: of the pooled values that counts as the tail.
        resamples: of the bootstrap over networks, for the error of the tail.
    """
    ratio, before = (values / values.mean(-1, keepdims=True) for values in (x, initial))
    edge = np.quantile(before[:, -1], 0.99)
    stream = np.random.default_rng(0)
    draws = [hill(ratio[stream.integers(len(x), size=len(x))], share=share) for _ in range(resamples)]
    pooled = np.sort(ratio, axis=None)
    law = marchenko_pastur_cdf(pooled, sigma_w=1.0, aspect=aspect)
    counts = np.arange(pooled.size + 1) / pooled.size
    return Spectrum(
        scale=_mean(np.sqrt(x.mean(-1))),
        distance=float(np.maximum(counts[1:] - law, law - counts[:-1]).max()),
        outliers=_mean((ratio > edge).sum(-1)),
        tail=Estimate(hill(ratio, share=share), float(np.std(draws, ddof=1))),
    )


def _mean(values: Array) -> Estimate:
    return Estimate(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))))
