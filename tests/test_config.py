"""What a sweep computes: scales, times, the order of the work, and checks of every setting."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasebook.runs.checks import InvalidConfig
from phasebook.runs.config import ORDERS, PRECISIONS, SCALES, Config, record_steps

SMALL = Config(n_models=3, epochs=1, temperatures=(0.25, 4.0), inv_sigma_ws=(0.5, 8.0), n_samples=400)


# --- what a sweep is -----------------------------------------------------------------------------------


def test_scales_are_those_of_the_paper():
    """12 x 12 cells, T from 2^-5 to 2^6, 1/sigma_W from 2^-8 to 2^3; paper: 1e8 steps, 14 400 networks."""
    assert {name: config.n_networks * config.steps for name, config in SCALES.items()} == {
        "smoke": 576 * 10**3,
        "book": 14_400 * 10**5,
        "paper": 14_400 * 10**8,
    }
    for config in SCALES.values():
        assert np.log2(config.temperatures).tolist() == list(range(-5, 7))
        assert np.log2(config.inv_sigma_ws).tolist() == list(range(-8, 4))


def test_config_knows_what_the_trainer_knows():
    from phasebook import sgd

    assert (ORDERS, PRECISIONS) == (sgd.ORDERS, sgd.PRECISIONS)


def test_record_steps_at_book_scale():
    """Five per decade, from a table of preferred numbers (R5), rounded to whole steps."""
    decade = [100, 158, 251, 398, 631]
    later = [1000, 1585, 2512, 3981, 6310, 10_000, 15_849, 25_119, 39_811, 63_096]
    assert record_steps(SCALES["book"]) == [0, *decade, *later, 100_000]


def test_record_steps_at_paper_scale_have_the_published_times():
    steps = record_steps(SCALES["paper"])
    assert steps == sorted(set(steps))
    assert set(range(0, 10**8 + 1, 5 * 10**6)) <= set(steps)
    assert (
        len(steps) == 1 + 31 + 20 - 1 - 1
    )  # t = 0, five per decade, the published times; 1e7 and 1e8 are both


@given(epochs=st.integers(1, 10**6), batch_size=st.integers(1, 64), n_samples=st.integers(64, 5000))
def test_record_steps_begin_at_zero_and_end_at_the_end(epochs: int, batch_size: int, n_samples: int):
    config = replace(SMALL, epochs=epochs, batch_size=batch_size, n_samples=n_samples)
    steps = record_steps(config)
    assert (steps[0], steps[-1]) == (0, epochs * (n_samples // batch_size))
    assert all(np.diff(steps) > 0)


def test_any_prefix_of_the_work_is_an_ensemble_over_the_whole_grid():
    networks = list(SMALL.networks())
    assert len(networks) == SMALL.n_networks == len(set(networks))
    assert [model for _, _, model in networks] == [0] * 4 + [1] * 4 + [2] * 4
    assert list(SMALL.networks(start=2)) == networks[8:]


# --- checks of arguments -------------------------------------------------------------------------------

not_positive = st.one_of(
    st.floats(max_value=0), st.sampled_from([math.nan, math.inf, True, "warm", None, 1j])
)


@pytest.mark.parametrize("field", ["temperatures", "inv_sigma_ws"])
@given(good=st.lists(st.floats(1e-9, 1e9), max_size=3, unique=True), bad=not_positive)
def test_axes_must_be_positive_numbers(field: str, good: list[float], bad: object):
    with pytest.raises(InvalidConfig, match=f"{field} must be a positive number, got .*paper's grid"):
        replace(SMALL, **{field: (*good, bad)})


@pytest.mark.parametrize("field", ["temperatures", "inv_sigma_ws"])
@given(values=st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=5, unique=True))
def test_axes_are_sorted_and_have_no_value_twice(field: str, values: list[float]):
    assert getattr(replace(SMALL, **{field: values}), field) == tuple(sorted(values))
    with pytest.raises(InvalidConfig, match="twice"):
        replace(SMALL, **{field: [*values, values[0]]})


@pytest.mark.parametrize("field", ["n_models", "epochs", "batch_size", "n_samples"])
@given(
    bad=st.one_of(
        st.integers(max_value=0), st.floats(max_value=0.99), st.sampled_from([1.5, math.nan, "3", True])
    )
)
def test_counts_must_be_whole_and_positive(field: str, bad: object):
    with pytest.raises(InvalidConfig, match=f"{field} must be a whole number from 1 to"):
        replace(SMALL, **{field: bad})


@pytest.mark.parametrize(
    ("field", "bad", "words"),
    [
        ("temperatures", (), "at least one"),
        ("seed", -1, "seed must be a whole number from 0"),
        ("order", "random", "must be fixed, shuffled or with_replacement, got random"),
        ("precision", "float16", "must be float32 or float64, got float16"),
        ("batch_size", 401, "from 1 to 400, got 401"),
        ("widths", (3, 16), "at least three"),
        ("widths", (3, 0, 16, 1), "widths must be a whole number from 1"),
    ],
)
def test_other_settings(field: str, bad: object, words: str):
    with pytest.raises(InvalidConfig, match=words):
        replace(SMALL, **{field: bad})


@given(
    n_models=st.integers(1, 1000),
    temperatures=st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=4, unique=True),
    common_teachers=st.booleans(),
)
def test_configuration_survives_json(n_models: int, temperatures: list[float], common_teachers: bool):
    config = replace(SMALL, n_models=n_models, temperatures=temperatures, common_teachers=common_teachers)
    assert Config.from_json(config.to_json()) == config


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"epochs": 1}', SMALL.to_json().replace("3", '"x"')])
def test_other_json_is_refused(text: str):
    with pytest.raises(ValueError):
        Config.from_json(text)
