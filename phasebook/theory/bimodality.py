"""One peak or two? A test on histograms of measured features, with its uncertainty from the ensemble."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import erf

from phasebook.evidence.statistics import Estimate
from phasebook.network import Array

N_BINS = 25


@dataclass(frozen=True)
class PeakTest:
    """What histograms of |phi| say about the number of peaks, at each sigma_W.

    Attributes:
        position, position_error: the most probable |phi| (centre of the highest bin; 0 for the bin at zero).
        contrast, contrast_error: logarithm of the highest bin with |phi| > 1/2 over the bin at zero: negative
            while the centre is the most probable, positive when two outer peaks are.
        two_peaks: the share of bootstrap draws in which the contrast is positive.
        crossing: 1/sigma_W at which the contrast changes sign; not-a-number if it does not.
    """

    inv_sigma_w: Array
    position: Array
    position_error: Array
    contrast: Array
    contrast_error: Array
    two_peaks: Array
    crossing: Estimate


def feature_counts(preactivation: Array, *, n_bins: int = N_BINS) -> Array:
    """Histogram of |tanh(z)| on (0, 1) in equal bins, one for each network.

    Args:
        preactivation: z, shape (model, ...).

    Returns:
        Counts, shape (model, n_bins).
    """
    n_models = len(preactivation)
    place = np.minimum((np.abs(np.tanh(preactivation)) * n_bins).astype(np.int64), n_bins - 1)
    place += (np.arange(n_models) * n_bins).reshape(-1, *(1,) * (preactivation.ndim - 1))
    return np.bincount(place.ravel(), minlength=n_models * n_bins).reshape(n_models, n_bins).astype(float)


def bin_shares(variances: Array, *, n_bins: int = N_BINS) -> Array:
    """Exact shares of the bins of `feature_counts` for a normal z whose variance is drawn from `variances`.

    Args:
        variances: any shape, positive; a single one for a normal z.

    Returns:
        Shape (n_bins,), sum one.
    """
    edges = np.arctanh(np.arange(n_bins) / n_bins)
    below = np.array([np.mean(erf(edge / np.sqrt(2 * np.asarray(variances)))) for edge in edges])
    return np.diff(below, append=1.0)


def count_peaks(counts: Array, *, inv_sigma_w: Array, resamples: int = 400, seed: int = 0) -> PeakTest:
    """One peak or two, for features measured at several sigma_W; networks are the bootstrap's sample.

    The units and samples of one network share its weights, so only networks are independent.

    Args:
        counts: of |phi|, shape (sigma_W, model, bin).
        inv_sigma_w: 1/sigma_W, ascending, shape (sigma_W,).
        resamples: bootstrap draws.
        seed: of the draws.
    """
    n_models, n_bins = counts.shape[1:]
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(n_models, np.full(n_models, 1 / n_models), size=resamples)
    drawn = np.einsum("rm,smb->rsb", weights, counts, optimize=True)
    total = counts.sum(axis=1)
    contrasts, value = contrast(drawn), contrast(total)
    positions, position = _position(drawn, n_bins), _position(total, n_bins)
    crossings = np.array([_crossing(one, inv_sigma_w) for one in contrasts])
    return PeakTest(
        inv_sigma_w=inv_sigma_w,
        position=position,
        position_error=positions.std(axis=0, ddof=1),
        contrast=value,
        contrast_error=contrasts.std(axis=0, ddof=1),
        two_peaks=np.mean(contrasts > 0, axis=0),
        crossing=Estimate(_crossing(value, inv_sigma_w), float(np.std(crossings, ddof=1))),
    )


def contrast(counts: Array) -> Array:
    """Logarithm of the highest bin with |phi| > 1/2 over the bin at zero: (..., bin) -> (...)."""
    outer = counts[..., (counts.shape[-1] + 1) // 2 :]
    return np.log(outer.max(axis=-1) / np.maximum(counts[..., 0], np.finfo(float).tiny))


def _position(counts: Array, n_bins: int) -> Array:
    place = counts.argmax(axis=-1)
    return np.where(place == 0, 0.0, (place + 0.5) / n_bins)


def _crossing(values: Array, inv_sigma_w: Array) -> float:
    """The largest 1/sigma_W at which the contrast falls through zero, linear between the logarithms."""
    falls = np.flatnonzero((values[:-1] > 0) & (values[1:] <= 0))
    if len(falls) == 0:
        return float("nan")
    k = falls[-1]
    share = values[k] / (values[k] - values[k + 1])
    logs = np.log(inv_sigma_w)
    return float(np.exp(logs[k] + share * (logs[k + 1] - logs[k])))
