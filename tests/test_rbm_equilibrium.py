"""The stationary state against exact laws: density, spacing, scaling, and a negative control."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.stats import kstest

from phasebook.systems.coulomb_gas import two_level_cdf, wigner_cdf
from phasebook.systems.gaussian_rbm import GaussianRBM
from phasebook.systems.rbm_equilibrium import (
    equilibrium,
    multiplet_shifts,
    one_of_each,
    pair_units,
    scan,
    shuffled_pairs,
    slope_through_zero,
)

MODEL = GaussianRBM()
SMALL = GaussianRBM(sites=3)
"""One pair, far from the single level: the small-noise limit is near at |B| = 16 already."""


@pytest.fixture(scope="module")
def fine() -> xr.Dataset:
    """10 000 pairs of the small machine, with independent samples in the negative phase."""
    return equilibrium(
        SMALL, learning_rate=0.1, batch_size=32, phase="exact", n_networks=2500, records=4, seed=1
    )


def test_variance_of_a_pair_is_the_predicted_one(fine):
    """3 sigma^2 / 2, within 1.00 +- 0.05."""
    assert pair_units(fine, SMALL).var() / 1.5 == pytest.approx(1.0, abs=0.05)


def test_density_of_a_pair_passes_kolmogorov_and_smirnov(fine):
    u = one_of_each(pair_units(fine, SMALL)).ravel()
    assert len(u) == 10_000
    assert kstest(u, lambda x: two_level_cdf(x, s1=1.0, s2=1.0)).pvalue > 0.01


def test_spacing_passes_and_shuffled_pairs_do_not(fine):
    """Wigner's surmise; eigenvalues of different networks put together are its negative control."""
    u = pair_units(fine, SMALL)
    spacing = u[..., 1] - u[..., 0]
    s = (spacing / spacing.mean(axis=1, keepdims=True)).ravel()
    assert kstest(s, wigner_cdf).pvalue > 0.01
    control = shuffled_pairs(u)
    loose = control[..., 1] - control[..., 0]
    loose = (loose / loose.mean(axis=1, keepdims=True)).ravel()
    assert kstest(loose, wigner_cdf).pvalue < 1e-10
    # linear and constant at small spacing
    assert (s < 0.1).mean() == pytest.approx(np.pi / 4 * 0.01, abs=5 * np.sqrt(0.008 / 10_000))
    assert (loose < 0.1).mean() > 5 * (s < 0.1).mean()


def test_ten_sites_have_the_predicted_widths_and_shifts():
    """All levels of the machine of the book, pairs and single ones, within four standard errors or 5 %."""
    run = equilibrium(MODEL, learning_rate=0.1, batch_size=64, phase="exact", n_networks=150, seed=1)
    measured, error, predicted = multiplet_shifts(run, MODEL)
    assert np.all(np.abs(measured - predicted) < 4 * error + 0.05 * np.abs(predicted))
    for u in pair_units(run, MODEL):
        assert u.var() / 1.5 == pytest.approx(1.0, abs=0.05 + 4 * np.sqrt(1.5 / 600))


def test_slopes_of_the_linear_scaling_rule():
    """<S> and sigma against sqrt(alpha x*/|B|) for alpha/|B| -> 0: sqrt(2 pi) and sqrt 2 within 3 %."""
    settings = [{"learning_rate": 0.1, "batch_size": batch, "phase": "exact"} for batch in (6, 32, 40)]
    table = scan(SMALL, settings, n_networks=800)
    for quantity, expected in (("spacing", np.sqrt(2 * np.pi)), ("width", np.sqrt(2))):
        slope, error, chi2 = slope_through_zero(table, quantity)
        assert slope == pytest.approx(expected, rel=0.03)
        assert error / slope < 0.012
        assert chi2 < 4


def test_scan_counts_what_diverged():
    done: list[int] = []
    table = scan(
        MODEL, [{"learning_rate": 0.4, "batch_size": 2}, {"learning_rate": 0.4, "batch_size": 64}],
        n_networks=24, advance=done.append,
    )  # fmt: skip
    assert table["diverged"].values[0] > 0
    assert table["diverged"].values[1] == 0
    assert done == [24, 24]
    assert table.sizes == {"setting": 2, "pair": 4}


def test_one_of_each_takes_both_levels_evenly():
    levels = np.stack([np.zeros((2, 4000)), np.ones((2, 4000))], axis=-1)
    assert one_of_each(levels).mean(axis=1) == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(4000))
