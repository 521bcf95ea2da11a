"""Absorbing states: matched rules, the table of the transition, the film, and samples that still push."""

import json
import re
from html import unescape

import numpy as np
import pytest
import xarray as xr

from phasebook.figures import absorbing_states, packing_animation
from phasebook.figures import random_organization as figures
from phasebook.network import sample_ensemble
from phasebook.runs.small_packings import load_small_packings, small_runs
from phasebook.runs.transition import verify_packings
from phasebook.systems import packing_experiments as experiments
from phasebook.systems import transition_table as table
from phasebook.systems.absorbing_transition import Estimate
from phasebook.systems.random_organization import (
    BRO,
    SGD,
    contacts,
    matched_approximation,
    matched_sgd,
    random_packing,
)
from phasebook.theory.sample_activity import active_samples, loss_and_noise


@pytest.fixture(scope="module")
def runs():
    return load_small_packings()


@pytest.mark.parametrize("rule", [BRO(0.1), matched_sgd(0.1), matched_approximation(0.1)])
def test_matched_rules_push_with_the_same_two_moments(rule):
    u = experiments.first_moves(rule, n_pairs=1000, seed=3)
    square = (u - u.mean()) ** 2
    assert abs(u.mean() - 0.05) < 4 * u.std() / np.sqrt(1000)
    assert abs(u.var() - 0.01 / 12) < 4 * square.std() / np.sqrt(1000)


def test_escape_times_are_the_exact_ones():
    """exp(g / 2 kick) for BRO; ceil(g / 2 d) / p for steps d taken with probability p."""
    bro = experiments.escape_time(BRO(0.1), gap=0.15, n_pairs=500, seed=1)
    assert abs(bro.value - np.exp(0.75)) < 4 * bro.error
    sgd = experiments.escape_time(SGD(0.1, 0.5), gap=0.15, n_pairs=500, seed=1)
    assert abs(sgd.value - 4.0) < 4 * sgd.error


def test_limit_of_points_on_a_known_parabola():
    sizes = (0.2, 0.1, 0.05, 0.025)
    points = [(k, Estimate(0.64 - 0.9 * k + 0.5 * k**2, 1e-4)) for k in sizes]
    found = table.limit(points)
    assert found.value == pytest.approx(0.64, abs=1e-9)
    line = table.limit(points[2:])
    assert abs(line.value - 0.64) < 3 * found.error
    with pytest.raises(ValueError, match="at least two kicks, got 1"):
        table.limit(points[:1])


def test_small_runs_are_those_of_the_package(runs):
    assert verify_packings(runs, seed=2, n_runs=1, n_steps=300) == []
    planned = {(r.rule, r.kick, r.packing_fraction, r.seed) for r in small_runs([0, 1, 2])}
    names = ("rule", "kick", "packing_fraction", "seed")
    kept = set(zip(*(runs[name].values.tolist() for name in names), strict=True))
    assert kept == planned


def test_steady_activities_leave_absorbed_runs_out(runs):
    points = table.steady(runs, "BRO", 0.1)
    some = table.of(runs, "BRO", 0.1)
    for fraction, alive, count in zip(points.packing_fraction, points.survivors, points.runs, strict=True):
        here = some["packing_fraction"].values == fraction
        assert (count, alive) == (here.sum(), (~some["absorbed"].values[here]).sum())
    assert np.all(points.error > 0)


def test_figures_are_drawn(runs):
    for figure in (
        figures.near_the_transition(runs),
        figures.critical_points_against_kick(runs),
        absorbing_states.scaling_near_the_transition(runs, kick=0.1),
    ):
        assert figure._repr_png_()[:4] == b"\x89PNG"


def test_film_has_every_frame_and_needs_nothing_else():
    start = random_packing(n_particles=20, packing_fraction=0.6, dimension=2, seed=1)
    film = packing_animation.film({"one": start}, BRO(0.1), steps=[0, 1, 3], description="discs")
    page = film._repr_html_()
    (held,) = re.findall(r'data-film="([^"]*)"', page)
    data = json.loads(unescape(held))
    assert data["steps"] == [0, 1, 3]
    for (x, y, active), packing in zip(data["panels"][0], film.packings[0], strict=True):
        assert np.allclose(
            np.transpose([x, y]) / 1000 * packing.box, packing.positions, atol=packing.box / 1000
        )
        assert [c == "1" for c in active] == (contacts(packing) > 0).tolist()
    assert page.count("<circle") == 20
    assert "http" not in page
    assert 'role="img" aria-label="one. discs"' in page


@pytest.mark.parametrize("towards_teacher", [0.0, 0.9, 1.0])
def test_samples_are_at_rest_at_the_teacher(towards_teacher):
    """At the teacher no sample is active and there is no noise; elsewhere both are there."""
    ensemble = sample_ensemble(n_models=2, inv_sigma_w=8.0)
    weights = towards_teacher * ensemble.teacher[1] + (1 - towards_teacher) * ensemble.weights
    dims = ("temperature", "inv_sigma_w", "model", "unit", "input_unit")
    sweep = xr.Dataset(
        {"weights": (dims, weights[None, None])},
        coords={"temperature": [2.0**-5], "inv_sigma_w": [8.0]},
        attrs={"seed": 0},
    )
    share = active_samples(sweep).values
    loss, noise = loss_and_noise(sweep, {"temperature": 2.0**-5, "inv_sigma_w": 8.0})
    if towards_teacher == 1.0:
        assert np.all(share == 0)
        assert np.all(loss == 0)
        assert np.all(noise == 0)
    else:
        assert np.all(share > 0.8)
        assert np.all(loss > 0)
        assert np.all(noise > 0)
