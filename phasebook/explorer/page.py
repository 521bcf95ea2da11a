"""The explorer as a cell of a notebook shows it: the data, and the scripts of the book that draw them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.colors import to_hex

from phasebook.boundaries import LEVELS
from phasebook.claims.ledger import ledger
from phasebook.claims.places import PLACES
from phasebook.claims.verdicts import VERDICTS
from phasebook.explorer.digits import DIGITS, pack
from phasebook.explorer.observables import (
    CELL,
    OBSERVABLES,
    Sources,
    averages,
    levels,
    target_levels,
)
from phasebook.explorer.readings import readings, vertical_line
from phasebook.figures.provenance import provenance, steps_per_epoch
from phasebook.figures.style import PHASES, SEQUENTIAL

SCRIPTS = ("data", "state", "text", "map", "curves", "panels", "main")
"""Files of book/_static/explorer, in the order in which they need each other."""

LIGHT = {"ordered": "#6699CC", "jammed": "#EE99AA", "paramagnetic": "#EECC66"}
"""The pale partner of each phase's colour, for curves on a dark page."""

FALLBACK = (
    "The explorer draws itself here, with JavaScript and a plotting library that comes with the built book. "
    "One of the two is missing; the still figure below shows the same map."
)


@dataclass(frozen=True)
class Explorer:
    """Everything the page needs.

    Args:
        book: a sweep over the plane.
        paper: the same plane at longer times, fewer networks.
        cells: sweeps of single cells at the longer times, more networks.
        boundaries: `boundaries.boundaries_of(book)`.
    """

    book: xr.Dataset
    paper: xr.Dataset
    cells: Sequence[xr.Dataset]
    boundaries: xr.Dataset

    def __repr__(self) -> str:
        return f"Explorer of {self.book.sizes['temperature']} × {self.book.sizes['inv_sigma_w']} cells"

    def _repr_html_(self) -> str:
        data = json.dumps(self.payload(), ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace(
            "</", "<\\/"
        )
        scripts = "".join(f'<script defer src="../_static/explorer/{name}.js"></script>' for name in SCRIPTS)
        return (
            '<link rel="stylesheet" href="../_static/explorer/explorer.css">'
            '<div id="explorer" class="explorer" data-libraries="../_static/vendor/d3/d3.min.js '
            '../_static/vendor/plot/plot.umd.min.js">'
            f'<p class="explorer-fallback">{FALLBACK}</p></div>'
            f'<script type="application/json" id="explorer-data">{data}</script>{scripts}'
        )

    def payload(self) -> dict[str, Any]:
        """What book/_static/explorer/data.js reads; cells are numbered with T slowest."""
        sources = Sources(self.book, self.paper, self.cells)
        times = sources.times
        axes = {name: np.log2(self.book[name].values).round().astype(int).tolist() for name in CELL}
        return {
            "digits": DIGITS,
            "temperature": axes["temperature"],
            "invSigmaW": axes["inv_sigma_w"],
            "times": times.tolist(),
            "stepsPerEpoch": steps_per_epoch(self.book),
            "observables": _observables(sources),
            "levels": pack(levels(sources).values, log=True).to_json(),
            "levelCount": self.book.sizes["level"],
            "targets": pack(target_levels(sources).values, log=True).to_json(),
            "ensembles": _ensembles(sources),
            "readings": readings(self.boundaries),
            "contourLevels": list(LEVELS),
            "vertical": vertical_line(),
            "phases": [{"name": one.name, "colour": one.colour, "pale": LIGHT[one.name]} for one in PHASES],
            "colours": [to_hex(mpl.colormaps[SEQUENTIAL](x)) for x in np.linspace(0, 1, 33)],
            "verdicts": list(VERDICTS),
            "claims": _claims(),
        }


def _observables(sources: Sources) -> list[dict[str, Any]]:
    found = []
    for one in OBSERVABLES:
        mean, error = averages(sources, one)
        low, high = one.limits or (float(mean.min()), float(mean.max()))
        recorded = [int(np.argmin(np.abs(sources.times - t))) for t in mean["time"].values]
        found.append({
            "key": one.key, "title": one.title, "symbol": one.symbol, "equation": one.equation,
            "log": one.log, "limits": [low, high], "times": recorded,
            "mean": pack(mean.values, log=one.log).to_json(), "error": pack(error.values, log=True).to_json(),
        })  # fmt: skip
    return found


def _ensembles(sources: Sources) -> dict[str, Any]:
    """How many networks stand behind a number, and which run made them."""
    shape = tuple(sources.book.sizes[name] for name in CELL)
    more = {}
    for cell in sources.cells:
        place = [int(np.flatnonzero(sources.book[name].values == cell[name].item())[0]) for name in CELL]
        more[int(np.ravel_multi_index(place, shape))] = cell.sizes["model"]
    return {
        "bookTimes": sources.book.sizes["time"],
        "book": sources.book.sizes["model"],
        "paper": sources.paper.sizes["model"],
        "more": more,
        "provenance": [provenance(sources.book), provenance(sources.paper)],
    }


def _claims() -> list[dict[str, Any]]:
    """Claims that speak of cells, in the order of the ledger."""
    return [
        {
            "id": one.id, "chapter": one.chapter, "quote": one.quote, "quantity": one.quantity, "t": one.t,
            "verdict": VERDICTS.index(one.verdict), "places": [list(place) for place in PLACES[one.id]],
        }
        for one in ledger()
        if one.id in PLACES
    ]  # fmt: skip
