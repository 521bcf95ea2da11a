"""The scan on made-up runs: the phase of every cell at every time is prescribed, so the answer is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr

from phasebook.monitor import Recommendation, recommend
from phasebook.monitor.halving import Seen, look

SHOWS = {  # saturation, memory and growth that are read as the phase
    "ordered": (0.05, 0.0, 1.0),
    "undecided": (0.7, 0.0, 3.0),
    "paramagnetic": (0.999, 0.0, 14.0),
    "jammed": (0.999, 0.999, 0.0),
}
RUNGS: tuple[int, ...] = (100, 300, 900)
PhaseAt = Callable[[float, float, int], str]


def dataset(phase: str, steps: int) -> xr.Dataset:
    saturation, memory, growth = SHOWS[phase]
    dims = ("layer", "step")
    return xr.Dataset(
        {
            "feature_saturation": (dims, [[0.01, saturation]]),
            "feature_rms": (dims, [[0.1, saturation**0.5]]),
            "feature_overlap": (dims, [[0.01, memory * saturation]]),
            "level_spacing": (dims, [[1.0, np.exp(growth)]]),
            "loss": ("step", [1.0, 0.5]),
        },
        coords={"layer": ["W"], "step": [0, steps]},
    )


@pytest.fixture
def scan(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Recommendation]:
    """A scan over runs with `phase_at(temperature, variance, steps)`; how a phase is read is left out."""
    likely = {"ordered": 0.9, "undecided": 0.5, "paramagnetic": 0.05, "jammed": 0.05}

    def read(runs: list[tuple[str, float]], rung: int, steps: int) -> Seen:
        return Seen(rung, steps, loss=runs[0][1], phase=runs[0][0], ordered=likely[runs[0][0]])

    monkeypatch.setattr("phasebook.monitor.recommendation.look", read)

    class Run:
        def __init__(self, phase_at: PhaseAt, temperature: float, variance: float) -> None:
            self.phase_at, self.cell = phase_at, (temperature, variance)

        def advance(self, steps: int) -> tuple[str, float]:
            return self.phase_at(*self.cell, steps), 1 / (1 + self.cell[0] * steps)

    def scanned(phase_at: PhaseAt, temperatures: np.ndarray, variances: np.ndarray) -> Recommendation:
        start: Any = lambda t, v, seed: Run(phase_at, t, v)  # noqa: E731
        return recommend(
            start, temperatures=temperatures, variances=variances,
            steps=RUNGS[-1], progress=False,
        )  # fmt: skip

    return scanned


@pytest.mark.parametrize("phase", SHOWS)
def test_made_up_runs_are_read_as_prescribed(phase: str):
    assert look([dataset(phase, 100)], 0, 100).phase == phase


def test_a_boundary_that_moves_down_in_time_is_found_where_it_ends(scan):
    """What is ordered at first is no more at the end, and the cells that are were crowded out by then."""
    upper: dict[int, float] = dict(zip(RUNGS, (2.0**2, 2.0**0, 2.0**-2), strict=True))

    def phase_at(temperature: float, variance: float, steps: int) -> str:
        if temperature <= upper[steps]:
            return "ordered"
        return "undecided" if temperature <= 8 * upper[steps] else "paramagnetic"

    for rows, columns in ((9, 1), (9, 2), (9, 5), (13, 3)):
        found = scan(phase_at, 2.0 ** np.arange(5 - rows, 5), 2.0 ** np.arange(columns))
        assert found.suggested is not None
        assert found.suggested.temperature == upper[RUNGS[-1]]
        assert found.resumed
        assert set(found.resumed) >= {found.suggested}
        assert "trained to the end after all" in str(found)
        assert found.steps < found.grid_steps


def test_nothing_is_resumed_if_the_boundary_stays(scan):
    found = scan(
        lambda t, v, steps: "ordered" if t <= 1 else "undecided" if t <= 2 else "paramagnetic",
        2.0 ** np.arange(-4, 5), 2.0 ** np.arange(3),
    )  # fmt: skip
    assert found.suggested is not None
    assert found.suggested.temperature == 1
    assert found.resumed == ()
    assert "after all" not in str(found)


@pytest.mark.parametrize("seed", range(20))
def test_nothing_hotter_that_looked_ordered_is_left_unexamined(scan, seed: int):
    """Phases drawn at random: whatever the runs do, the suggestion is what the scan's own record says."""
    draw = np.random.default_rng(seed)
    temperatures, variances = 2.0 ** np.arange(6), 2.0 ** np.arange(4)
    table = {(t, v, s): str(draw.choice(list(SHOWS), p=[0.3, 0.4, 0.2, 0.1]))
             for t in temperatures for v in variances for s in RUNGS}  # fmt: skip
    found = scan(lambda *cell: table[cell], temperatures, variances)
    last = {(float(one["temperature"]), float(one["variance"])): one for one in
            (found.scan.sel(temperature=t, variance=v) for t in temperatures for v in variances)}  # fmt: skip
    for (t, v), one in last.items():
        assert one["phase"] == table[t, v, int(one["steps"])]
    looked_ordered = [t for (t, _), one in last.items() if one["phase"] == "ordered"]
    at_end = [t for (t, _), one in last.items() if one["phase"] == "ordered" and one["steps"] == RUNGS[-1]]
    assert (found.suggested is None) == (not looked_ordered)
    if found.suggested is not None:
        assert table[*found.suggested, RUNGS[-1]] == "ordered"
        assert found.suggested.temperature == max(looked_ordered) == max(at_end)
    assert found.steps == int(found.scan["steps"].sum())
    assert all(last[cell]["steps"] == RUNGS[-1] for cell in found.resumed)


def test_without_an_ordered_cell_it_says_what_was_seen(scan):
    found = scan(lambda t, v, steps: "jammed" if v > 1 else "undecided", np.array([1.0]), 2.0 ** np.arange(3))
    assert found.suggested is found.fastest is None
    assert "no cell of the scan is in the ordered phase: 2 jammed, 1 undecided" in str(found)


def test_the_edge_of_the_grid_is_said(scan):
    found = scan(lambda *_: "ordered", 2.0 ** np.arange(3), np.array([1.0]))
    assert "hottest row of the grid" in str(found)
    assert "hottest row" not in str(scan(lambda *_: "ordered", np.array([1.0]), np.array([1.0])))


def test_resumed_cells_are_ringed_in_the_figure(scan):
    upper: dict[int, float] = dict(zip(RUNGS, (4.0, 1.0, 0.25), strict=True))
    found = scan(
        lambda t, v, s: "ordered" if t <= upper[s] else "undecided", 2.0 ** np.arange(-4, 5), np.array([1.0])
    )
    labels = [text.get_text() for text in found.plot().legends[0].get_texts()]
    assert labels.count("resumed") == 1
