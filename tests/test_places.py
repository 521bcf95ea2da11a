"""The cells that each claim speaks of: its judge must come to the same number when it sees no other."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from phasebook.boundaries import convergence
from phasebook.claims.data import CHOSEN, Data
from phasebook.claims.judge import judge
from phasebook.claims.ledger import ledger
from phasebook.claims.places import PLACES, PLANE, Rectangle
from phasebook.claims.verdicts import resampled
from phasebook.evidence.statistics import bootstrap
from phasebook.runs.load import load_sweep
from phasebook.runs.long_runs import LONG_CELLS

FINE_AXIS = {"fastest-temperature", "warmer-faster"}
"""Judged on a sweep of their columns alone, with temperatures of its own."""
SLOW = {"limit-range"}
"""Its judge linearises 32 networks; of the plane it takes the same column as `transition-near-one`."""

CLAIMS = {claim.id: claim for claim in ledger()}
SPACING_TERMS = (
    "spacing", "laguerre", "repulsion", "repulsion_measured", "diffusion", "diffusion_measured",
)  # fmt: skip


@pytest.fixture(scope="module")
def data() -> Data:
    """A few networks of the packaged sweeps. They come without weights, so that what is computed from weights
    is made up: any numbers will do to see which of them a judge looks at."""
    found = Data()
    book = load_sweep("book", packaged=True, progress=False, n_models=4)
    rng = np.random.default_rng(0)

    def made_up(*dims: str) -> xr.DataArray:
        coords = {"reading": [one.name for one in CHOSEN], **{d: book[d] for d in dims if d != "reading"}}
        sizes = [len(coords[name]) for name in dims]
        return xr.DataArray(rng.lognormal(size=sizes), dims=dims, coords={d: coords[d] for d in dims})

    cell = ("temperature", "inv_sigma_w", "model")
    parts = xr.Dataset({
        "drift": -made_up("reading", *cell), "repulsion": made_up("reading", *cell),
        "spacing_initial": made_up(*cell), "spacing_final": made_up(*cell),
        "spacing_bound": made_up("inv_sigma_w"),
    })  # fmt: skip
    found.__dict__["book"] = book
    found.__dict__["criterion"] = parts.merge(convergence(parts), combine_attrs="override")
    found.__dict__["spacing"] = xr.Dataset({name: made_up(*cell) for name in SPACING_TERMS})
    return found


def blanked(data: Data, places: tuple[Rectangle, ...]) -> Data:
    """The same data with every number outside of the places replaced by not-a-number."""
    seen = Data()
    seen.__dict__["untrained"] = data.untrained
    axes = [data.book[name] for name in ("temperature", "inv_sigma_w")]
    powers = [np.log2(axis.values).round().astype(int) for axis in axes]
    inside = xr.DataArray(
        [[any(one.has(int(t), int(s)) for one in places) for s in powers[1]] for t in powers[0]], coords=axes
    )
    for name in ("book", "criterion", "spacing", "paper"):
        whole = getattr(data, name)
        kept = {
            key: values.where(inside) if {"temperature", "inv_sigma_w"} <= set(values.dims) else values
            for key, values in whole.data_vars.items()
            if key not in ("weights", "weights_hash")
        }
        seen.__dict__[name] = whole[list(kept)].assign(kept)
    phases = [
        any(one.has(round(np.log2(place[0])), round(np.log2(place[1]))) for one in places)
        for place in LONG_CELLS.values()
    ]
    lonely = data.cells.drop_vars(["weights", "weights_hash"])
    seen.__dict__["cells"] = lonely.where(xr.DataArray(phases, coords={"phase": lonely["phase"]}))
    return seen


def test_every_claim_about_trained_networks_has_its_places():
    needed = {one.id for one in ledger() if one.scale != "smoke" and one.paper == "phase diagram"}
    assert needed <= set(PLACES) <= set(CLAIMS)
    for places in PLACES.values():
        for one in places:
            assert PLANE.has(one.temperature_low, one.inv_sigma_w_low)
            assert PLANE.has(one.temperature_high, one.inv_sigma_w_high)


TRAINED = {name for name in PLACES if name in CLAIMS and CLAIMS[name].scale != "smoke"}


@pytest.mark.parametrize("name", sorted(TRAINED - FINE_AXIS - SLOW))
def test_a_judge_looks_at_no_other_cells(name, data, monkeypatch):
    """Its value does not change when all other cells are blank; the error, which takes many draws, is left
    out."""
    for function in (bootstrap, resampled):
        monkeypatch.setitem(function.__kwdefaults__, "resamples", 2)
    (with_all,) = judge([CLAIMS[name]], data)
    (with_some,) = judge([CLAIMS[name]], blanked(data, PLACES[name]))
    assert np.isfinite(with_all.judgement.value)
    assert with_some.judgement.value == with_all.judgement.value
