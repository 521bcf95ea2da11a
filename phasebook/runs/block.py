"""One block of a sweep: a handful of networks from initial weights to numbers, in one call.

Nothing here depends on which networks share a block, so a sweep may be cut in any way, on threads, processes
or machines, and gives the same bits.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from phasebook.network import Network, sample_networks
from phasebook.observables import measure
from phasebook.runs.config import Config, record_steps
from phasebook.runs.variables import VARIABLES, Block
from phasebook.sgd import train


def compute_block(config: Config, networks: Sequence[Network]) -> Block:
    """Sample, train and measure `networks`.

    Args:
        config: the sweep they belong to.
        networks: (temperature, 1/sigma_W, model) of each.

    Returns:
        The variables of `VARIABLES` with the leading axis network, the coordinates "temperature",
        "inv_sigma_w" and "model" of each network, and "core_seconds", a number.
    """
    started = time.perf_counter()
    temperature, inv_sigma_w, model = zip(*networks, strict=True)
    # A network that overflows is a result (it is recorded as diverged), so its infinities are no warning.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        ensemble = sample_networks(
            networks,
            seed=config.seed,
            widths=config.widths,
            n_samples=config.n_samples,
            common_teachers=config.common_teachers,
        )
        trajectory = train(
            ensemble,
            learning_rate=np.array(temperature) * config.batch_size,
            batch_size=config.batch_size,
            record_steps=record_steps(config),
            order=config.order,
            precision=config.precision,
            seed=config.seed,
            threads=1,
        )
        final = np.ascontiguousarray(trajectory.weights[:, -1], dtype=config.precision)
        found = {
            **measure(ensemble, trajectory, epoch_steps=config.steps_per_epoch),
            "diverged": ~np.isfinite(final).all(axis=(1, 2)),
            "weights_hash": np.array([weights_hash(weights) for weights in final], dtype=np.uint64),
            "weights": final,
        }
        block = {name: np.asarray(found[name], dtype=dtype(name, config)) for name in VARIABLES}
    return block | {
        "temperature": np.array(temperature),
        "inv_sigma_w": np.array(inv_sigma_w),
        "model": np.array(model),
        "core_seconds": np.array(time.perf_counter() - started),
    }


def dtype(name: str, config: Config) -> np.dtype:
    """The type a variable is stored in; weights keep the precision they were trained in."""
    stored = VARIABLES[name].dtype
    return np.dtype(config.precision if stored == "weights" else stored)


def weights_hash(weights: NDArray) -> int:
    """Fingerprint of one matrix: BLAKE2b, 8 bytes, of its numbers in little-endian order.

    Every NaN counts as the same one, because the sign and payload of a NaN differ between processors.
    """
    canonical = np.where(np.isnan(weights), weights.dtype.type(np.nan), weights)
    little_endian = canonical.astype(weights.dtype.newbyteorder("<"), order="C")
    return int.from_bytes(blake2b(little_endian.tobytes(), digest_size=8).digest(), "little")
