"""Sections 2.4 and 2.5 and Appendix A: couplings, external field, two readings of the loss."""

from __future__ import annotations

import numpy as np

from phasebook.claims.data import Data
from phasebook.claims.verdicts import Judgement, agrees, holds, identity, resampled
from phasebook.evidence.statistics import Estimate, mean_of
from phasebook.network import Array, couplings, forward, loss
from phasebook.spectra import marchenko_pastur_cdf
from phasebook.theory import disorder

CASE = {"n_last": 2, "width": 4, "sigma_w": 1.5}


def couplings_are_semidefinite(data: Data) -> Judgement:
    readout = disorder.sample_readouts(n_draws=500, n_last=4, width=16)
    lowest = np.linalg.eigvalsh(couplings(readout)).min() / np.abs(readout).max() ** 2
    return identity(1 + min(lowest, 0.0), 1.0)


def mean_of_couplings(data: Data) -> Judgement:
    J, exact = _sampled(), disorder.coupling_mean(**CASE)
    return agrees(mean_of(np.einsum("dij,ij->d", J, exact) / np.sum(exact**2)), 1.0)


def covariance_of_couplings(data: Data) -> Judgement:
    """Slope of the measured on the predicted covariance, all index combinations."""
    J = _sampled() - disorder.coupling_mean(**CASE)
    exact = disorder.coupling_covariance(**CASE)
    each = np.einsum("dij,dkl,ijkl->d", J, J, exact, optimize=True) / np.sum(exact**2)
    return agrees(mean_of(each), 1.0)


def mean_over_spread_is_no_knob(data: Data) -> Judgement:
    """d ln(mean / spread) / d ln sigma_W from draws at sigma_W = 1/8 and 256."""
    ratios = []
    for seed, sigma_w in enumerate((2.0**-3, 2.0**8)):
        drawn = couplings(
            disorder.sample_readouts(n_draws=4000, n_last=1, width=16, sigma_w=sigma_w, seed=seed)
        )
        ratios.append(np.stack([drawn[:, 0, 0], drawn[:, 0, 1]], axis=1))

    def slope(first: Array, second: Array) -> float:
        each = [x[:, 0].mean() / x[:, 1].std() for x in (first, second)]
        return float(np.log(each[1] / each[0]) / np.log(2.0**11))

    return agrees(resampled(slope, *ratios), 0.0)


def spectrum_is_marchenko_pastur(data: Data) -> Judgement:
    """Kolmogorov distance to the law at 8 x 16 less that at 80 x 160: it shrinks with size."""
    gains = [_distance(8, 16, seed) - _distance(80, 160, seed) for seed in range(20)]
    return holds(mean_of(np.array(gains)))


def couplings_of_the_network_are_frustrated_at_random(data: Data) -> Judgement:
    """Share of triangles that cannot be satisfied, one output; one half for independent couplings."""
    readout = data.untrained.student[-1]
    return agrees(mean_of(disorder.frustrated_share(couplings(readout))), 0.5)


def field_term_is_overlap_with_target(data: Data) -> Judgement:
    networks = data.outputs
    *_, phi, y_hat = forward(networks.student, networks.inputs)
    term = disorder.field_energy(phi, networks.targets, networks.student[-1])
    return identity(term, -np.mean(np.sum(networks.targets * y_hat, axis=-1), axis=-1))


def field_term_alone_is_least_at_alignment(data: Data) -> Judgement:
    """L_h at outputs of fixed length along the target, less that along 100 other directions."""
    y = data.outputs.targets[0].ravel()
    others = np.random.default_rng(0).standard_normal((100, y.size))
    others *= np.linalg.norm(y) / np.linalg.norm(others, axis=1, keepdims=True)
    gap = y @ y - others @ y
    return holds(Estimate(float(gap.min() / (y @ y)), 0.0), note=" of |y|², least of 100 directions")


def loss_is_a_mean_over_samples(data: Data) -> Judgement:
    return identity(_energies(data)[0].mean(axis=-1), _without_constant(data))


def loss_is_a_sum_over_pairs(data: Data) -> Judgement:
    return identity(_energies(data)[1].sum(axis=(-2, -1)), _without_constant(data))


def _energies(data: Data) -> tuple[Array, Array]:
    networks = data.outputs
    phi = forward(networks.student, networks.inputs)[-2]
    arguments = (phi, networks.targets, networks.student[-1])
    return disorder.energy_of_samples(*arguments), disorder.energy_of_pairs(*arguments)


def _without_constant(data: Data) -> Array:
    y, y_hat = data.outputs.targets, forward(data.outputs.student, data.outputs.inputs)[-1]
    return loss(y_hat, y) - np.mean(np.sum(y**2, axis=-1), axis=-1) / 2


def _sampled() -> Array:
    return couplings(disorder.sample_readouts(n_draws=50_000, **CASE))


def _distance(n_last: int, width: int, seed: int) -> float:
    readout = disorder.sample_readouts(n_draws=20, n_last=n_last, width=width, seed=seed)
    x = np.sort(disorder.coupling_eigenvalues(readout)[:, width - n_last :].ravel())
    law = marchenko_pastur_cdf(x, sigma_w=1.0, aspect=n_last / width)
    return float(np.abs(law - (np.arange(x.size) + 0.5) / x.size).max())
