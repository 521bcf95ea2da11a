"""The scan: what it keeps, what it costs, and what it suggests."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

import phasebook as pb
from phasebook.monitor import Monitor, paper_trials, recommend, sgd_trials
from phasebook.monitor.diagnosis import ENOUGH, phase_probabilities
from phasebook.monitor.halving import Cell
from phasebook.monitor.modules import half_squared_error
from phasebook.monitor.reference import reference_labels

GRID = {"temperatures": 2.0 ** np.arange(-5, 7, 2), "variances": (2.0**-6, 2.0**-2, 2.0**6)}


@pytest.fixture(scope="module")
def scan() -> pb.monitor.Recommendation:
    return recommend(paper_trials(networks=2), **GRID, steps=9000, progress=False)


def test_on_the_papers_network_it_suggests_the_hottest_ordered_cell_of_the_grid(scan):
    """The labels of the book's own sweep on the same grid, within one step of it."""
    labels = reference_labels().sel(inv_sigma_w=[8.0, 2.0])
    ordered = labels["temperature"].where((labels == "ordered").any("inv_sigma_w"), drop=True).values.max()
    assert scan.suggested is not None
    assert scan.suggested.variance in (2.0**-6, 2.0**-2)
    assert ordered / 4 <= scan.suggested.temperature <= ordered
    assert scan.scan["phase"].sel(temperature=32.0, variance=2.0**-6) == "paramagnetic"
    assert scan.scan["phase"].sel(temperature=2.0**-5, variance=2.0**6) == "jammed"


def test_on_the_papers_network_it_is_the_hottest_ordered_cell_of_the_whole_grid(scan):
    """Against every cell trained to the end, without a scan."""
    ordered = []
    for temperature in GRID["temperatures"]:
        for variance in GRID["variances"]:
            data = paper_trials(networks=2)(temperature, variance, 0).advance(9000)
            likely = phase_probabilities(data).isel(step=-1).sel(phase="ordered").mean()
            ordered += [temperature] * bool(likely >= ENOUGH)
    assert scan.suggested.temperature == max(ordered)


def test_it_costs_less_than_the_grid_and_says_so(scan):
    assert scan.grid_steps == 18 * 9000
    per_rung = [int((scan.scan["rung"] >= k).sum()) for k in range(3)]
    assert per_rung[0] == 18
    assert 2 <= per_rung[1] <= 6
    assert per_rung[2] == 2
    expected = per_rung[0] * 1000 + per_rung[1] * 2000 + per_rung[2] * 6000
    assert scan.steps == expected < 0.3 * scan.grid_steps
    assert f"{scan.steps} steps" in str(scan)
    assert len(scan.plot().axes) == 3


def test_same_seed_same_scan(scan):
    again = recommend(paper_trials(networks=2), **GRID, steps=9000, progress=False)
    xr.testing.assert_identical(again.scan, scan.scan)
    assert (again.suggested, again.fastest) == (scan.suggested, scan.fastest)


def test_a_paper_trial_that_is_stopped_and_goes_on_is_the_run_in_one_piece():
    pieces, whole = (paper_trials(networks=2)(0.25, 0.25, 1) for _ in range(2))
    pieces.advance(1000)
    xr.testing.assert_identical(pieces.advance(3000).isel(step=-1), whole.advance(3000).isel(step=-1))


class Watched:
    """A run whose diagnosis is prescribed: a function of the cell alone."""

    def __init__(self, temperature: float, variance: float) -> None:
        self.temperature, self.variance = temperature, variance

    def advance(self, steps: int) -> xr.Dataset:
        ordered = self.temperature <= 1 and self.variance <= 1
        start, end = (0.01, 0.05) if ordered else (0.01, 0.999)
        if self.variance > 1:
            start = end = 0.999
        growth = 1.0 if ordered else 0.0 if self.variance > 1 else 14.0
        overlap = end if self.variance > 1 else 0.0
        dims = ("layer", "step")
        return xr.Dataset(
            {
                "feature_saturation": (dims, [[start, end]]),
                "feature_rms": (dims, [[start**0.5, end**0.5]]),
                "feature_overlap": (dims, [[start, overlap]]),
                "level_spacing": (dims, [[1.0, np.exp(growth)]]),
                # Slowest where it is coldest, and best at half of the largest ordered temperature.
                "loss": ("step", [1.0, abs(np.log2(self.temperature) + 1) / steps + 1e-6]),
            },
            coords={"layer": ["W"], "step": [0, steps]},
        )


def test_largest_and_fastest_temperature_where_the_answer_is_known():
    found = recommend(
        lambda t, v, seed: Watched(t, v), temperatures=2.0 ** np.arange(-4, 5), variances=(0.5, 4.0),
        steps=900, progress=False,
    )  # fmt: skip
    assert found.suggested == Cell(1.0, 0.5)
    assert found.fastest == Cell(0.5, 0.5)


def test_no_ordered_cell_is_said_and_none_suggested():
    found = recommend(
        lambda t, v, seed: Watched(t, v), temperatures=(4.0, 8.0), variances=(4.0,), steps=900, progress=False
    )
    assert found.suggested is None
    assert "no cell of the scan is in the ordered phase" in str(found)
    assert len(found.plot().axes) == 3


# --- any PyTorch model --------------------------------------------------------------------------------


def make_model() -> nn.Module:
    return nn.Sequential(
        nn.Linear(3, 8), nn.Tanh(), nn.Dropout(0.1), nn.Linear(8, 6), nn.Tanh(), nn.Linear(6, 1)
    )


PAIR = (torch.ones(8, 3), torch.ones(8, 1))


def torch_trials(**changes):
    stream = torch.Generator().manual_seed(0)
    x = torch.randn(80, 3, generator=stream)
    y = torch.tanh(x.sum(1, keepdim=True))
    arguments = {"data": (x[:60], y[:60]), "probe": (x[60:], y[60:]), "loss": half_squared_error,
                 "layer": "3", "batch_size": 4, **changes}  # fmt: skip
    return sgd_trials(make_model, **arguments)


def test_a_torch_trial_does_not_depend_on_what_runs_beside_it():
    """Two runs in turns, with dropout, and one of them alone; and the caller's random numbers stay."""
    start = torch_trials()
    before = torch.get_rng_state()
    first, second = start(0.05, 1.0, 3), start(0.5, 4.0, 3)
    first.advance(20)
    second.advance(30)
    torch.rand(7)
    together = first.advance(50)
    alone = start(0.05, 1.0, 3)
    torch.set_rng_state(before)
    alone.advance(20)
    xr.testing.assert_equal(alone.advance(50), together)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_torch_trial_is_plain_sgd_from_scaled_weights():
    """Against a loop written out here, without dropout."""

    def plain() -> nn.Module:
        return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2)).double()

    x, y = torch.randn(8, 3, dtype=torch.float64), torch.randn(8, 2, dtype=torch.float64)
    start = sgd_trials(
        plain, data=(x, y), probe=(x, y), loss=half_squared_error, layer="0", batch_size=8, scaled=["0", "2"]
    )
    data = start(0.01, 4.0, 5).advance(3)
    with torch.random.fork_rng():
        torch.manual_seed(5)
        model = plain()
    with torch.no_grad():
        for name in ("0.weight", "2.weight"):
            model.get_parameter(name).mul_(2.0)
    watch = Monitor(model, layers=["0"], probe=(x, y), loss=half_squared_error)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.08)
    for _ in range(3):
        optimiser.zero_grad()
        half_squared_error(model(x), y).backward()
        optimiser.step()
        watch.step()
    np.testing.assert_allclose(data["loss"], watch.dataset()["loss"], rtol=1e-12)
    np.testing.assert_allclose(data["eigenvalues"], watch.dataset()["eigenvalues"], rtol=1e-10)


def test_recommend_runs_on_a_torch_model():
    found = recommend(
        torch_trials(), temperatures=(0.01, 0.1), variances=(1.0, 4.0), steps=90, progress=False
    )
    assert set(found.scan["rung"].values.ravel()) <= {0, 1, 2}
    assert found.steps < found.grid_steps


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temperatures": ()}, "temperatures must be positive numbers"),
        ({"temperatures": 0.1}, "positive numbers in a list, got 0.1"),
        ({"temperatures": ["hot"]}, r"positive numbers in a list, got \['hot'\]"),
        ({"variances": (1.0, -1.0)}, "variances must be positive numbers"),
        ({"keep": 1.0}, "keep must lie between 0 and 1"),
        ({"rungs": 0}, "rungs must be a whole number, at least 1, got 0"),
        ({"repeats": 1.5}, "repeats must be a whole number, at least 1, got 1.5"),
        ({"steps": 20}, "fewer than 10 for the first of 3 rungs"),
    ],
)
def test_bad_input_is_one_clear_line(change: dict[str, object], message: str):
    arguments = {"temperatures": (0.1,), "variances": (1.0,), "steps": 900, "progress": False, **change}
    with pytest.raises(ValueError, match=message):
        recommend(paper_trials(), **arguments)


@pytest.mark.parametrize("start", [nn.Linear(1, 1), nn.Flatten, make_model, None])
def test_what_makes_no_runs_is_refused(start):
    with pytest.raises(ValueError, match="start must be made by sgd_trials"):
        recommend(start, temperatures=(0.1,), variances=(1.0,), steps=900, progress=False)


def test_a_model_that_is_not_new_is_refused():
    """The second cell would go on from the weights of the first."""
    model = make_model()
    with pytest.raises(ValueError, match="must be a function that returns a new model"):
        sgd_trials(model, data=PAIR, probe=PAIR, loss=half_squared_error, layer="3", batch_size=4)
    start = sgd_trials(lambda: model, data=PAIR, probe=PAIR, loss=half_squared_error, layer="3", batch_size=4)
    start(0.1, 1.0, 0)
    with pytest.raises(ValueError, match=r"must return a new torch\.nn\.Module each time"):
        start(0.1, 1.0, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": (np.ones((8, 3)), np.ones((8, 1)))}, "data must be a pair of tensors"),
        ({"data": (torch.ones(8, 3), torch.ones(7, 1))}, "data has 8 inputs and 7 targets"),
        ({"scaled": "3"}, "scaled must be a list of names, got '3'"),
        ({"batch_size": 1.5}, "batch_size must lie between 1 and the 60 samples, got 1.5"),
    ],
)
def test_trials_that_cannot_start_are_one_clear_line(change: dict[str, object], message: str):
    with pytest.raises(ValueError, match=message):
        torch_trials(**change)


def test_batch_size_out_of_range_and_half_epochs_are_refused():
    with pytest.raises(ValueError, match="between 1 and the 60 samples"):
        torch_trials(batch_size=61)
    trial = paper_trials()(0.25, 1.0, 0)
    trial.advance(500)
    with pytest.raises(ValueError, match="whole epochs"):
        trial.advance(700)
