"""Make the data sets that come with the package: python tools/package_data.py SWEEP.nc ... [--out FOLDER].

A sweep of scale "book" becomes book.nc, one of scale "paper" over the whole grid paper_time.nc, and any
other, such as cell.nc, paper_time_cell.nc; each with a manifest, NAME.json, beside it. With book.nc come
book_forces.nc, book_terms.nc and book_flow.nc, what pages compute from its weights and eigenvalues, which are
too many to be packaged.
The same sweep gives the same bytes, and a file that would not change is not written, so the command may be
repeated while a sweep grows.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Hashable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from phasebook.boundaries import signal_and_noise
from phasebook.explorer.flow import eigenvalue_flow
from phasebook.runs.config import INV_SIGMA_WS, TEMPERATURES, Config
from phasebook.runs.dataset import config_of, read_dataset
from phasebook.runs.packaged import FOLDER
from phasebook.runs.store import SweepError, atomic_write
from phasebook.theory.spacing_terms import spacing_terms

LARGEST_MB = 10.0
DERIVED = {
    "forces": ("K_S and V_S of Eq. (4.8) under each reading", signal_and_noise),
    "terms": ("coefficients of Eq. (B.8)", spacing_terms),
    "flow": ("ln S(t)/S(0) and the median eigenvalues", eigenvalue_flow),
}
"""What comes with book.nc, computed from the weights and eigenvalues of all its networks."""
SINGLE = 24
"""Binary digits of a number in single precision."""

MANIFEST = (
    "title", "scale", "seed", "epochs", "steps", "n_models", "order", "precision", "batch_size", "command",
    "created", "phasebook_version", "kernel_version", "hardware", "threads", "seconds",
    "core_seconds", "reduced",
)  # fmt: skip


@dataclass(frozen=True)
class Reduction:
    """How a sweep is made small: what is left out, and to how many binary digits histories are rounded.

    Values at t_f are rounded to single precision; hashes, flags and weights are kept as they are.
    """

    left_out: tuple[str, ...]
    digits: int

    def text(self) -> str:
        gone = f"without {', '.join(self.left_out)}; " if self.left_out else ""
        histories = "" if self.digits == SINGLE else f", histories to {self.digits} binary digits"
        return f"{gone}observables rounded to single precision{histories}; hashes exact"


SUMMARY = Reduction(("eigenvalues", "weights"), 12)
LONG_RUN = (Reduction((), SINGLE), Reduction((), 16), Reduction((), 12))


def name_of(dataset: xr.Dataset, source: Path) -> str:
    config = config_of(dataset)
    if dataset.attrs["scale"] == "book":
        return "book"
    whole = (config.temperatures, config.inv_sigma_ws) == (TEMPERATURES, INV_SIGMA_WS)
    return "paper_time" if whole else f"paper_time_{source.stem}"


def rounded(values: NDArray, digits: int) -> NDArray[np.float32]:
    """To the nearest number with so many significant binary digits; what is not finite stays so.

    The relative error is at most 2**-digits, half a unit in the last place.
    """
    with np.errstate(over="ignore"):
        fraction, exponent = np.frexp(values.astype(np.float64))
        return np.ldexp(np.round(np.ldexp(fraction, digits)), exponent - digits).astype(np.float32)


def reduce(dataset: xr.Dataset, reduction: Reduction) -> xr.Dataset:
    """The data set as it is packaged; the relative error of each variable is in its attribute `rounding`."""
    small = dataset.drop_vars(reduction.left_out)
    for name, variable in small.data_vars.items():
        if variable.dtype == np.float64 and name != "weights":
            digits = reduction.digits if "time" in variable.dims else SINGLE
            small[name] = variable.copy(data=rounded(variable.values, digits))
            small[name].attrs["rounding"] = 2.0**-digits
    return small.assign_attrs(
        source="packaged", left_out=json.dumps(list(reduction.left_out)), reduced=reduction.text()
    )


def to_bytes(dataset: xr.Dataset) -> bytes:
    encoding: dict[Hashable, dict[str, Any]] = {
        name: ({"_FillValue": None} if variable.dtype.kind == "f" else {})
        | ({"zlib": True, "complevel": 9, "shuffle": True, "fletcher32": True, "chunksizes": variable.shape}
           if variable.nbytes > 4096 else {})
        for name, variable in dataset.variables.items()
    }  # fmt: skip
    return bytes(dataset.to_netcdf(engine="h5netcdf", encoding=encoding))


def derived_bytes(values: xr.Dataset, title: str, made_from: bytes) -> bytes:
    """A file of what was computed from the weights of the sweep packaged as `made_from`."""
    small = values.astype(np.float32)
    small.attrs = {
        "title": f"{title}, of every network of book.nc",
        "made_from": sha256(made_from).hexdigest(),
    }
    return to_bytes(small)


def smallest_loss(dataset: xr.Dataset, reductions: tuple[Reduction, ...]) -> tuple[xr.Dataset, bytes]:
    """The first of `reductions` that gives a file below `LARGEST_MB`.

    Raises:
        SweepError: none does.
    """
    size = 0.0
    for reduction in reductions:
        small = reduce(dataset, reduction)
        content = to_bytes(small)
        size = len(content) / 1e6
        if size < LARGEST_MB:
            return small, content
    raise SweepError(f"{size:.1f} MB are more than {LARGEST_MB:g} MB: package fewer networks")


def manifest(dataset: xr.Dataset, content: bytes, name: str) -> dict[str, Any]:
    """What one must know to check the file or make it again."""
    attrs = dataset.attrs
    plain = {key: attrs[key].item() if isinstance(attrs[key], np.generic) else attrs[key] for key in MANIFEST}
    return {
        "file": f"{name}.nc",
        "sha256": sha256(content).hexdigest(),
        "bytes": len(content),
        **plain,
        "n_networks": dataset["weights_hash"].size,
        "n_diverged": int(dataset["diverged"].sum()),
        "left_out": json.loads(attrs["left_out"]),
        "versions": json.loads(attrs["versions"]),
        "config": config_of(dataset).to_dict(),
        "check": f"phasebook verify {name}.nc",
    }


def package(source: Path, folder: Path) -> str:
    """Package one sweep; returns a line about it.

    Raises:
        SweepError: not a sweep, already packaged, or too large.
    """
    dataset = read_dataset(source)
    if dataset.attrs["source"] == "packaged":
        raise SweepError(f"{source} is packaged already")
    name = name_of(dataset, source)
    small, content = smallest_loss(dataset, (SUMMARY,) if name == "book" else LONG_RUN)
    target = folder / f"{name}.nc"
    description = json.dumps(manifest(small, content, name), indent=1, sort_keys=True) + "\n"
    same = target.exists() and target.read_bytes() == content
    if not same:
        atomic_write(target, content)
    atomic_write(target.with_suffix(".json"), description.encode())
    if name == "book":
        for part, (title, compute) in DERIVED.items():
            atomic_write(folder / f"{name}_{part}.nc", derived_bytes(compute(dataset), title, content))
    config: Config = config_of(small)
    size = f"{config.n_networks} networks, {len(content) / 1e6:.2f} MB"
    return f"{target.name}: {size}, {small.attrs['reduced']}{' (unchanged)' if same else ''}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sweeps", nargs="+", type=Path, metavar="SWEEP.nc")
    parser.add_argument("--out", type=Path, default=FOLDER, metavar="FOLDER", help="default: phasebook/data")
    options = parser.parse_args(arguments)
    try:
        for source in options.sweeps:
            print(package(source, options.out))
    except (SweepError, FileNotFoundError) as error:
        print(f"package_data: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
