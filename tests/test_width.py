"""Sharpness of curves of known width, and wide networks against direct calculations."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from phasebook.evidence.statistics import bootstrap
from phasebook.network import forward, sample_ensemble
from phasebook.theory.power_law import geometric_mean
from phasebook.theory.stability import mean_square_limit, output_gradients
from phasebook.theory.width import (
    crossing,
    level_interval,
    overlap_interval,
    power,
    rise,
    single_width,
    static_overlap,
    stiff_coordinates,
    thresholds,
    widths_of,
)

FINE = 2.0 ** np.arange(-8, 8, 0.25)


def logistic(x, width: float):
    """Rises from 0 to 1, a quarter to three quarters in `width`."""
    return 1 / (1 + np.exp(-x * 2 * np.log(3) / width))


def curve(width: float, *, centre: float = 0.5, depth: float = 6.0) -> xr.DataArray:
    x = np.log(FINE / centre)
    # A slope before the rise, as long as cold networks are slower.
    values = np.exp(-9 + depth * logistic(x, width)) * np.where(x < -4, np.exp(-0.1 * (x + 4)), 1.0)
    return xr.DataArray(values, dims="temperature", coords={"temperature": FINE})


@pytest.mark.parametrize("width", [0.3, 0.7, 1.5])
@pytest.mark.parametrize("factor", [1, 8])
def test_rise_of_a_logistic_has_its_width_wherever_it_lies(width, factor):
    found = rise(curve(width, centre=0.5 / factor))
    assert found.width == pytest.approx(width, rel=0.05)
    assert found.temperature == pytest.approx(0.5 / factor, rel=0.05)
    assert found.slope == pytest.approx(6 / 2 / width, rel=0.05)


def test_width_does_not_mind_the_depth_of_the_ordered_side_and_the_slope_does():
    shallow, deep = (rise(curve(1.0, depth=depth)) for depth in (3.0, 6.0))
    assert deep.width == pytest.approx(shallow.width, rel=0.02)
    assert deep.slope == pytest.approx(2 * shallow.slope, rel=0.02)


def test_level_interval_of_a_power_law():
    error = xr.DataArray(1e-3 * FINE**2.5, dims="temperature", coords={"temperature": FINE})
    assert level_interval(error, low=1e-4, high=1e-2) == pytest.approx(np.log(100) / 2.5)


def test_a_curve_that_only_falls_has_no_rise():
    with pytest.raises(ValueError, match="does not rise"):
        rise(xr.DataArray(1 / FINE, dims="temperature", coords={"temperature": FINE}))


def test_crossing_says_on_which_side_it_is_missing():
    x = np.arange(4.0)
    assert crossing(x, x**2, 2.5) == pytest.approx(1.5)
    assert crossing(x, x, 5.0) == np.inf
    assert crossing(x, x, -1.0) == -np.inf


def scattered(scatter: float, *, width: float, networks: int) -> xr.DataArray:
    own = scatter * np.random.default_rng(0).standard_normal(networks)
    x = np.log(FINE)[:, None] - own
    return xr.DataArray(
        np.exp(-9 + 6 * logistic(x, width)), dims=("temperature", "model"), coords={"temperature": FINE}
    )


def test_scatter_of_networks_is_measured_and_taken_out_of_the_width():
    error = scattered(0.4, width=0.6, networks=400)
    assert float(thresholds(error, level=2e-3).std("model")) == pytest.approx(0.4, rel=0.1)
    assert rise(geometric_mean(error)).width > 0.7
    assert single_width(error, level=2e-3) == pytest.approx(0.6, rel=0.1)
    wide = scattered(2.0, width=0.1, networks=400)
    assert single_width(wide, level=2e-3) < 0.4 * rise(geometric_mean(wide)).width


def test_bootstrap_error_of_the_width_is_the_scatter_of_repetitions():
    rng = np.random.default_rng(1)
    grid = 2.0 ** np.arange(-4, 4, 0.5)
    samples = [
        xr.DataArray(
            np.exp(
                -9
                + 6 * logistic(np.log(grid)[:, None] - 0.3 * rng.standard_normal(12), 1.0)
                + 0.5 * rng.standard_normal((len(grid), 12))
            ),
            dims=("temperature", "model"),
            coords={"temperature": grid},
        )
        for _ in range(60)
    ]
    spread = np.std([rise(geometric_mean(one)).width for one in samples])
    claimed = [
        bootstrap(lambda e: rise(geometric_mean(e)).width, one, resamples=40).error for one in samples[:10]
    ]
    assert 0.6 < np.median(claimed) / spread < 1.6


def test_exponent_of_a_power_with_its_error():
    sizes, errors = np.array([32.0, 64, 128, 256]), np.array([0.05, 0.02, 0.02, 0.01])
    assert power(sizes, 3 * sizes**-0.5, errors)[0] == pytest.approx(-0.5)
    rng = np.random.default_rng(0)
    truth = 3 * sizes**-0.5
    draws = [power(sizes, truth + errors * rng.standard_normal(4), errors) for _ in range(2000)]
    assert np.std([p for p, _ in draws]) == pytest.approx(np.median([e for _, e in draws]), rel=0.1)


def test_overlap_interval_of_a_falling_line():
    places = np.exp(np.linspace(-5, 5, 101))
    values = xr.DataArray(0.5 - np.log(places) / 10, dims="inv_sigma_w", coords={"inv_sigma_w": places})
    assert overlap_interval(values) == pytest.approx(4.0)


@pytest.mark.parametrize("inv_sigma_w", [2.0**-5, 0.5, 8.0])
def test_static_overlap_is_that_of_sampled_wide_networks(inv_sigma_w):
    ensemble = sample_ensemble(
        n_models=40, inv_sigma_w=inv_sigma_w, widths=widths_of(16), n_samples=4, seed=3
    )
    squares = np.mean(forward(ensemble.student, ensemble.test_inputs)[1] ** 2, axis=(1, 2))
    error = squares.std(ddof=1) / np.sqrt(len(squares))
    assert abs(squares.mean() - static_overlap(np.array(inv_sigma_w))) < 4 * error


def test_stiff_coordinates_give_the_stability_limit_of_the_full_gradients():
    ensemble = sample_ensemble(n_models=1, inv_sigma_w=1.0, n_samples=300, seed=4)
    teacher, inputs = [layer[0] for layer in ensemble.teacher], ensemble.inputs[0]
    direct = mean_square_limit(output_gradients(teacher, inputs, trained=2), [1, 4])
    reduced = mean_square_limit(stiff_coordinates(teacher, inputs, trained=2), [1, 4])
    np.testing.assert_allclose(reduced, direct, rtol=1e-3)


def test_widths_of_the_paper_and_its_multiples():
    assert widths_of(1) == (3, 32, 16, 1)
    assert widths_of(8) == (3, 256, 128, 1)
