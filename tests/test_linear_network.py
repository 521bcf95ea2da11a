"""The linear network against exact results: relaxation, stationary covariance, the laws of its two levels."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
import xarray as xr
from scipy.stats import kstest

from phasebook.claims import linear_network as linear_claims
from phasebook.claims.judge import check, judge, mismatches, select
from phasebook.network import Array
from phasebook.spectra import shuffled_levels
from phasebook.systems.coulomb_gas import (
    mean_spacing,
    sample_gas,
    sample_matrices,
    spacing_cdf,
    two_level_density,
)
from phasebook.systems.linear_fits import fit_density, fit_logistic, fit_relaxation
from phasebook.systems.linear_network import (
    IDENTITY,
    NOISES,
    STRONG,
    LinearNetwork,
    Noise,
    Readout,
    product,
    update,
)
from phasebook.systems.linear_theory import (
    Widths,
    logistic,
    matrix_cdf,
    matrix_density,
    mean_square_limit,
    relaxation,
    small_step_widths,
    stationary_covariance,
    stationary_widths,
)
from phasebook.systems.linear_training import final_levels, spacings, train

RATE, BATCH = 0.04, 32
"""Small enough for the linear theory: alpha / |B| = 1.25e-3."""


@cache
def ensemble(noise: Noise, readout: Readout = STRONG) -> xr.Dataset:
    network = LinearNetwork(readout=readout, noise=noise)
    return train(network, n_models=10_000, learning_rate=RATE, batch_size=BATCH, record_steps=[150])


def theory(noise: Noise, readout: Readout = STRONG) -> Widths:
    network = LinearNetwork(readout=readout, noise=noise)
    return stationary_widths(network, learning_rate=RATE, batch_size=BATCH)


def one_level(data: xr.Dataset) -> Array:
    """Of every network the lower or the upper level in turn, less kappa: independent draws of the density."""
    levels = final_levels(data)
    return levels[np.arange(len(levels)), np.arange(len(levels)) % 2] - data.attrs["kappa"]


# One step


@pytest.mark.parametrize("trained", ["first", "both"])
def test_a_step_follows_the_gradient_of_the_batch(trained):
    """Against automatic differentiation on explicit inputs and noisy labels."""
    rng = np.random.default_rng(0)
    network = LinearNetwork(((1.0, 0.3), (-0.2, 2.0)), noise="label", trained=trained)
    w, z = rng.standard_normal((2, 2)), np.array(network.readout)
    inputs, label_noise = rng.standard_normal((2, 16, 2))
    weights = [torch.tensor(a, requires_grad=True) for a in (w, z)]
    x = torch.tensor(inputs)
    target = x @ torch.tensor(network.target()[:, :, 0]).T - torch.tensor(label_noise)
    loss = (x @ weights[0].T @ weights[1].T - target).square().sum() / 2 / 16
    slopes = torch.autograd.grad(loss, weights)
    factor = np.linalg.cholesky(inputs.T @ inputs / 16)
    kick = label_noise.T @ inputs / 16 @ np.linalg.inv(factor).T
    batched = (a[:, :, None] for a in (w, z, factor, kick))
    w, z, factor, kick = batched
    found = update(network, w, z, learning_rate=0.1, factor=factor, kick=kick)
    assert np.allclose(found[0][..., 0], w[..., 0] - 0.1 * slopes[0].numpy(), rtol=0, atol=1e-14)
    moved = 0.1 * slopes[1].numpy() if trained == "both" else 0.0
    assert np.allclose(found[1][..., 0], z[..., 0] - moved, rtol=0, atol=1e-14)


def test_product_is_that_of_matrices():
    a, b = np.random.default_rng(0).standard_normal((2, 2, 2, 7))
    assert np.allclose(product(a, b), np.einsum("ijn,jkn->ikn", a, b), rtol=1e-14)


# Without noise


def test_relaxation_without_noise_is_exact():
    """Step by step (1 - alpha z)^n; e^{-z t} is its limit of small steps, with an error of order alpha."""
    network = LinearNetwork(STRONG)
    steps = np.arange(0, 2001, 100)
    data = train(
        network, n_models=1, learning_rate=1e-3, batch_size=None, record_steps=steps, start="aligned"
    )
    found = data["levels"].values[0].T
    for level, z in zip(found, network.curvatures, strict=True):
        assert np.allclose(level, (2 - 1.9 * (1 - 1e-3 * z) ** steps) ** 2, rtol=1e-12)
        smooth = relaxation(data["time"].values, rate=z, kappa=4.0, start=0.01)
        assert np.abs(level - smooth).max() < 4 * 1e-3 * z


def test_both_layers_follow_the_logistic_curve():
    network = LinearNetwork(trained="both")
    gaps = []
    for rate in (4e-4, 2e-4):
        steps = np.arange(0, round(1.2 / rate), round(0.05 / rate))
        data = train(
            network, n_models=1, learning_rate=rate, batch_size=None, record_steps=steps, start="aligned"
        )
        law = logistic(data["time"].values, kappa=4.0, start=0.01)
        gaps.append(np.abs(data["levels"].values[0, :, 0] - law).max())
    assert gaps[1] < 2e-3
    assert gaps[0] / gaps[1] == pytest.approx(2, rel=0.01)  # Euler's method: first order in the step


def test_fits_find_the_law_that_made_the_curve():
    time = np.linspace(0.2, 5, 40)
    slow = fit_relaxation(time, relaxation(time, rate=1.7, kappa=4.0, start=0.01))
    assert (slow.plateau, slow.rate, slow.offset) == pytest.approx((4.0, 1.7, 1.9))
    grown = fit_logistic(time, logistic(time, kappa=1.3, start=0.01))
    assert (grown.plateau, grown.rate, grown.offset) == pytest.approx((1.3, 2.6, 129.0))


# The stationary state


@pytest.mark.parametrize("noise", NOISES)
def test_exact_covariance_near_the_limit_of_stability(noise):
    """alpha is 60 % of the largest stable one and |B| small: linear theory must hold without any limit."""
    network = LinearNetwork(STRONG, noise=noise)
    rate = 0.6 * mean_square_limit(network, batch_size=8)
    data = train(network, n_models=6000, learning_rate=rate, batch_size=8, record_steps=[60])
    away = data["weights"].values[:, 0] - network.teacher
    exact = stationary_covariance(network, learning_rate=rate, batch_size=8)
    products = np.einsum("nia,njb->nijab", away, away)
    error = products.std(axis=0) / np.sqrt(len(away))
    assert np.abs((products.mean(axis=0) - exact) / error).max() < 5


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("readout", [IDENTITY, STRONG])
def test_leading_order_is_the_limit_of_the_exact_covariance(noise, readout):
    network = LinearNetwork(readout, noise=noise)
    exact = stationary_widths(network, learning_rate=1e-6, batch_size=4)
    leading = small_step_widths(network, 1e-6 / 4)
    assert (exact.s1, exact.s2, exact.cross) == pytest.approx(
        (leading.s1, leading.s2, leading.cross), rel=1e-5
    )


def test_discrete_ornstein_uhlenbeck():
    """Large |B| leaves d' = (1 - g) d + noise of variance q, whose variance is q / (1 - (1 - g)^2)."""
    network = LinearNetwork(noise="independent")
    for rate in (0.1, 1.0, 1.9):
        c = stationary_covariance(network, learning_rate=rate, batch_size=10**9)
        q = (rate * network.amplitude) ** 2 / 1e9
        assert c[0, 0, 0, 0] == pytest.approx(q / (1 - (1 - rate) ** 2), rel=1e-6)


@pytest.mark.parametrize("noise", NOISES)
def test_variances_of_x_are_those_of_the_linear_theory(noise):
    """Measured over theory 1.00 +- 0.05; the sample leaves 0.014 of standard error."""
    w = ensemble(noise)["weights"].values[:, 0]
    x = w @ w.transpose(0, 2, 1)
    exact = theory(noise)
    for entry, width in ((x[:, 0, 0], exact.s1), (x[:, 1, 1], exact.s2), (x[:, 0, 1], exact.cross)):
        assert entry.var() / width**2 == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("noise", NOISES)
def test_spacing_and_density_are_those_of_a_gaussian_matrix(noise):
    data, exact = ensemble(noise), theory(noise)
    assert kstest(spacings(data), lambda s: spacing_cdf(s, a=exact.a, b=exact.b)).pvalue > 0.01
    assert kstest(one_level(data), lambda u: matrix_cdf(u, widths=exact)).pvalue > 0.01


def test_the_gas_of_two_species_is_not_the_law_of_the_matrix():
    """The sample is large enough to tell: the ansatz with the true widths is rejected."""
    exact = theory("induced")
    assert kstest(spacings(ensemble("induced")), lambda s: spacing_cdf(s, a=exact.a, b=exact.a)).pvalue < 1e-6
    ratio = spacings(ensemble("induced")).mean() / mean_spacing(a=exact.a, b=exact.a)
    assert ratio == pytest.approx(1.336 / 1.401, abs=0.02)


def test_z_drops_out_under_label_noise():
    """Leading order: the same widths for every Z, those of the orthogonal ensemble."""
    for readout in (IDENTITY, STRONG, ((1.0, 0.7), (-0.4, 3.0))):
        widths = small_step_widths(LinearNetwork(readout, noise="label"), 1e-3)
        assert widths.s1 == pytest.approx(np.sqrt(2 * 4 * 0.01 * 1e-3))
        assert (widths.s2, widths.cross) == pytest.approx((widths.s1, widths.s1 / np.sqrt(2)))


def test_independent_noise_keeps_the_wigner_surmise_for_any_z():
    """a = b whatever Z is, although its density has two species."""
    widths = small_step_widths(LinearNetwork(((1.0, 0.7), (-0.4, 3.0)), noise="independent"), 1e-3)
    assert widths.a == pytest.approx(widths.b, rel=1e-12)
    assert widths.s1 > 1.5 * widths.s2


def test_the_law_depends_on_z_by_its_singular_values_alone():
    angle = 0.6
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    (a, b), (c, d) = turn @ np.array(STRONG) @ turn
    turned = train(
        LinearNetwork(((a, b), (c, d))), n_models=4000, learning_rate=RATE, batch_size=BATCH,
        record_steps=[150], seed=1,
    )  # fmt: skip
    assert kstest(spacings(turned), spacings(ensemble("induced"))).pvalue > 0.01
    assert kstest(final_levels(turned)[:, 1], final_levels(ensemble("induced"))[:, 1]).pvalue > 0.01


def test_slope_of_the_2x2_network_of_the_parent_paper():
    """<S> of the singular values of W is sqrt(pi) sqrt(alpha A^2 / |B|), within 3 % for small alpha / |B|."""
    network = LinearNetwork()
    root, mean = [], []
    for rate, batch_size in ((0.03, 16), (0.05, 32), (0.05, 64)):
        data = train(network, n_models=4000, learning_rate=rate, batch_size=batch_size,
                     record_steps=[round(4 / rate)])  # fmt: skip
        values = np.sqrt(final_levels(data))
        root.append(network.amplitude * np.sqrt(rate / batch_size))
        mean.append((values[:, 1] - values[:, 0]).mean())
    slope = np.dot(root, mean) / np.dot(root, root)
    assert slope == pytest.approx(np.sqrt(np.pi), rel=0.03)


def test_levels_of_different_networks_do_not_repel():
    """Negative control: small spacings are rare in a network, P(S) ~ S, and not across networks."""
    levels = final_levels(ensemble("induced"))
    close = 0.1 * np.diff(levels).mean()
    assert (np.diff(levels) < close).mean() < 0.01
    assert (np.diff(shuffled_levels(levels)) < close).mean() > 0.03


# The law of a Gaussian matrix


def test_matrix_density_of_the_orthogonal_ensemble_is_the_semicircle_for_two_levels():
    u = np.linspace(-5, 5, 101)
    density = matrix_density(u, widths=Widths(1.3, 1.3, 1.3 / np.sqrt(2)))
    assert np.allclose(density, two_level_density(u, s1=1.3, s2=1.3), rtol=0, atol=1e-13)


def test_matrix_density_is_that_of_drawn_matrices():
    widths = Widths(1.0, 0.4, 0.5)
    drawn = sample_matrices(20_000, s1=1.0, s2=0.4, cross=0.5, seed=2)
    assert matrix_cdf(np.array([20.0]), widths=widths)[0] == pytest.approx(1, abs=1e-9)
    for level in (0, 1):
        one = np.where(np.arange(20_000) % 2 == level, drawn[:, 0], drawn[:, 1])
        assert kstest(one, lambda u: matrix_cdf(u, widths=widths)).pvalue > 0.01


def test_density_fit_finds_the_widths_of_a_gas():
    found = fit_density(sample_gas(20_000, s1=1.0, s2=0.5, seed=3), species=2)
    assert (found.s1, found.s2) == pytest.approx((1.0, 0.5), rel=0.05)
    single = fit_density(sample_gas(20_000, s1=0.7, s2=0.7, seed=3), species=1)
    assert single.s1 == single.s2 == pytest.approx(0.7, rel=0.02)


# Randomness, divergence, input


def test_no_bit_depends_on_the_block_or_on_who_else_is_trained():
    network = LinearNetwork(STRONG, noise="label")
    common = {"learning_rate": 0.1, "batch_size": 4, "start": "random", "seed": 5}
    whole = train(network, n_models=10, record_steps=[0, 7, 30], **common)
    again = train(network, n_models=10, record_steps=[0, 7, 30], block=3, **common)
    fewer = train(network, n_models=4, record_steps=[0, 7], **common)
    assert np.array_equal(whole["weights"], again["weights"])
    assert np.array_equal(whole["weights"][:4, :2], fewer["weights"])
    assert len(np.unique(whole["weights"][:, -1])) == 40


def test_diverging_networks_are_counted_and_kept():
    network = LinearNetwork()
    limit = mean_square_limit(network, batch_size=16)
    data = train(network, n_models=50, learning_rate=2 * limit, batch_size=16, record_steps=[0, 3000])
    assert data["diverged"].all()
    assert data.sizes["model"] == 50
    assert len(final_levels(data)) == 0
    with pytest.raises(ValueError, match=r"alpha must be below 1.684, got 1.7"):
        stationary_covariance(network, learning_rate=1.7, batch_size=16)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n_models": 0}, "n_models and learning_rate must be positive, got 0 and 0.1"),
        ({"batch_size": 1}, "batch_size must be at least 2, or None for the population, got 1"),
        ({"record_steps": [5, 5]}, "record_steps must be ascending numbers of updates"),
        ({"start": "small"}, "start must be one of teacher, random, aligned, got 'small'"),
    ],
)
def test_bad_input_is_said_in_one_line(change, words):
    arguments = {"n_models": 1, "learning_rate": 0.1, "batch_size": 4, "record_steps": [1]} | change
    with pytest.raises(ValueError, match=words):
        train(LinearNetwork(), **arguments)


def test_bad_networks_are_refused():
    with pytest.raises(ValueError, match="full rank"):
        LinearNetwork(((1.0, 1.0), (1.0, 1.0)))
    with pytest.raises(ValueError, match=r"amplitude at least 0, got 4\.0 and -1"):
        LinearNetwork(amplitude=-1)
    with pytest.raises(ValueError, match="noise must be one of induced, independent, label"):
        LinearNetwork(noise="white")  # type: ignore[arg-type]


def test_claims_in_time_are_judged_and_notice_a_wrong_law(monkeypatch):
    """The quick claims of the chapter; the page judges all of them."""
    claims = [one for one in select(chapter="linear_network") if one.id in ("linear-fit", "linear-rate-mild")]
    check(judge(claims))
    monkeypatch.setattr(linear_claims, "fit_relaxation", fit_logistic)
    caught = [each.partition(":")[0] for each in mismatches(judge(claims))]
    assert caught == ["linear-rate-mild", "linear-fit"]
