"""The cost model: it finds the numbers it was made from, and says what a real run costs."""

import numpy as np
import pytest

from phasebook.figures.scale_out import cost
from phasebook.runs.cost import CostModel, Measurement, step_seconds, time_block

PAPER = (3, 32, 16, 1)
TRUE = CostModel(call=0.01, network=1e-3, step=1e-7)


def made_up(networks: int, steps: int) -> Measurement:
    return Measurement(networks, steps, PAPER, TRUE.seconds(networks=networks, steps=steps, block=networks))


MADE_UP = [made_up(networks, steps) for networks in (1, 16, 64) for steps in (1000, 20_000, 10**5)]


def test_fit_finds_the_costs_it_was_made_from():
    found = CostModel.fit(MADE_UP)
    assert (found.call, found.network, found.step) == pytest.approx((0.01, 1e-3, 1e-7))


def test_idle_places_cost_as_much_as_trained_networks():
    """One network takes the steps of sixteen; seventeen take those of thirty-two."""
    assert TRUE.seconds(networks=1, steps=10**8, block=16) == pytest.approx(160 + 0.011)
    assert TRUE.seconds(networks=17, steps=10**8, block=64) == pytest.approx(320 + 0.027)
    assert TRUE.seconds(networks=32, steps=10**8, block=16) == pytest.approx(320 + 0.052)


def test_two_lengths_give_the_time_of_a_step():
    assert step_seconds(made_up(16, 1000), made_up(16, 50_000)) == pytest.approx(1e-7)


def test_model_of_this_machine_foretells_a_longer_run():
    """Fitted to runs of at most 10^5 steps, within a factor of two for one four times as long."""
    time_block(networks=16, epochs=1)
    model = CostModel.fit([time_block(networks=n, epochs=e) for n in (16, 32) for e in (5, 20, 100)])
    measured = min(time_block(networks=16, epochs=400).seconds for _ in range(3))
    assert 0.5 < model.seconds(networks=16, steps=400_000, block=16) / measured < 2


def test_figure_shows_every_measurement_and_the_model():
    figure = cost(MADE_UP, TRUE, {PAPER: 1e-7, (3, 64, 32, 1): 5e-7})
    left, right = figure.axes
    shown = {(x, y) for line in left.lines[::2] for x, y in np.asarray(line.get_xydata()).tolist()}
    assert shown == {(m.steps, m.seconds) for m in MADE_UP}
    measured, in_proportion = (np.asarray(line.get_xydata()) for line in right.lines)
    np.testing.assert_allclose(measured, [[512, 100], [2048, 500]])
    np.testing.assert_allclose(in_proportion, [[512, 100], [2048, 400]])
