"""What a step of the spheres costs: beside other ways, and against the number of particles."""

from __future__ import annotations

from typing import Any

from phasebook.figures.style import JAMMED, ORDERED, PARAMAGNETIC, BookFigure, new_figure, styled

OURS = "phasebook"
LINES = {"BRO": "-", "SGD": ":"}
MARKERS = "osD^"


@styled
def packing_cost(benchmark: dict[str, Any]) -> BookFigure:
    """Time per particle and step against the number of particles, of every contender.

    A cost proportional to N is a horizontal line.

    Args:
        benchmark: what `benchmarks/packing.py` writes.
    """
    figure = new_figure(height=3.6)
    axes = figure.add_subplot()
    names = [OURS, *sorted({row["name"] for row in benchmark["rows"]} - {OURS})]
    colours = [ORDERED.colour, JAMMED.colour, PARAMAGNETIC.colour, "#777777"]
    for name, colour, marker in zip(names, colours, MARKERS, strict=False):
        for rule, line in LINES.items():
            rows = [row for row in benchmark["rows"] if (row["name"], row["rule"]) == (name, rule)]
            axes.plot(
                [row["particles"] for row in rows],
                [row["nanoseconds"] for row in rows],
                marker=marker,
                linestyle=line,
                color=colour,
                label=f"{name}, {rule}",
            )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("number of particles $N$")
    axes.set_ylabel("nanoseconds per particle and step")
    figure.legend(loc="outside right upper", fontsize="small")
    return figure
