"""What a data set is, in about ten lines."""

from __future__ import annotations

import math
from pathlib import Path

import xarray as xr

from phasebook.runs.dataset import config_of, read_dataset
from phasebook.runs.store import SweepError, parts_folder


def describe(target: Path) -> list[str]:
    """Lines for the user about a NetCDF file of ours.

    Raises:
        SweepError: no such file, unfinished, unreadable, or not ours.
    """
    if not target.exists():
        if (folder := parts_folder(target)).is_dir():
            raise SweepError(
                f"{target} is not finished ({len(list(folder.glob('*.part')))} blocks are in {folder}): "
                "run its sweep command again to go on"
            )
        raise SweepError(f"there is no file {target}")
    with read_dataset(target, load=False) as dataset:
        return _lines(target, dataset)


def _lines(target: Path, dataset: xr.Dataset) -> list[str]:
    config, attrs = config_of(dataset), dataset.attrs
    sizes = dataset.sizes
    rows = {
        "networks": f"{sizes['temperature']} x {sizes['inv_sigma_w']} cells x {config.n_models} = "
        f"{config.n_networks} networks of widths {'-'.join(map(str, config.widths))}; "
        f"{int(dataset['diverged'].sum())} with weights that are not finite",
        "temperature": _axis(config.temperatures),
        "1/sigma_W": _axis(config.inv_sigma_ws),
        "time": f"t_f = {config.epochs} epochs, {config.steps} SGD steps; recorded at {sizes['time']} times",
        "training": f"batch size {config.batch_size}, order {config.order}, {config.precision}, "
        f"seed {config.seed}" + (", common teachers" if config.common_teachers else ""),
        "test loss": _corner(dataset),
        "computed": f"{attrs['created']}, {float(attrs['seconds']):.1f} s, threads: {attrs['threads']}, on "
        f"{attrs['hardware']}",
        "versions": f"phasebook {attrs['phasebook_version']}, kernel {attrs['kernel_version']}",
        "command": attrs["command"],
        "variables": ", ".join(str(name) for name in dataset.data_vars),
    }
    if "reduced" in attrs:
        rows["packaged"] = attrs["reduced"]
    title = f"{target}: sweep of scale {attrs['scale']}"
    return [title, *(f"{name:<12} {text}" for name, text in rows.items())]


def _axis(values: tuple[float, ...]) -> str:
    """Powers of two as such, a long axis by its ends."""
    shown = [_power(value) for value in values]
    return ", ".join(shown) if len(shown) <= 4 else f"{shown[0]} ... {shown[-1]} ({len(shown)} values)"


def _power(value: float) -> str:
    mantissa, exponent = math.frexp(value)
    return f"2^{exponent - 1}" if mantissa == 0.5 else f"{value:g}"


def _corner(dataset: xr.Dataset) -> str:
    """The mean loss of the coldest and least disordered cell: the first thing one wants to know."""
    cell = dataset["test_loss"][0, -1]
    temperature, inv_sigma_w = float(cell["temperature"]), float(cell["inv_sigma_w"])
    return f"mean {float(cell.mean()):.3g} at T = {_power(temperature)}, 1/sigma_W = {_power(inv_sigma_w)}"
