"""The sweep a chapter asks for: from the cache, or computed."""

from __future__ import annotations

import os
from concurrent.futures import Executor
from dataclasses import fields, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import xarray as xr
from platformdirs import user_cache_path

from phasebook.runs.checks import InvalidConfig
from phasebook.runs.config import Config, scale
from phasebook.runs.dataset import first_models, read_dataset
from phasebook.runs.progress import Progress
from phasebook.runs.store import writing
from phasebook.runs.sweep import run_sweep
from phasebook.runs.target import existing, identity


def load_sweep(
    name: str = "book",
    *,
    progress: bool | Progress = True,
    threads: int | None = None,
    executor: Executor | None = None,
    **settings: Any,
) -> xr.Dataset:
    """A sweep over the phase diagram, computed only if nobody has done so before.

    Args:
        name: scale, "smoke", "book" or "paper".
        progress: whether to show how far it is, if it has to be computed.
        threads, executor: as in `run_sweep`.
        settings: fields of `Config` that replace those of the scale, for example `n_models=10`.

    Returns:
        The data set, in memory; `attrs["source"]` says "cache" or "computed".

    Raises:
        InvalidConfig: no such scale or setting, or a value out of range.
        SweepError: the cache cannot be written, or holds a damaged file.
    """
    config = _configure(name, settings)
    target = cache_file(name, config)
    found = existing(config, target)
    cached = found is not None and found.n_models >= config.n_models
    if not cached:
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        run_sweep(config, target, scale=name, executor=executor, threads=threads, progress=progress)
    dataset = first_models(read_dataset(target), config.n_models)
    return dataset.assign_attrs(source="cache" if cached else "computed")


def cache_folder() -> Path:
    """`PHASEBOOK_CACHE`, else the platform's folder for caches."""
    chosen = os.environ.get("PHASEBOOK_CACHE")
    return Path(chosen) if chosen else user_cache_path("phasebook", appauthor=False)


def cache_file(name: str, config: Config) -> Path:
    """Where the cache keeps a sweep; the same for any number of networks, so that a larger one serves all."""
    key = blake2b(identity(config).encode(), digest_size=6).hexdigest()
    return cache_folder() / f"{name}-{key}.nc"


def _configure(name: str, settings: dict[str, Any]) -> Config:
    base = scale(name)
    known = [field.name for field in fields(Config)]
    for setting in settings:
        if setting not in known:
            raise InvalidConfig(setting, f"is not a setting of a sweep (there are {', '.join(known)})")
    return replace(base, **settings)
