"""The laws of two repelling levels against quadrature, samples and each other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import kstest, norm

from phasebook.systems.coulomb_gas import (
    mean_spacing,
    sample_gas,
    sample_matrices,
    spacing_cdf,
    spacing_law,
    two_level_cdf,
    two_level_density,
    wigner_cdf,
    wigner_surmise,
)

WIDTHS = [(1.0, 1.0), (1.0, 2.0), (0.5, 0.1)]


@pytest.mark.parametrize(("s1", "s2"), WIDTHS)
def test_density_is_the_marginal_of_the_gas(s1, s2):
    """Against the joint law, integrated numerically over the other level."""

    def joint(x: float, y: float) -> float:
        return float(abs(x - y) * norm.pdf(x, scale=s1) * norm.pdf(y, scale=s2))

    # <|x - y|> of two Gaussians
    total = np.sqrt(2 * (s1**2 + s2**2) / np.pi)
    for u in (-0.7, 0.0, 0.4):
        one, two = (
            quad(f, -30, 30, points=[u, 0.0], epsabs=1e-12, limit=200)[0]
            for f in (lambda y, u=u: joint(u, y), lambda x, u=u: joint(x, u))
        )
        assert two_level_density(np.array(u), s1=s1, s2=s2) == pytest.approx(
            (one + two) / 2 / total, rel=1e-8
        )


@pytest.mark.parametrize(("s1", "s2"), WIDTHS)
def test_cumulative_law_is_the_integral_of_the_density(s1, s2):
    u = np.linspace(-20, 20, 40001)
    density = two_level_density(u, s1=s1, s2=s2)
    cumulative = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(u))])
    assert np.allclose(two_level_cdf(u, s1=s1, s2=s2), cumulative, atol=1e-5)
    assert cumulative[-1] == pytest.approx(1.0, abs=1e-6)


def test_one_species_has_the_known_moments():
    """Variance 3/2 and kurtosis 23/9 in units of s."""
    u = np.linspace(-12, 12, 40001)
    density = two_level_density(u, s1=1.0, s2=1.0)
    variance, fourth = np.trapezoid(u**2 * density, u), np.trapezoid(u**4 * density, u)
    assert variance == pytest.approx(1.5, rel=1e-9)
    assert fourth / variance**2 == pytest.approx(23 / 9, rel=1e-9)


@pytest.mark.parametrize(("a", "b"), [(1.0, 1.0), (1.0, 2.0), (3.0, 0.5)])
def test_spacing_law_against_its_integral_mean_and_square(a, b):
    for place in (0.3, 1.0, 4.0):
        integral = quad(lambda s: float(spacing_law(np.array(s), a=a, b=b)), 0, place, epsabs=1e-12)[0]
        assert spacing_cdf(np.array(place), a=a, b=b) == pytest.approx(integral, rel=1e-8)
    s = np.linspace(0, 40, 200001)
    law = spacing_law(s, a=a, b=b)
    assert np.trapezoid(s * law, s) == pytest.approx(mean_spacing(a=a, b=b), rel=1e-7)
    assert np.trapezoid(s**2 * law, s) == pytest.approx(a**2 + b**2, rel=1e-7)


def test_equal_widths_give_the_wigner_surmise():
    s = np.linspace(0, 4, 101)
    mean = mean_spacing(a=1.7, b=1.7)
    assert mean == pytest.approx(np.sqrt(np.pi / 2) * 1.7)
    assert np.allclose(mean * spacing_law(mean * s, a=1.7, b=1.7), wigner_surmise(s), atol=1e-14)
    assert np.allclose(spacing_cdf(mean * s, a=1.7, b=1.7), wigner_cdf(s), atol=1e-13)


@pytest.mark.parametrize(("s1", "s2"), WIDTHS)
def test_samples_of_the_gas_follow_density_and_spacing(s1, s2):
    u = sample_gas(10_000, s1=s1, s2=s2, seed=1)
    one = np.random.default_rng(2).permuted(u, axis=1)[:, 0]
    assert kstest(one, lambda x: two_level_cdf(x, s1=s1, s2=s2)).pvalue > 0.01
    scale = np.hypot(s1, s2)
    assert kstest(np.abs(u[:, 1] - u[:, 0]), lambda x: spacing_cdf(x, a=scale, b=scale)).pvalue > 0.01


def test_samples_of_matrices_are_the_gas_only_if_invariant():
    """Var X_11 = Var X_22 = 2 Var X_12 is the gas; unequal rows follow the exact spacing law and not it."""
    same = sample_matrices(10_000, s1=1.0, s2=1.0, cross=np.sqrt(0.5), seed=3)
    one = np.random.default_rng(4).permuted(same, axis=1)[:, 0]
    assert kstest(one, lambda x: two_level_cdf(x, s1=1.0, s2=1.0)).pvalue > 0.01
    unlike = sample_matrices(10_000, s1=1.0, s2=0.5, cross=0.2, seed=3)
    gap = unlike[:, 1] - unlike[:, 0]
    assert kstest(gap, lambda x: spacing_cdf(x, a=np.hypot(1.0, 0.5), b=0.4)).pvalue > 0.01
    scale = np.hypot(1.0, 0.5)
    assert kstest(gap, lambda x: spacing_cdf(x, a=scale, b=scale)).pvalue < 1e-6


@pytest.mark.parametrize("width", [0.0, -1.0, np.nan, np.inf])
def test_bad_widths_are_named(width):
    with pytest.raises(ValueError, match=r"^s2 must be a positive number, got"):
        two_level_density(np.zeros(1), s1=1.0, s2=width)
    with pytest.raises(ValueError, match=r"^b must be a positive number, got"):
        spacing_law(np.ones(1), a=1.0, b=width)
