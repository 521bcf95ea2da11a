"""How long one step of SGD takes, by the way it is computed."""

from __future__ import annotations

from typing import Any

from phasebook.figures.style import JAMMED, ORDERED, BookFigure, new_figure, styled


@styled
def step_times(benchmark: dict[str, Any]) -> BookFigure:
    """Time per network and step of every contender, and how many times the fastest that is.

    Args:
        benchmark: what `benchmarks/engine.py` writes.
    """
    rows = sorted(benchmark["rows"], key=lambda row: row["nanoseconds"])
    figure = new_figure(height=0.6 + 0.42 * len(rows))
    axes = figure.add_subplot()
    for place, row in enumerate(rows):
        ours = row["name"].startswith("fused")
        axes.barh(
            place,
            row["nanoseconds"],
            color=(ORDERED if ours else JAMMED).colour,
            hatch="" if ours else "//",
            edgecolor="white",
        )
        digits = 1 if row["ratio"] < 100 else 0
        note = f" {row['nanoseconds']:,.0f} ns   ({row['ratio']:,.{digits}f} ×)"
        axes.text(row["nanoseconds"], place, note, va="center", fontsize="small")
    axes.set_yticks(
        range(len(rows)), [f"{row['name']}\n({row['networks']} at once)" for row in rows], fontsize="small"
    )
    axes.set_xscale("log")
    axes.set_xlim(10, 40 * rows[-1]["nanoseconds"])
    axes.set_xlabel("nanoseconds per network and SGD step, one processor")
    axes.grid(visible=False, axis="y")
    return figure
