"""The sweep a chapter asks for: from the cache, from a file that comes with the package, or computed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import fields, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import xarray as xr
from platformdirs import user_cache_path

from phasebook.runs import packaged as packages
from phasebook.runs.checks import InvalidConfig
from phasebook.runs.config import Config, scale
from phasebook.runs.dataset import first_models, read_dataset
from phasebook.runs.deferred import complete
from phasebook.runs.progress import Progress
from phasebook.runs.provenance import command
from phasebook.runs.store import SweepError, writing
from phasebook.runs.sweep import run_sweep
from phasebook.runs.target import existing, identity

LARGEST = 5 * 10**9
"""SGD steps, added up over networks, that `load_sweep` computes unasked: ten minutes of one core."""
NETWORK_STEPS_PER_SECOND = 8e6
"""Of one busy core; book/scale_out.md measures it."""


def load_sweep(
    name: str = "book",
    *,
    packaged: bool | None = None,
    progress: bool | Progress = True,
    threads: int | None = None,
    executor: Executor | None = None,
    **settings: Any,
) -> xr.Dataset:
    """A sweep over the phase diagram, computed only if nobody has done so before.

    Where it comes from is decided by the rule at the head of `phasebook.runs.packaged`. Of a sweep too long
    to be computed here, such as "paper", you get as many networks per cell as there are, unless you say
    `n_models`.

    Args:
        name: scale, "smoke", "book" or "paper".
        packaged: whether files that come with the package may be used; by default unless the environment
            variable PHASEBOOK_NO_PACKAGED is 1.
        progress: whether to show how far it is, if it has to be computed.
        threads, executor: as in `run_sweep`.
        settings: fields of `Config` that replace those of the scale, for example `n_models=10`.

    Returns:
        The data set, in memory; `attrs["source"]` says "cache", "packaged" or "computed". Variables that a
        packaged file leaves out (`attrs["left_out"]`) are computed when first looked at.

    Raises:
        InvalidConfig: no such scale or setting, or a value out of range.
        SweepError: it would take hours to compute; the cache cannot be written, or holds a damaged file.
    """
    config = _configure(name, settings)
    target = cache_file(name, config)
    found = existing(config, target)
    package = packages.find(config) if packages.allowed(packaged) else None
    in_cache = 0 if found is None else found.n_models
    in_package = 0 if package is None else package.config.n_models
    if (long := steps(config) > LARGEST) and "n_models" not in settings and in_cache + in_package:
        config = replace(config, n_models=max(in_cache, in_package))

    def compute(temperatures: Sequence[float], inv_sigma_ws: Sequence[float]) -> xr.Dataset:
        part = replace(config, temperatures=tuple(temperatures), inv_sigma_ws=tuple(inv_sigma_ws))
        file = cache_file(name, part)
        with writing(file):
            file.parent.mkdir(parents=True, exist_ok=True)
        run_sweep(part, file, scale=name, executor=executor, threads=threads, progress=progress)
        return first_models(read_dataset(file), part.n_models)

    if in_cache >= config.n_models:
        return first_models(read_dataset(target), config.n_models).assign_attrs(source="cache")
    if package is not None and in_package >= config.n_models:
        return complete(package.read(config), config, compute)
    if long:
        raise SweepError(_too_long(config, name, in_cache, in_package))
    return compute(config.temperatures, config.inv_sigma_ws)


def steps(config: Config) -> int:
    """SGD steps of a sweep, added up over its networks."""
    return config.n_networks * config.steps


def core_hours(config: Config) -> float:
    """What a sweep costs on cores like those this was written on, at the paper's widths."""
    return steps(config) / NETWORK_STEPS_PER_SECOND / 3600


def cache_folder() -> Path:
    """`PHASEBOOK_CACHE`, else the platform's folder for caches."""
    chosen = os.environ.get("PHASEBOOK_CACHE")
    return Path(chosen) if chosen else user_cache_path("phasebook", appauthor=False)


def cache_file(name: str, config: Config) -> Path:
    """Where the cache keeps a sweep; the same for any number of networks, so that a larger one serves all."""
    key = blake2b(identity(config).encode(), digest_size=6).hexdigest()
    return cache_folder() / f"{name}-{key}.nc"


def _too_long(config: Config, name: str, in_cache: int, in_package: int) -> str:
    there = max(in_cache, in_package)
    instead = f"; {there} networks per cell are there: n_models={there}" if there else ""
    if not in_package and os.environ.get(packages.FORBIDDEN):
        instead += (
            f"; {packages.FORBIDDEN} is set, packaged=True takes what comes with the package all the same"
        )
    return (
        f"{config.n_networks} networks x {config.steps:.3g} SGD steps would take about "
        f"{core_hours(config):.0f} core-hours, too long to start unasked{instead}; "
        f"to compute it: {command(config, scale=name)}"
    )


def _configure(name: str, settings: dict[str, Any]) -> Config:
    base = scale(name)
    known = [field.name for field in fields(Config)]
    for setting in settings:
        if setting not in known:
            raise InvalidConfig(setting, f"is not a setting of a sweep (there are {', '.join(known)})")
    return replace(base, **settings)
