"""The file a sweep is written to: what is there already, and who may write it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import xarray as xr
from filelock import FileLock, Timeout

from phasebook.runs.config import Config
from phasebook.runs.dataset import config_of, read_dataset
from phasebook.runs.store import PartStore, SweepError, parts_folder, writing
from phasebook.sgd import KERNEL_VERSION


@dataclass(frozen=True)
class Existing:
    """A finished data set of the same settings, perhaps with fewer networks."""

    target: Path
    n_models: int
    n_diverged: int
    seconds: float
    core_seconds: float

    def read(self) -> xr.Dataset:
        return read_dataset(self.target)


def identity(config: Config) -> str:
    """All that decides the bits of a network, as JSON: everything but the number of networks."""
    settings = config.to_dict()
    del settings["n_models"]
    return json.dumps({"config": settings, "kernel_version": KERNEL_VERSION}, indent=1, sort_keys=True)


def existing(config: Config, target: Path) -> Existing | None:
    """What `target` holds of the sweep `config`; None if there is no such file.

    Raises:
        SweepError: it is another sweep, of another version of the kernel, damaged, or not ours.
    """
    with writing(target):
        if not target.exists():
            return None
    with read_dataset(target, load=False) as dataset:
        found = config_of(dataset)
        if (version := dataset.attrs["kernel_version"]) != KERNEL_VERSION:
            raise SweepError(
                f"{target} was computed with version {version} of the kernel, this is {KERNEL_VERSION}; "
                "delete it or choose another --out"
            )
        if dataset.attrs.get("source") == "packaged":
            raise SweepError(f"{target} is a packaged, rounded data set; choose another --out")
        if identity(found) != identity(config):
            raise SweepError(
                f"{target} holds a sweep with other settings ({_difference(found, config)}); "
                "delete it or choose another --out"
            )
        return Existing(
            target=target,
            n_models=found.n_models,
            n_diverged=int(dataset["diverged"].sum()),
            seconds=float(dataset.attrs["seconds"]),
            core_seconds=float(dataset.attrs["core_seconds"]),
        )


@contextmanager
def locked(target: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Only one process at a time gets past here with the same target; the others wait and say so.

    Raises:
        SweepError: `target` cannot be written.
    """
    if not target.parent.is_dir():
        raise SweepError(f"cannot write {target}: there is no folder {target.parent}")
    path = target.with_name(target.name + ".lock")
    lock = FileLock(path)
    with writing(target):
        path.touch()  # says at once why it cannot be made, where the lock would try again and again
        try:
            lock.acquire(timeout=0)
        except Timeout:
            say(f"another process is computing {target}: waiting for it")
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


def clear_leftovers(target: Path, n_models: int) -> None:
    """Remove the parts that are in the finished file, which a kill between writing and tidying leaves."""
    if parts_folder(target).is_dir():
        try:
            with FileLock(target.with_name(target.name + ".lock"), timeout=0):
                PartStore(target).remove_below(n_models)
        except (Timeout, OSError, SweepError):
            pass  # somebody is extending the file, or it is read-only: not ours to tidy


def _difference(found: Config, wanted: Config) -> str:
    """The first setting in which two sweeps differ."""
    ours, theirs = wanted.to_dict(), found.to_dict()
    name = next(name for name in ours if name != "n_models" and ours[name] != theirs[name])
    return f"{name}: {_short(theirs[name])} there, {_short(ours[name])} here"


def _short(value: object) -> str:
    return f"{len(value)} values" if isinstance(value, list) and len(value) > 3 else str(value)
