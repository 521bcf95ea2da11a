"""The cost of the spheres: the figure shows the numbers of the benchmark, and the cost is near linear."""

import json
from pathlib import Path

import numpy as np
import pytest

from phasebook.figures.packing_cost import packing_cost

BENCHMARK = json.loads((Path(__file__).parents[1] / "benchmarks" / "packing.json").read_text())


def test_points_are_the_measured_times():
    axes = packing_cost(BENCHMARK).axes[0]
    drawn = {(x, y) for line in axes.lines for x, y in np.column_stack(line.get_data()).tolist()}
    assert drawn == {(row["particles"], row["nanoseconds"]) for row in BENCHMARK["rows"]}
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")


def test_ratios_are_those_of_the_times():
    ours = {
        (row["rule"], row["particles"]): row["nanoseconds"]
        for row in BENCHMARK["rows"]
        if row["name"] == "phasebook"
    }
    for row in BENCHMARK["rows"]:
        expected = row["nanoseconds"] / ours[row["rule"], row["particles"]]
        assert abs(row["ratio"] / expected - 1) < 0.01


@pytest.mark.parametrize("rule", ["BRO", "SGD"])
def test_recorded_cost_grows_little_faster_than_the_number_of_particles(rule):
    """From 10^3 to 10^6 particles the time per particle grows less than fourfold (caches, longest moves)."""
    ours = [r for r in BENCHMARK["rows"] if (r["name"], r["rule"]) == ("phasebook", rule)]
    assert [r["particles"] for r in ours] == [10**3, 10**4, 10**5, 10**6]
    assert ours[-1]["nanoseconds"] < 4 * ours[0]["nanoseconds"]
