"""The bars are the numbers of the benchmark, shortest first."""

import json
from pathlib import Path

from matplotlib.patches import Rectangle

from phasebook.figures.performance import step_times

BENCHMARK = json.loads((Path(__file__).parents[1] / "benchmarks" / "engine.json").read_text())


def test_bars_are_the_measured_times():
    axes = step_times(BENCHMARK).axes[0]
    widths = [bar.get_width() for bar in axes.patches if isinstance(bar, Rectangle)]
    assert widths == sorted(row["nanoseconds"] for row in BENCHMARK["rows"])
    assert axes.get_xscale() == "log"
    assert len(axes.get_yticklabels()) == len(widths)


def test_ratios_are_those_of_the_times():
    rows = {(row["name"], row["networks"]): row for row in BENCHMARK["rows"]}
    ours = rows["fused kernel, float32", 32]["nanoseconds"]
    for row in rows.values():
        assert abs(row["ratio"] / (row["nanoseconds"] / ours) - 1) < 0.01
