"""Variables that a packaged file leaves out: there all the same, and computed when first looked at."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.backends.common import BackendArray
from xarray.core import indexing

from phasebook.runs.block import dtype
from phasebook.runs.config import Config
from phasebook.runs.dataset import coordinates, described
from phasebook.runs.variables import CELL, VARIABLES

Compute = Callable[[Sequence[float], Sequence[float]], xr.Dataset]
"""The cells at these temperatures and these 1/sigma_W, with every variable of a sweep."""


def left_out(dataset: xr.Dataset) -> list[str]:
    """Names of the variables that a reduced data set does not hold."""
    return json.loads(dataset.attrs.get("left_out", "[]"))


def complete(dataset: xr.Dataset, config: Config, compute: Compute) -> xr.Dataset:
    """Give a reduced data set the variables it lacks.

    A network does not depend on the grid around it, so what is looked at is computed and nothing more: a
    chapter that shows three cells need not wait for all of them.

    Args:
        dataset: holds the sweep `config` but for the variables named in its attribute `left_out`.
        compute: gives a part of the grid; called when a cell of these variables is first looked at.
    """
    axes = coordinates(config)
    cells = _Cells(config, compute)
    for name in left_out(dataset):
        dims = (*CELL, *VARIABLES[name].dims)
        array = _Deferred(name, tuple(len(axes[dim]) for dim in dims), dtype(name, config), cells)
        lazy = indexing.LazilyIndexedArray(array)
        dataset = dataset.assign({name: xr.Variable(dims, lazy, described(name))})
    return dataset


class _Cells:
    """The cells that have been computed so far, by row and column of the grid."""

    def __init__(self, config: Config, compute: Compute) -> None:
        self.config, self.compute = config, compute
        self.known: dict[tuple[int, int], xr.Dataset] = {}

    def values(self, name: str, rows: Sequence[int], columns: Sequence[int]) -> NDArray:
        """One variable, (row, column, model, ...); what is missing is computed in one go."""
        if any((i, j) not in self.known for i in rows for j in columns):
            part = self.compute(
                [self.config.temperatures[i] for i in rows], [self.config.inv_sigma_ws[j] for j in columns]
            )
            for k, i in enumerate(rows):
                for m, j in enumerate(columns):
                    self.known[i, j] = part.isel(temperature=k, inv_sigma_w=m)
        return np.stack([np.stack([self.known[i, j][name].values for j in columns]) for i in rows])


class _Deferred(BackendArray):
    """One variable of a sweep that has not been computed yet."""

    def __init__(self, name: str, shape: tuple[int, ...], kind: np.dtype, cells: _Cells) -> None:
        self.name, self.shape, self.dtype, self.cells = name, shape, kind, cells

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._outer
        )

    def _outer(self, key: tuple[Any, ...]) -> NDArray:
        """Each entry of `key`, an index, a slice or an array of indices, applies to its own axis."""
        asked = [np.arange(n)[one] for n, one in zip(self.shape[:2], key[:2], strict=True)]
        rows, columns = (np.unique(one).tolist() for one in asked)
        if rows and columns:
            found = self.cells.values(self.name, rows, columns)
        else:
            found = np.empty((len(rows), len(columns), *self.shape[2:]), self.dtype)
        inner = [np.searchsorted(rows, asked[0]), np.searchsorted(columns, asked[1]), *key[2:]]
        for axis in reversed(range(len(inner))):  # from the last, so that the axes before keep their places
            found = found[(slice(None),) * axis + (inner[axis],)]
        return found
