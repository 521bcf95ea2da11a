"""Sections 2.1 to 2.3: the loss as a Hamiltonian, initialisation, soft spins."""

from __future__ import annotations

import numpy as np
from scipy.integrate import quad

from phasebook.claims.data import JAMMED, ORDERED, Data, decades
from phasebook.claims.verdicts import (
    Judgement,
    agrees,
    all_hold,
    holds,
    identity,
    resampled,
)
from phasebook.evidence.statistics import Estimate, mean_of
from phasebook.network import Array, couplings, external_field, forward, loss
from phasebook.theory import bimodality, spins


def loss_has_the_half(data: Data) -> Judgement:
    networks = data.outputs
    y, y_hat = networks.targets, forward(networks.student, networks.inputs)[-1]
    return identity(loss(y_hat, y), np.mean(np.sum((y - y_hat) ** 2, axis=-1) / 2, axis=-1))


def loss_is_a_hamiltonian(data: Data) -> Judgement:
    networks = data.outputs
    y, readout = networks.targets, networks.student[-1]
    *_, phi, y_hat = forward(networks.student, networks.inputs)
    quadratic = np.einsum("nai,nij,naj->na", phi, couplings(readout), phi) / 2
    linear = np.sum(external_field(y, readout) * phi, axis=-1)
    constant = np.mean(np.sum(y**2, axis=-1), axis=-1) / 2
    return identity(np.mean(quadratic - linear, axis=-1) + constant, loss(y_hat, y))


def usual_hamiltonian_has_the_same_signs(data: Data) -> Judgement:
    """(2.10) with J and h of (2.8) as they stand, and (2.9), on the signs of the features."""
    networks = data.outputs
    readout = networks.student[-1]
    spin = np.sign(forward(networks.student, networks.inputs)[-2][:, 0])
    field = external_field(networks.targets, readout)[:, 0]
    pairs = np.einsum("ni,nij,nj->n", spin, couplings(readout), spin) / 2
    fields = np.sum(field * spin, axis=-1)
    return identity(-pairs + fields, pairs - fields)


def moments_of_the_second_layer(data: Data) -> Judgement:
    """Slope of measured on predicted second moments (2.13), 20 000 draws of W for four samples."""
    below = forward(data.untrained.student, data.untrained.test_inputs)[1][0, :4]
    return agrees(_slope(below), 1.0)


def moments_of_the_first_layer(data: Data) -> Judgement:
    return agrees(_slope(data.untrained.test_inputs[0, :4]), 1.0)


def moments_scale_with_disorder(data: Data) -> Judgement:
    """Variance of z^(2) over sigma_W^2 at sigma_W = 1 against the same at sigma_W = 16."""
    activity = forward(data.untrained.student, data.untrained.test_inputs)[1][:200]
    ratios = [spins.second_moment(activity, sigma_w=s) / s**2 for s in (1.0, 16.0)]
    return identity(*ratios)


def variance_is_bounded(data: Data) -> Judgement:
    q = np.mean(_conditional_variances(data), axis=1)
    return holds(Estimate(1 - q.mean(), mean_of(q).error), note=" = 1 − σ_z²/σ_W²")


def preactivations_are_normal(data: Data) -> Judgement:
    z = spins.preactivations(data.untrained.student, data.untrained.test_inputs)[1].reshape(2000, -1)
    fourth, second = np.mean(z**4, axis=1), np.mean(z**2, axis=1)
    return agrees(resampled(lambda a, b: a.mean() / b.mean() ** 2 - 3, fourth, second), 0.0)


def density_is_normalised(data: Data) -> Judgement:
    """Integral of (2.21) with its normalisation, at three variances."""

    def density_of_z(z: float, variance: float) -> float:
        return float(spins.feature_density(np.tanh(z), variance=variance)) / np.cosh(z) ** 2

    areas = [2 * quad(density_of_z, 0, 12, args=(v,))[0] for v in (0.1, 0.5, 2.0)]
    return identity(areas, np.ones(3), tolerance=1e-8)


def wells_split_at_one_half(data: Data) -> Judgement:
    """Variance at which the exact density stops having its maximum at zero, by bisection on a fine grid."""
    phi = np.linspace(0, 0.3, 3001)
    low, high = 0.1, 2.0
    for _ in range(30):
        middle = (low + high) / 2
        central = np.argmin(spins.potential(phi, variance=middle)) == 0
        low, high = (middle, high) if central else (low, middle)
    # Beyond the transition the well moves as sqrt(3 (v - 1/2)): the grid cannot see less than one step.
    return agrees(Estimate(high, float(phi[1]) ** 2 + 1e-6), 0.5)


def extrema_without_expansion(data: Data) -> Judgement:
    variance = np.array([0.6, 1.0, 2.0])
    found = spins.peaks(variance)
    return identity(found, np.tanh(2 * variance * found), tolerance=1e-10)


def figure_1_shapes(data: Data) -> Judgement:
    """log p(outer) / p(0) at the three variances of the figure, sampled from 10^6 normal numbers."""
    z = np.random.default_rng(0).standard_normal((200, 5000))
    found = {}
    for variance, sign in ((2.0, 1), (0.1, -1)):
        counts = bimodality.feature_counts(z * np.sqrt(variance))
        value = resampled(lambda c: float(bimodality.contrast(c.sum(0))), counts)
        found[f"σ_z² = {variance}:"] = Estimate(sign * value.value, value.error)
    return all_hold(found)


def transition_of_measured_features(data: Data) -> Judgement:
    """sigma_z^2 at which histograms of the features of real networks turn from one peak into two."""
    z = spins.preactivations(data.untrained.student, data.untrained.test_inputs)[1]
    axis = 2.0 ** np.arange(-1, 0.51, 1 / 16)
    counts = np.array([bimodality.feature_counts(z / value) for value in axis])
    place = bimodality.count_peaks(counts, inv_sigma_w=axis, resamples=100).crossing
    variance = float(np.mean(z**2)) / place.value**2
    found = Estimate(variance, 2 * variance * place.error / place.value)
    return agrees(found, 0.5, direction=True, note=f" (at 1/σ_W = {place.value:.3f})")


def saturated_features_learn_poorly(data: Data) -> Judgement:
    error = data.book["test_loss"]
    return holds(decades(error, JAMMED, ORDERED), note=" decades")


def saturation_needs_large_disorder(data: Data) -> Judgement:
    """Share of features with |phi| > 0.9 at sigma_W = 256 less that at 1/8."""
    z = spins.preactivations(data.untrained.student, data.untrained.test_inputs)[1].reshape(2000, -1)
    shares = {s: np.mean(np.abs(np.tanh(z * s)) > 0.9, axis=1) for s in (256.0, 0.125)}
    return all_hold({
        "σ_W = 256:": Estimate(shares[256.0].mean() - 0.5, mean_of(shares[256.0]).error),
        "σ_W = 1/8:": Estimate(0.5 - shares[0.125].mean(), mean_of(shares[0.125]).error),
    })  # fmt: skip


def _conditional_variances(data: Data) -> Array:
    entering = forward(data.untrained.student, data.untrained.test_inputs)[1]
    return spins.conditional_variance(entering, sigma_w=1.0)


def _slope(below: Array) -> Estimate:
    """Regression of z_ia z_jb on delta_ij sigma^2 mean(phi_a phi_b), over draws of W."""
    n, rng = below.shape[-1], np.random.default_rng(0)
    weights = rng.normal(scale=1.5 / np.sqrt(n), size=(20_000, 2, n))
    z = weights @ below.T
    predicted = spins.second_moment(below, sigma_w=1.5)
    formula = np.einsum("ij,ab->ijab", np.eye(2), predicted)
    each = np.einsum("dia,djb,ijab->d", z, z, formula, optimize=True) / np.sum(formula**2)
    return mean_of(each)
