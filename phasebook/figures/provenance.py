"""Which run made a figure: one line, printed below each."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from html import escape

import xarray as xr

SOURCES = {"packaged": "packaged, verified by phasebook verify"}
"""How a source of data is named below a figure, where its own name does not say enough."""


def provenance(dataset: xr.Dataset) -> str:
    """Scale, training time, size of the ensemble, seed, precision, cost and source of a sweep, in one line.

    Args:
        dataset: a sweep, with the attributes that `phasebook.load_sweep` gives.

    Returns:
        A line such as "book scale | t_f = 100 epochs = 100 000 SGD steps | 12 x 12 cells, 100 networks each |
        seed 0 | float32 | 95 s on 2 threads | computed", with the number of networks that diverged, if any
        did.
    """
    attrs = dataset.attrs
    epochs = float(dataset["time"][-1])
    steps = round(epochs * steps_per_epoch(dataset))
    cells = f"{dataset.sizes['temperature']} × {dataset.sizes['inv_sigma_w']} cells"
    threads, models = int(attrs["threads"]), dataset.sizes["model"]
    parts = [
        f"{attrs['scale']} scale",
        f"t_f = {epochs:g} epoch{'s' if epochs != 1 else ''} = {_grouped(steps)} SGD steps",
        f"{cells}, {models} network{'s' if models != 1 else ''} each",
        f"seed {attrs['seed']}",
        str(attrs["precision"]),
        f"{float(attrs['seconds']):.0f} s on {threads} thread{'s' if threads != 1 else ''}",
        SOURCES.get(attrs["source"], str(attrs["source"])),
    ]
    diverged = int(dataset["diverged"].sum())
    if diverged:
        parts.append(f"{diverged} of {dataset['diverged'].size} networks diverged and are left out")
    return " | ".join(parts)


def epochs_text(dataset: xr.Dataset) -> str:
    """Training time as a title says it: "100 epochs", or a power of ten from a thousand on.

    Args:
        dataset: a sweep (its last time), or published numbers (their attribute `epochs`).
    """
    epochs = float(dataset["time"][-1]) if "time" in dataset.coords else float(dataset.attrs["epochs"])
    power = math.log10(epochs)
    if epochs >= 1000 and power.is_integer():
        return f"$10^{{{power:.0f}}}$ epochs"
    return f"{epochs:g} epoch{'s' if epochs != 1 else ''}"


def steps_per_epoch(dataset: xr.Dataset) -> int:
    """SGD steps in one epoch, from the configuration stored with the sweep."""
    return int(json.loads(dataset.attrs["config"])["n_samples"]) // int(dataset.attrs["batch_size"])


@dataclass(frozen=True)
class ProvenanceLine:
    """The line as the book prints it: glued once in a chapter, shown below each of its figures."""

    text: str

    @classmethod
    def of(cls, dataset: xr.Dataset) -> ProvenanceLine:
        """The line of one sweep."""
        return cls(provenance(dataset))

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f'<p class="provenance">{escape(self.text)}</p>'


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
