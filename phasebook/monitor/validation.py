"""Is the diagnosis right, and is it as sure as it should be? On the paper's networks, at seeds not fitted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from phasebook.monitor.ensembles import ensemble_dataset
from phasebook.monitor.reference import PHASES, reference_labels
from phasebook.network import Array, sample_networks
from phasebook.sgd import train

BATCH_SIZE = 4


class Reliability(NamedTuple):
    """Mean confidence and share of right answers of the runs in one interval of confidence.

    Attributes:
        confidence, right: both (interval,), each phase counting the same.
        error: standard error of `right`.
        runs: how many.
    """

    confidence: Array
    right: Array
    error: Array
    runs: Array


class Score(NamedTuple):
    """Verdicts against the labels of their cells.

    Attributes:
        right, wrong, undecided: numbers of runs, in the cells that count.
        silent: share of the runs in all cells that got no verdict.
        named_right: share that is right among the runs in all cells that got one.
    """

    right: int
    wrong: int
    undecided: int
    silent: float
    named_right: float

    @property
    def runs(self) -> int:
        """In the cells that count."""
        return self.right + self.wrong + self.undecided

    @property
    def share(self) -> float:
        """Right of all runs in the cells that count; no verdict counts as wrong."""
        return self.right / self.runs


def train_cells(*, networks: int, seed: int, record_steps: Sequence[int]) -> xr.Dataset:
    """The monitor's data set of new networks in every cell of the book's grid.

    Args:
        networks: in each cell.
        seed: not that of the sweep, whose networks made the fit.
        record_steps: from 0 on.

    Returns:
        Dims (layer, temperature, inv_sigma_w, network, step) and level.
    """
    labels = reference_labels()
    cells = [
        (float(t), float(i), k)
        for t in labels["temperature"].values
        for i in labels["inv_sigma_w"].values
        for k in range(networks)
    ]
    temperature, inv_sigma_w, number = map(np.array, zip(*cells, strict=True))
    ensemble = sample_networks(cells, seed=seed)
    rate = BATCH_SIZE * temperature
    run = train(ensemble, learning_rate=rate, batch_size=BATCH_SIZE, record_steps=record_steps)
    names = {"temperature": temperature, "inv_sigma_w": inv_sigma_w, "network": number}
    data = ensemble_dataset(ensemble, run).assign_coords({n: ("model", v) for n, v in names.items()})
    dims = ("layer", *names, "step")
    return data.set_index(model=list(names)).unstack("model").transpose(*dims, ..., missing_dims="ignore")


def confusion(verdict: xr.DataArray, labels: xr.DataArray, *, among: xr.DataArray) -> xr.DataArray:
    """How many runs of each phase got each verdict: dims (phase, verdict).

    Args:
        verdict: (temperature, inv_sigma_w, network).  labels: (temperature, inv_sigma_w).
        among: which cells count, booleans.
    """
    names = (*PHASES, "undecided")
    counts = [
        [int(((labels == phase) & among & (verdict == name)).sum()) for name in names] for phase in PHASES
    ]
    return xr.DataArray(
        counts, dims=("phase", "verdict"), coords={"phase": list(PHASES), "verdict": list(names)}
    )


def score(verdict: xr.DataArray, labels: xr.DataArray, *, among: xr.DataArray) -> Score:
    """How often a verdict is right, and how often there is one; arguments as for `confusion`."""
    right, named = verdict == labels, verdict != "undecided"
    return Score(
        right=int((right & among).sum()),
        wrong=int((named & ~right & among).sum()),
        undecided=int((~named & among).sum()),
        silent=float((~named).mean()),
        named_right=float(right.where(named).mean()),
    )


def reliability(
    probabilities: xr.DataArray,
    labels: xr.DataArray,
    *,
    edges: Sequence[float] = (1 / 3, 0.6, 0.8, 0.95, 1.0),
) -> Reliability:
    """Confidence against the share that is right, in intervals of the confidence.

    Args:
        probabilities: dims (temperature, inv_sigma_w, network, phase).
        labels: (temperature, inv_sigma_w).
        edges: of the intervals, ascending.
    """
    best = probabilities["phase"].values[probabilities.argmax("phase").values]
    confidence = probabilities.max("phase")
    truth = labels.broadcast_like(confidence).transpose(*confidence.dims).values
    weight = np.sum([(truth == phase) / np.count_nonzero(truth == phase) for phase in PHASES], axis=0)
    place = np.clip(np.digitize(confidence.values, edges[1:-1]), 0, len(edges) - 2)
    rows = []
    for k in range(len(edges) - 1):
        inside = place == k
        w = weight[inside] / weight[inside].sum() if inside.any() else np.array([np.nan])
        values = confidence.values[inside] if inside.any() else np.array([np.nan])
        right = (best == truth)[inside] if inside.any() else np.array([np.nan])
        share = float(w @ right)
        error = float(np.sqrt((w**2).sum() * share * (1 - share)))
        rows.append((float(w @ values), share, error, int(inside.sum())))
    return Reliability(*(np.array(column) for column in zip(*rows, strict=True)))
