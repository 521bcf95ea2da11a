"""The worked example: shapes, repeatability, a range test with a known answer, the table."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import xarray as xr
from torch.nn import functional as F

import phasebook as pb
from phasebook.beyond.digit_networks import Transformer, convolutional, digits
from phasebook.beyond.habits import Choice, comparison, range_test, readable, steps_to_reach
from phasebook.beyond.trainer import one_thread
from phasebook.beyond.worked_example import Runs, fresh, stepper, train_models
from phasebook.figures.worked_example import range_tests_and_runs, scan_and_grid

DATA = digits()
NETWORKS = {"convolutional": convolutional, "transformer": Transformer}


def test_digits_are_shared_out_once():
    parts = (DATA.train, DATA.probe, DATA.test)
    assert [len(part[0]) for part in parts] == [1297, 100, 400]
    pixels = torch.cat([part[0] for part in parts])
    assert pixels.shape == (1797, 1, 8, 8)
    assert pixels.min() == -1
    assert pixels.max() == 1
    # The classes of scikit-learn's copy, counted there: 178 zeros, 174 eights.
    classes = torch.cat([part[1] for part in parts])
    assert (classes == 0).sum() == 178
    assert (classes == 8).sum() == 174
    with pytest.raises(ValueError, match="leave some of 1797"):
        digits(probe=1000, test=797)


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_shapes_and_seeds(make):
    model = fresh(make, seed=1)
    assert model(DATA.probe[0]).shape == (100, 10)
    again, other = fresh(make, seed=1), fresh(make, seed=2)
    name = next(iter(dict(model.named_parameters())))
    assert torch.equal(model.get_parameter(name), again.get_parameter(name))
    assert not torch.equal(model.get_parameter(name), other.get_parameter(name))


def test_attention_is_that_of_torch():
    """The block written out against torch's fused attention."""
    model = fresh(Transformer, seed=3)
    images = DATA.probe[0][:5]
    tokens = model.embed(images.flatten(0, 1)) + model.place
    parts = model.attention(model.norm(tokens)).unflatten(-1, (3, 2, 8)).permute(2, 0, 3, 1, 4)
    mixed = F.scaled_dot_product_attention(*parts).transpose(1, 2).flatten(-2)
    tokens = tokens + model.join(mixed)
    wanted = model.out((tokens + model.block(tokens)).mean(1))
    torch.testing.assert_close(model(images), wanted)


def test_drawing_a_model_and_training_leave_torch_as_it_was():
    threads = torch.get_num_threads()
    state = torch.get_rng_state()
    train_models([fresh(convolutional, seed=0)], DATA, steps=1, seeds=[0], rates=[0.1])
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_same_seed_same_bits(make):
    models = [fresh(make, seed=k) for k in (0, 1)]
    one, two = (
        train_models(models, DATA, steps=6, seeds=[0, 1], rates=[0.1, 0.2], looks=[3]) for _ in range(2)
    )
    assert one.steps.tolist() == [3, 6]
    assert one.losses.shape == (2, 2)
    np.testing.assert_array_equal(one.losses, two.losses)
    np.testing.assert_array_equal(one.probe_loss, two.probe_loss)


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("adam", [False, True], ids=["sgd", "adam"])
def test_side_by_side_is_one_after_another(make, adam):
    """The same runs with an ordinary loop and torch's own optimisers; they differ by rounding alone."""
    rate, steps = (1e-3 if adam else 0.1), 10
    found = train_models(
        [fresh(make, seed=k) for k in (0, 1)], DATA, steps=steps, seeds=[0, 1], rates=[rate] * 2, adam=adam
    )
    optimiser = torch.optim.Adam if adam else torch.optim.SGD
    start = pb.monitor.sgd_trials(
        make, data=DATA.train, probe=DATA.probe, loss=F.cross_entropy, batch_size=16,
        layer="2" if make is convolutional else "block.1", optimiser=optimiser,
    )  # fmt: skip
    losses = [float(start(rate / 16, 1.0, k).advance(steps)["loss"][-1]) for k in (0, 1)]
    np.testing.assert_allclose(found.probe_loss, losses, rtol=1e-4)


@pytest.mark.parametrize("curvature", [0.5, 8.0])
def test_range_test_on_a_parabola(curvature):
    """a w^2 / 2 shrinks under gradient descent below the rate 2 / a and grows above it."""
    w = [1.0]

    def step(rate: float) -> float:
        loss = curvature * w[0] ** 2 / 2
        w[0] -= rate * curvature * w[0]
        return loss

    found = range_test(step, lowest=1e-2 / curvature, highest=1e2 / curvature, steps=200, window=1)
    one_step = (1e4) ** (1 / 199)
    # The loss before the first step above 2 / a is the lowest: at most one step of the ramp away.
    assert 1 / one_step <= found.picked / (0.2 / curvature) <= one_step**1.001
    assert len(found.rates) == len(found.losses) == len(found.smooth) < 200


def test_range_test_stops_where_the_loss_is_not_finite():
    losses = iter([3.0, 2.0, 1.0, np.nan, 0.1])
    found = range_test(lambda rate: next(losses), lowest=1e-2, highest=1e2, steps=5, window=1)
    assert found.losses.tolist() == [3.0, 2.0, 1.0]
    assert found.picked == pytest.approx(0.1)
    with pytest.raises(ValueError, match="odd window"):
        range_test(lambda rate: 1.0, lowest=1.0, highest=2.0, window=4)


def runs(losses: list[list[float]]) -> Runs:
    table = np.array(losses)
    count = len(table)
    return Runs(np.array([10, 20, 30]), table, np.linspace(0.9, 1.0, count), np.ones(count), 1.0)


def test_the_table():
    found = runs([[1.0, 0.5, 0.2], [2.0, 0.9, 0.4], [2.0, 1.9, 0.6]])
    assert steps_to_reach(found, 0.5).tolist() == [20, 30, np.inf]
    choices = {"a": Choice(0.1, 4.0, 100, 2.0), "b": Choice(np.nan, np.nan, 7, 1.0)}
    table = comparison(choices, {"a": found}, loss=0.5)
    assert table.loc["a", "loss"] == pytest.approx(0.4)
    assert table.loc["a", "loss, s.d."] == pytest.approx(0.2)
    assert table.loc["a", "steps to reach"] == 30
    text = readable(table)
    assert text.loc["a", "final loss"] == "0.400 ± 0.200"
    assert text.loc["b", "learning rate"] == "none found"
    assert text.loc["b", "final loss"] == "–"
    with pytest.raises(ValueError, match="runs without a choice: "):
        comparison({}, {"a": found}, loss=0.5)


def scan(phases: list[list[str]]) -> xr.Dataset:
    dims = ("temperature", "variance")
    losses = np.array([[0.5, 0.4], [0.3, 0.2]])
    return xr.Dataset(
        {"phase": (dims, phases), "loss": (dims, losses)},
        coords={"temperature": [0.25, 0.5], "variance": [0.5, 1.0]},
    )


def test_figures():
    one = scan([["ordered", "jammed"], ["undecided", "diverged"]])
    figure = scan_and_grid({"n": one}, {"n": one["loss"]}, chosen={"n": None}, best={"n": (0.5, 1.0)})
    left, right = figure.axes[:2]
    assert left.collections[0].get_clim() == right.collections[0].get_clim()
    np.testing.assert_array_equal(right.collections[0].get_array(), one["loss"].values)
    test = range_test(lambda rate: 1 / (1 + rate), lowest=0.1, highest=1.0, steps=5)
    found = runs([[1.0, 0.5, 0.2], [2.0, 0.9, 0.4]])
    drawn = range_tests_and_runs({"n": test}, {"n": {"a": found}}).axes[1].get_lines()[0]
    np.testing.assert_allclose(np.asarray(drawn.get_ydata()), [1.5, 0.7, 0.3])


def test_bad_training_arguments_are_refused():
    model = fresh(convolutional, seed=0)
    with pytest.raises(ValueError, match="as many models"):
        train_models([model], DATA, steps=1, seeds=[0, 1], rates=[0.1])
    with pytest.raises(ValueError, match="batch of 1 to 1297"):
        train_models([model], DATA, steps=1, seeds=[0], rates=[0.1], batch_size=2000)
    with pytest.raises(ValueError, match="one learning rate"):
        train_models([model] * 2, DATA, steps=1, seeds=[0, 1], rates=[0.1, 0.2], adam=True)


def test_steps_of_the_range_test_are_plain_sgd():
    step = stepper(fresh(convolutional, seed=0), DATA, seed=0)
    first, second = step(0.0), step(0.0)
    assert first != second  # other batches
    assert abs(first - np.log(10)) < 0.5
