"""From blocks to one self-describing `xarray.Dataset`, and to and from NetCDF."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from phasebook.runs.config import Config, record_steps
from phasebook.runs.store import SweepError, atomic_write, writing
from phasebook.runs.variables import CELL, COORDINATES, VARIABLES, Block

TITLE = "Phase diagram of SGD (arXiv:2509.01349): the teacher-student ensemble of Section 3.1"
COMPRESS_FROM = 1 << 16


def coordinates(config: Config) -> dict[str, NDArray]:
    """The axes of the data set; time in epochs."""
    return {
        "temperature": np.array(config.temperatures),
        "inv_sigma_w": np.array(config.inv_sigma_ws),
        "model": np.arange(config.n_models),
        "time": np.array(record_steps(config)) / config.steps_per_epoch,
        "level": np.arange(1, config.widths[-2] + 1),
        "unit": np.arange(1, config.widths[-2] + 1),
        "input_unit": np.arange(1, config.widths[-3] + 1),
    }


def assemble(
    config: Config, blocks: Iterable[Block], *, previous: xr.Dataset | None, attributes: Mapping[str, Any]
) -> xr.Dataset:
    """Put finished networks at their places.

    Args:
        config: of the whole data set.
        blocks: what `compute_block` returned, in any order; one is looked at at a time. Networks beyond
            `config.n_models` are left out.
        previous: the same sweep with fewer networks per cell, kept as it is.
        attributes: of the data set.

    Raises:
        ValueError: a network is missing.
    """
    axes = coordinates(config)
    arrays: dict[str, NDArray] = {}
    row = {value: index for index, value in enumerate(config.temperatures)}
    column = {value: index for index, value in enumerate(config.inv_sigma_ws)}
    there = np.zeros([len(axes[name]) for name in CELL], dtype=bool)
    known = 0 if previous is None else previous.sizes["model"]
    for name, variable in VARIABLES.items():
        kind = config.precision if variable.dtype == "weights" else variable.dtype
        arrays[name] = np.empty([len(axes[dim]) for dim in (*CELL, *variable.dims)], dtype=kind)
        if previous is not None:
            arrays[name][:, :, :known] = previous[name].to_numpy()
    there[:, :, :known] = True
    for block in blocks:
        wanted = block["model"] < config.n_models
        place = (
            np.array([row[value] for value in block["temperature"][wanted].tolist()], dtype=int),
            np.array([column[value] for value in block["inv_sigma_w"][wanted].tolist()], dtype=int),
            block["model"][wanted],
        )
        there[place] = True
        for name in VARIABLES:
            arrays[name][place] = block[name][wanted]
    if not there.all():
        raise ValueError(f"{np.count_nonzero(~there)} of {there.size} networks are missing")
    return xr.Dataset(
        {name: ((*CELL, *VARIABLES[name].dims), arrays.pop(name), described(name)) for name in VARIABLES},
        {name: (name, axes[name], described(name)) for name in axes},
        {"title": TITLE, **attributes},
    )


def write_dataset(dataset: xr.Dataset, target: Path) -> None:
    """Write NetCDF, compressed and with checksums, whole or not at all.

    The bytes are made in memory first: HDF5 on a full disk aborts in ways that cannot be handled.

    Raises:
        SweepError: no room or no permission.
    """
    content = dataset.to_netcdf(engine="h5netcdf", encoding=_encoding(dataset))
    with writing(target):
        atomic_write(target, memoryview(content))


def read_dataset(target: Path, *, load: bool = True) -> xr.Dataset:
    """Read a data set that `write_dataset` wrote.

    Args:
        target: the file.
        load: read everything and close the file; otherwise the caller closes it.

    Raises:
        FileNotFoundError: no such file.
        SweepError: not readable, truncated, or not one of ours.
    """
    if target.is_dir():
        raise SweepError(f"{target} is a folder")
    if not target.exists():
        raise FileNotFoundError(target)
    try:
        with ExitStack() as stack:
            opened = stack.enter_context(xr.open_dataset(target, engine="h5netcdf", decode_times=False))
            _check_form(opened)
            if load:
                return opened.load()
            stack.pop_all()
            return opened
    except PermissionError as error:
        raise SweepError(f"cannot read {target}: {error.strerror}") from error
    except (KeyError, ValueError) as error:
        raise SweepError(f"{target} is not a data set of phasebook; choose another file") from error
    except (OSError, RuntimeError) as error:
        message = f"{target} is not a readable NetCDF-4 file (truncated, damaged or something else)"
        raise SweepError(message) from error


def first_models(dataset: xr.Dataset, n_models: int) -> xr.Dataset:
    """The same sweep with only `n_models` networks per cell."""
    if dataset.sizes["model"] == n_models:
        return dataset
    config = replace(config_of(dataset), n_models=n_models)
    smaller = dataset.isel(model=slice(n_models))
    return smaller.assign_attrs(config=config.to_json(), n_models=n_models)


def config_of(dataset: xr.Dataset) -> Config:
    return Config.from_json(dataset.attrs["config"])


def _check_form(dataset: xr.Dataset) -> None:
    """Ours has all variables on the axes of its configuration, but for those it says were left out."""
    missing = {"kernel_version", "seconds", "core_seconds"} - set(dataset.attrs)
    if missing:
        raise ValueError(f"no attributes {missing}")
    axes = coordinates(config_of(dataset))
    absent = set(json.loads(dataset.attrs.get("left_out", "[]")))
    expected = {name: (*CELL, *VARIABLES[name].dims) for name in VARIABLES if name not in absent}
    if any(dataset[name].dims != dims for name, dims in expected.items()):
        raise ValueError("the variables are not those of a sweep")
    if any(not np.array_equal(dataset[name], axis) for name, axis in axes.items()):
        raise ValueError("the axes are not those of the configuration")
    dataset["diverged"].load()


def described(name: str) -> dict[str, str]:
    """What each variable says about itself."""
    variable = {**COORDINATES, **VARIABLES}[name]
    return {"long_name": variable.long_name, "units": variable.units, "equation": variable.equation}


def _encoding(dataset: xr.Dataset) -> dict[Hashable, dict[str, Any]]:
    """No fill values (NaN means not finite here); the large arrays in chunks of one temperature each."""
    encoding: dict[Hashable, dict[str, Any]] = {}
    for name, array in dataset.variables.items():
        encoding[name] = {"_FillValue": None} if array.dtype.kind == "f" else {}
        if array.nbytes >= COMPRESS_FROM:
            encoding[name] |= {
                "zlib": True,
                "complevel": 4,
                "shuffle": True,
                "fletcher32": True,
                "chunksizes": (1, *array.shape[1:]),
            }
    return encoding
