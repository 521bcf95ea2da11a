"""Counts of verdicts on a plane small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from phasebook.monitor.validation import confusion, score

LABELS = xr.DataArray(
    np.array([["jammed", "ordered"], ["paramagnetic", "paramagnetic"]], dtype=object),
    dims=("temperature", "inv_sigma_w"),
)
VERDICT = xr.DataArray(
    np.array(
        [
            [["jammed", "jammed"], ["ordered", "undecided"]],
            [["paramagnetic", "jammed"], ["undecided", "ordered"]],
        ],
        dtype=object,
    ),
    dims=("temperature", "inv_sigma_w", "network"),
)
ALL_BUT_THE_LAST = xr.DataArray([[True, True], [True, False]], dims=("temperature", "inv_sigma_w"))


def test_only_cells_that_count_are_counted():
    """Six runs count: jammed twice, ordered once and paramagnetic once right, one undecided, one wrong."""
    found = score(VERDICT, LABELS, among=ALL_BUT_THE_LAST)
    assert (found.right, found.wrong, found.undecided, found.runs) == (4, 1, 1, 6)
    assert found.share == pytest.approx(4 / 6)


def test_shares_are_over_the_whole_plane():
    found = score(VERDICT, LABELS, among=ALL_BUT_THE_LAST)
    assert found.silent == pytest.approx(2 / 8)
    assert found.named_right == pytest.approx(4 / 6)


def test_the_table_of_verdicts_adds_up_to_the_score():
    table = confusion(VERDICT, LABELS, among=ALL_BUT_THE_LAST)
    found = score(VERDICT, LABELS, among=ALL_BUT_THE_LAST)
    assert int(table.sum()) == found.runs
    assert int(table.sel(verdict="undecided").sum()) == found.undecided
    assert sum(int(table.sel(phase=p, verdict=p)) for p in table["phase"].values) == found.right
    assert int(table.sel(phase="paramagnetic", verdict="jammed")) == 1
