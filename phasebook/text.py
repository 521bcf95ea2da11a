"""Numbers and words from a chapter's kernel to its text, which shows them by name: {glue:text}`name`.

They go by `glue` of MyST-NB, which the book is built with. Where that is not installed, in a notebook of the
classroom edition for one, there is no text to fill, and the functions here do nothing.
"""

from __future__ import annotations

import time
from typing import SupportsFloat

import xarray as xr

from phasebook.evidence.numbers import scientific
from phasebook.figures.provenance import ProvenanceLine


def put(name: str, value: SupportsFloat, error: SupportsFloat | None = None, *, digits: int = 2) -> None:
    """Hand a number to the text, as `scientific` writes it.

    Args:
        name: what the text calls it; a page uses a name once.
        value: one number, or an array of one.
        error: its standard error, which sets the number of digits.
        digits: significant digits when no error is given.
    """
    text = scientific(float(value), None if error is None else float(error), digits=digits)
    say(name, text)


def put_percent(name: str, fraction: SupportsFloat) -> None:
    """Hand a fraction to the text as a whole number of per cent, "12 %"."""
    say(name, f"{100 * float(fraction):.0f} %")


def put_line(name: str, run: xr.Dataset | ProvenanceLine | str, *, since: float | None = None) -> None:
    """Hand the line to the text that says below a figure which run made it.

    Args:
        name: what the text calls it.
        run: a sweep, of which the line tells scale, size, seed and cost; or the words of the line.
        since: reading of `time.perf_counter()` when the run began; the line then ends in the seconds that
            it took.
    """
    line = ProvenanceLine.of(run) if isinstance(run, xr.Dataset) else ProvenanceLine(str(run))
    if since is not None:
        line = ProvenanceLine(f"{line} | {time.perf_counter() - since:.0f} s")
    say(name, line)


def say(name: str, words: object) -> None:
    """Hand words to the text, or anything else a notebook can display, as it is."""
    try:
        from myst_nb import glue
    except ModuleNotFoundError:
        return
    glue(name, words, display=False)
