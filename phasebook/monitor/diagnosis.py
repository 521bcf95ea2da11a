"""`diagnose`: from a monitor's data set to a phase, with a confidence and the evidence for it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr

from phasebook.boundaries import Label
from phasebook.figures.monitor import diagnosis_figure
from phasebook.figures.style import BookFigure
from phasebook.monitor.evidence import Evidence, beside, weighed
from phasebook.monitor.indicators import (
    GROWTH,
    LOSS,
    MEANING,
    MEMORY,
    SATURATION,
    indicators,
    table,
)
from phasebook.monitor.reference import PHASES, phase_model

Verdict = Literal[Label, "undecided"]

ENOUGH = 0.8
"""Probability from which a phase is named; below, the verdict is "undecided"."""

STILL = {MEMORY: 0.98, GROWTH: 0.02, LOSS: np.log10(0.95)}
"""A run in which the features are those of the start, the levels have not moved and the loss has not fallen:
jammed or too short, which cannot be told apart."""


@dataclass(frozen=True)
class Diagnosis:
    """A phase, how sure, and why.

    Attributes:
        phase: "ordered", "jammed", "paramagnetic" or "undecided".
        confidence: probability of the most likely phase, calibrated on the paper's network (see `caveats`).
        probabilities: of the three phases.
        evidence: one line per indicator.
        caveats: why the confidence may mislead, or why there is no verdict.
        layer: which.  step: SGD updates at the verdict.
        history: probability of each phase at every recorded step but the first, dims (step, phase).
    """

    phase: Verdict
    confidence: float
    probabilities: dict[str, float]
    evidence: tuple[Evidence, ...]
    caveats: tuple[str, ...]
    layer: str
    step: int
    history: xr.DataArray

    def __str__(self) -> str:
        likely = ", ".join(f"{name} {p:.0%}" for name, p in self.probabilities.items())
        lines = [
            f"layer {self.layer} after {self.step} steps: {self.phase.upper()}   ({likely})",
            *(f"  {line}" for line in self.evidence),
            *(wrapped(f"  note: {caveat}") for caveat in self.caveats),
        ]
        return "\n".join(lines)

    __repr__ = __str__

    def plot(self) -> BookFigure:
        """Probability of the phases along the run, and what each indicator adds."""
        return diagnosis_figure(
            self.history,
            evidence=[(line.label, line.value, line.suggests, line.weight) for line in self.evidence],
            title=f"layer {self.layer} after {self.step} steps: {self.phase}",
        )


def wrapped(note: str) -> str:
    """A note in lines of at most 88 characters, the later ones below its words."""
    return textwrap.fill(note, 88, subsequent_indent=" " * 8)


def phase_probabilities(dataset: xr.Dataset) -> xr.DataArray:
    """Probability of each phase at every step, for data sets of any shape: dims of `indicators`, and `phase`.

    Not-a-number where an indicator is, and for a network that diverged.
    """
    values = indicators(dataset)
    bounded = bool(values[SATURATION].notnull().any())
    model = phase_model("bounded" if bounded else "unbounded")
    found = model.probabilities(table(values, model.indicators))
    first = values[MEMORY]
    return xr.DataArray(
        found,
        dims=(*first.dims, "phase"),
        coords={**{n: first[n] for n in first.coords}, "phase": list(model.phases)},
        name="probability",
    )


def verdicts(dataset: xr.Dataset) -> xr.DataArray:
    """The verdict at the last step, for data sets of any shape: `diagnose` for many networks at once."""
    last = indicators(dataset).isel(step=-1)
    probabilities = phase_probabilities(dataset).isel(step=-1)
    sure = probabilities.max("phase") >= ENOUGH
    named = np.array(PHASES)[probabilities.fillna(0).argmax("phase").values]
    decided = np.where(sure & ~_nothing_happened(last), named, "undecided")
    return sure.copy(data=decided).rename("verdict")


def diagnose(dataset: xr.Dataset, *, layer: str | None = None) -> Diagnosis:
    """In which phase is this run?

    Args:
        dataset: of one network, from `Monitor.dataset`.
        layer: which of the layers that were monitored; may be left out if there is only one.

    Returns:
        The diagnosis; print it, or `plot()` it.

    Raises:
        ValueError: not a monitor's data set, no such layer, more than one network, or no step recorded after
            the first.
    """
    one = _select(dataset, layer)
    if one["loss"].ndim != 1:
        raise ValueError("diagnose takes the data of one network: select it, e.g. dataset.isel(model=0)")
    if one.sizes["step"] < 2:
        raise ValueError("nothing was recorded after step 0: call step() after every update")
    history = phase_probabilities(one)
    last = indicators(one).isel(step=-1)
    final = history.isel(step=-1).values
    model = phase_model("bounded" if bool(last[SATURATION].notnull()) else "unbounded")
    caveats = _caveats(one, last)
    diverged = not np.isfinite(final).all()
    best = int(np.argmax(np.nan_to_num(final)))
    confidence = 0.0 if diverged else float(final[best])
    still = diverged or bool(_nothing_happened(last))
    return Diagnosis(
        phase="undecided" if still or confidence < ENOUGH else PHASES[best],
        confidence=confidence,
        probabilities={name: float(p) for name, p in zip(PHASES, final, strict=True)},
        evidence=(*weighed(last, model.contributions(table(last, model.indicators)), model.indicators),
                  *beside(one)),
        caveats=caveats,
        layer=str(one["layer"].values),
        step=int(one["step"][-1]),
        history=history.isel(step=slice(1, None)),
    )  # fmt: skip


def _select(dataset: xr.Dataset, layer: str | None) -> xr.Dataset:
    if not isinstance(dataset, xr.Dataset):
        raise ValueError(f"diagnose takes a data set, Monitor.dataset(), got {type(dataset).__name__}")
    if "layer" not in dataset.dims:
        raise ValueError("not a monitor's data set: it has no dim 'layer'")
    names = [str(name) for name in dataset["layer"].values]
    if layer is None and len(names) > 1:
        raise ValueError(f"several layers were monitored: name one of them, layer= one of {', '.join(names)}")
    chosen = names[0] if layer is None else layer
    if chosen not in names:
        raise ValueError(f"layer {chosen!r} was not monitored; there are {', '.join(names)}")
    return dataset.sel(layer=chosen)


def _nothing_happened(last: xr.Dataset) -> xr.DataArray:
    return (
        (last[MEMORY] > STILL[MEMORY]) & (np.abs(last[GROWTH]) < STILL[GROWTH]) & (last[LOSS] > STILL[LOSS])
    )


def _caveats(one: xr.Dataset, last: xr.Dataset) -> tuple[str, ...]:
    found = []
    names: tuple[str, ...] = phase_model("bounded").indicators
    if not bool(last[SATURATION].notnull()):
        found.append(
            "the features have no bounds, so nothing saturates: judged without the saturation, less surely"
        )
        if f"{one['layer'].values}: none" in str(one.attrs.get("activations")).split(", "):
            found.append(
                "no activation was found behind this layer, so its output counts as its features: if there "
                "is one, name it by Monitor(..., activation=...)"
            )
        names = phase_model("unbounded").indicators
    model = phase_model("bounded")
    values = dict(zip(model.indicators, zip(model.low, model.high, strict=True), strict=True))
    for name in names:
        low, high = values[name]
        value = float(last[name])
        if not np.isfinite(value):
            found.append(
                f"the {MEANING[name].label} is not finite: the run diverged, or has no loss or spacing"
            )
        elif not low - 0.02 <= value <= high + 0.02:
            found.append(
                f"the {MEANING[name].label}, {value:.3g}, lies outside {low:.2g} .. {high:.2g}, the range "
                "in the paper's networks: the confidence is not calibrated there"
            )
    if bool(_nothing_happened(last)):
        found.append("nothing has happened yet: jammed, or trained too short to tell")
    return tuple(found)
