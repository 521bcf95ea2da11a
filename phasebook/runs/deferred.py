"""Variables that a packaged file leaves out: there all the same, and computed when first looked at."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import xarray as xr
from xarray.backends.common import BackendArray
from xarray.core import indexing

from phasebook.runs.block import dtype
from phasebook.runs.config import Config
from phasebook.runs.dataset import coordinates, described
from phasebook.runs.variables import CELL, VARIABLES


def left_out(dataset: xr.Dataset) -> list[str]:
    """Names of the variables that a reduced data set does not hold."""
    return json.loads(dataset.attrs.get("left_out", "[]"))


def complete(dataset: xr.Dataset, config: Config, compute: Callable[[], xr.Dataset]) -> xr.Dataset:
    """Give a reduced data set the variables it lacks.

    Args:
        dataset: holds the sweep `config` but for the variables named in its attribute `left_out`.
        compute: gives the whole sweep; called once, when one of these variables is first looked at.
    """
    whole = cache(compute)
    axes = coordinates(config)
    for name in left_out(dataset):
        dims = (*CELL, *VARIABLES[name].dims)
        array = _Deferred(name, tuple(len(axes[dim]) for dim in dims), dtype(name, config), whole)
        lazy = indexing.LazilyIndexedArray(array)
        dataset = dataset.assign({name: xr.Variable(dims, lazy, described(name))})
    return dataset


class _Deferred(BackendArray):
    """One variable of a sweep that has not been computed yet."""

    def __init__(
        self, name: str, shape: tuple[int, ...], kind: np.dtype, whole: Callable[[], xr.Dataset]
    ) -> None:
        self.name, self.shape, self.dtype, self.whole = name, shape, kind, whole

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(
            key,
            self.shape,
            indexing.IndexingSupport.BASIC,
            lambda basic: self.whole()[self.name].values[basic],
        )
