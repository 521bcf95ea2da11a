"""Who, where and how: what a data set says about its own making."""

from __future__ import annotations

import json
import os
import platform
import shlex
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from phasebook import __version__
from phasebook.runs.config import SCALES, Config

PACKAGES = ("numpy", "numba", "llvmlite", "xarray", "h5netcdf", "h5py")
FLAGS = {
    "n_models": "--models",
    "epochs": "--epochs",
    "temperatures": "--temperature",
    "inv_sigma_ws": "--inv-sigma-w",
    "seed": "--seed",
    "batch_size": "--batch-size",
    "order": "--order",
    "precision": "--precision",
}
"""The options of `phasebook sweep` that set a field of the configuration."""


def attributes(
    config: Config, *, scale: str, kernel_version: int, seconds: float, core_seconds: float, threads: int
) -> dict[str, Any]:
    """Attributes of the data set.

    Args:
        seconds: on the clock, while networks were trained (all sittings together).
        core_seconds: the same, added up over the threads.
        threads: of the last sitting.
    """
    versions = {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}
    return {
        "scale": scale,
        "config": config.to_json(),
        "seed": config.seed,
        "epochs": config.epochs,
        "steps": config.steps,
        "n_models": config.n_models,
        "batch_size": config.batch_size,
        "order": config.order,
        "precision": config.precision,
        "phasebook_version": __version__,
        "kernel_version": kernel_version,
        "versions": json.dumps(versions),
        "seconds": round(seconds, 3),
        "core_seconds": round(core_seconds, 3),
        "threads": threads,
        "hardware": hardware(),
        "command": command(config, scale=scale),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "source": "computed",
    }


def command(config: Config, *, scale: str) -> str:
    """The shortest command that computes this sweep again; a comment for one that needs Python."""
    base = SCALES.get(scale, SCALES["book"]).to_dict()
    words = ["phasebook", "sweep", "--scale", scale if scale in SCALES else "book"]
    for name, value in config.to_dict().items():
        if value != base[name]:
            if name not in FLAGS:
                return f"phasebook.run_sweep(Config.from_json({config.to_json()!r}), 'FILE.nc')"
            words += [FLAGS[name], *(str(v) for v in (value if isinstance(value, list) else [value]))]
    return shlex.join([*words, "--out", "FILE.nc"])


def processor() -> str:
    """The name of the processor, as far as the system tells."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), model)
    return model


def hardware() -> str:
    """Processor and number of logical cores, as far as the system tells."""
    return f"{processor()}, {os.cpu_count()} logical cores"


def available_cores() -> int:
    """Processors this process may use, which in a container or a batch job are fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
