"""One test per figure of Section 4.1 and Appendix B: what was put in must come out at its place."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.lines import Line2D

from phasebook.dyson import coefficients, ensemble_gradients
from phasebook.figures import appendix_b, dyson, dyson_checks
from phasebook.figures.style import BookFigure
from phasebook.network import Array, sample_ensemble
from phasebook.spectra import eigenvalues, level_spacing, shuffled_levels, spacing_ratios
from phasebook.theory.dyson_sgd import Theories, UpdateTest, one_step
from phasebook.theory.spacing_terms import spacing_terms

TEMPERATURES, COLUMNS = 2.0 ** np.array([-5, 2]), 2.0 ** np.array([-8, 3])
TIMES = np.array([0.0, 0.1, 1.0, 10.0])
EXPONENT = 0.5


@pytest.fixture(scope="module")
def sweep() -> xr.Dataset:
    """Untrained networks of four cells whose eigenvalues then grow by hand, x(t) = x(0) (1 + t)^EXPONENT."""
    models, grid = 3, (2, 2)
    weights = np.empty((*grid, models, 16, 32), dtype=np.float32)
    target = np.empty((*grid, models, 16))
    for i, temperature in enumerate(TEMPERATURES):
        for j, inv_sigma_w in enumerate(COLUMNS):
            networks = sample_ensemble(n_models=models, temperature=temperature, inv_sigma_w=inv_sigma_w)
            weights[i, j] = networks.weights
            target[i, j] = eigenvalues(networks.teacher[1])
    x = eigenvalues(weights)[..., None, :] * (1 + TIMES[:, None]) ** EXPONENT
    cell = ("temperature", "inv_sigma_w", "model")
    rate = EXPONENT * np.log(1 + TIMES[-1]) / TIMES[-1]
    return xr.Dataset(
        {
            "eigenvalues": ((*cell, "time", "level"), x),
            "target_eigenvalues": ((*cell, "level"), target),
            "weights": ((*cell, "unit", "input_unit"), weights),
            "averaged_rate": (cell, np.full((*grid, models), rate)),
        },
        {"temperature": TEMPERATURES, "inv_sigma_w": COLUMNS, "time": TIMES, "model": np.arange(models)},
        {
            "config": '{"seed": 0, "widths": [3, 32, 16, 1], "n_samples": 4000, "common_teachers": false}',
            "epochs": 10, "scale": "synthetic",
        },
    )  # fmt: skip


@pytest.fixture(scope="module")
def tests_of_updates() -> list[UpdateTest]:
    networks = sample_ensemble(n_models=1, inv_sigma_w=1.0, n_samples=200)
    delta, phi = (a[0] for a in ensemble_gradients(networks, networks.weights, data="training"))
    w = networks.weights[0]
    return [
        UpdateTest(f"{eps:g}", eps, coefficients(w, delta, phi), one_step(w, delta, phi, learning_rate=eps))
        for eps in (1e-4, 1.0)
    ]


def drawn(figure: BookFigure) -> BookFigure:
    figure.canvas.draw()
    return figure


def line(axes: Axes, label: str) -> Line2D:
    (found,) = [one for one in axes.lines if one.get_label() == label]
    return found


def data(one: Line2D) -> tuple[Array, Array]:
    return np.asarray(one.get_xdata(), dtype=float), np.asarray(one.get_ydata(), dtype=float)


def test_flow_has_every_eigenvalue_of_every_network_in_its_cell(sweep):
    figure = drawn(dyson.eigenvalue_flow(sweep))
    assert len(figure.axes) == 6
    for column, (_, temperature, inv_sigma_w) in enumerate(dyson.FLOW_CELLS):
        cell = sweep.sel(temperature=temperature, inv_sigma_w=inv_sigma_w)
        expected = np.sort(cell["eigenvalues"].isel(time=-1).values.ravel())
        for axes in (figure.axes[column], figure.axes[column + 3]):
            (lines,) = [one for one in axes.collections if isinstance(one, LineCollection)]
            ends = [float(np.asarray(segment)[-1, 1]) for segment in lines.get_segments()]
            assert np.allclose(np.sort(ends), expected)
            dashed = sorted(float(data(one)[1][0]) for one in axes.lines)
            assert np.allclose(dashed, np.sort(cell["target_eigenvalues"].mean("model").values))


def test_initial_spectrum_is_a_density_in_units_of_the_variance():
    x = eigenvalues(sample_ensemble(n_models=50, inv_sigma_w=2.0, n_samples=4).weights)
    axes = drawn(dyson.initial_spectrum([x], sigma_w=0.5, aspect=0.5)).axes[0]
    places, law = data(line(axes, "Marchenko-Pastur"))
    assert np.trapezoid(law, places) == pytest.approx(1.0, abs=0.01)
    heights = [float(bar.get_height()) for bar in axes.patches]  # pyright: ignore[reportAttributeAccessIssue]
    assert sum(heights) * places[-1] / 60 == pytest.approx(1.0, abs=1e-6)
    assert axes.get_title(loc="left").endswith("16 x 32")


def test_repulsion_tells_random_matrices_from_shuffled_levels():
    noise = np.random.default_rng(0).standard_normal((400, 16, 16))
    x = np.linalg.eigvalsh(noise + noise.swapaxes(-1, -2))
    axes = drawn(
        dyson.level_repulsion({"ordered": spacing_ratios(x)}, spacing_ratios(shuffled_levels(x)))
    ).axes[0]
    assert data(line(axes, "ordered"))[1][0] < 0.5
    for label in ("random symmetric matrices", "independent levels"):
        r, density = data(line(axes, label))
        assert np.trapezoid(density, r) == pytest.approx(1.0, abs=1e-3)
    assert spacing_ratios(x).mean() == pytest.approx(0.5307, abs=0.01)
    assert shuffled_levels(x).shape == x.shape
    assert np.allclose(np.sort(shuffled_levels(x).ravel()), np.sort(x.ravel()))


def test_rate_map_shows_the_logarithm_of_the_growth(sweep):
    figure = drawn(dyson.averaged_rate(sweep))
    (mesh,) = [one for one in figure.axes[0].collections if isinstance(one, QuadMesh)]
    assert np.allclose(np.asarray(mesh.get_array()), EXPONENT * np.log(11.0))
    (curve,) = [one for one in figure.axes[1].lines if str(one.get_label()).startswith("ordered")]
    assert np.allclose(data(curve)[1], (1 + TIMES) ** EXPONENT)


def test_one_network_shows_its_levels_and_targets():
    steps, x = np.array([0, 10, 1000]), np.outer([1.0, 2.0, 3.0], np.arange(1.0, 17.0))
    axes = drawn(dyson.one_network(steps, x, np.array([5.0, 7.0]), title="one")).axes[0]
    assert np.allclose(data(axes.lines[3])[1], x[:, 3])
    assert len(axes.lines) == 16 + 2


def test_single_updates_show_the_terms_of_each_level(tests_of_updates):
    test = tests_of_updates[0]
    axes = drawn(dyson_checks.single_updates([test])).axes[0]
    assert np.allclose(data(line(axes, "Coulomb term of (4.3)"))[1], test.repulsion / test.scale)
    assert np.allclose(data(line(axes, "all terms"))[1], test.complete / test.scale)
    assert test.error < 3 * test.noise_floor < test.error_printed


def test_range_of_validity_places_each_learning_rate(tests_of_updates):
    figure = drawn(dyson_checks.range_of_validity({"start": tests_of_updates}, {"start": 1}))
    size, error = data(figure.axes[0].lines[0])
    assert np.allclose(error, [test.error for test in tests_of_updates])
    assert size[1] / size[0] == pytest.approx(1e4, rel=1e-6), "the step is linear in the learning rate"
    sizes = [one.get_markersize() for one in figure.axes[0].lines[1:3]]
    assert sizes[1] > sizes[0]


@pytest.mark.parametrize("smallest", [False, True])
def test_spacings_of_theory_and_sgd_are_means_over_networks(smallest):
    rng = np.random.default_rng(0)
    steps = np.arange(5.0)
    x = np.sort(rng.random((4, 5, 16)), axis=-1)
    printed, complete = np.sort(rng.random((2, 8, 5, 16)), axis=-1)
    theory = Theories(printed, complete, rng.random((8, 5)))
    figure = drawn(dyson_checks.spacing_against_sgd({"a": (steps, x, theory)}, smallest=smallest))
    shown = data(line(figure.axes[0], "(4.3)"))[1]
    s = level_spacing(printed)
    expected = printed[..., 0] if smallest else s - s[:, :1]
    assert np.allclose(shown, expected.mean(axis=0))
    measured = level_spacing(x)
    expected = x[..., 0] if smallest else measured - measured[:, :1]
    assert np.allclose(data(line(figure.axes[0], "SGD"))[1], expected.mean(axis=0))


def test_profile_of_equal_spacings_is_flat():
    x = np.tile(np.arange(16.0), (5, 1))
    figure = drawn(appendix_b.spacing_profile({"ordered": (x, x**2)}))
    assert np.allclose(data(line(figure.axes[0], "ordered"))[1], 1.0)
    assert np.allclose(data(line(figure.axes[1], "ordered"))[1], (2 * np.arange(15) + 1) / 15)


def test_neglected_terms_are_those_of_their_cell(sweep):
    terms = spacing_terms(sweep, n_models=2)
    figure = drawn(appendix_b.neglected_terms(terms))
    (left,) = [one for one in figure.axes[0].collections if isinstance(one, QuadMesh)]
    expected = (terms["repulsion_measured"] / terms["repulsion"]).median("model")
    assert np.allclose(np.asarray(left.get_array()), expected.transpose("temperature", "inv_sigma_w"))
    (right,) = [one for one in figure.axes[1].collections if isinstance(one, QuadMesh)]
    share = (terms["laguerre"] * terms["spacing"] / terms["repulsion_measured"]).median("model")
    assert np.allclose(np.asarray(right.get_array()), share.transpose("temperature", "inv_sigma_w"))


def test_spacing_terms_at_the_start_are_those_of_the_untrained_network(sweep):
    """The made-up sweep stores untrained weights, so both times must agree to single precision."""
    start, end = (spacing_terms(sweep, n_models=2, at=at) for at in ("start", "end"))
    for name in ("drift", "repulsion", "laguerre", "spacing"):
        assert np.allclose(start[name], end[name], rtol=1e-4)
    assert (start["repulsion"] > 0).all()
    assert np.allclose(start["spacing"], level_spacing(sweep["eigenvalues"].isel(time=0).values)[:, :, :2])


@pytest.mark.parametrize(
    ("settings", "message"), [({"n_models": 9}, "between 1 and 3"), ({"at": "now"}, "start or end")]
)
def test_bad_requests_for_terms_are_named(sweep, settings, message):
    with pytest.raises(ValueError, match=message):
        spacing_terms(sweep, **settings)
