"""How fast is the engine, and beside what? One run, one processor, ratios.

    python benchmarks/engine.py            # writes benchmarks/engine.json, which a page of the book shows

All contenders are bound to the same processor and take turns for several rounds; of each the fastest round
counts, since other work on the machine can only slow a round down. JAX takes part if it is installed.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import contenders
import numpy as np
import torch
from numba import float32, njit

from phasebook.engine.vector import Vector, fma, load, store
from phasebook.network import sample_ensemble
from phasebook.runs.provenance import processor

ROUNDS = 5
AGREEMENT_STEPS = 200
OUTPUT = Path(__file__).with_suffix(".json")


@dataclass(frozen=True)
class Entry:
    """A contender, the number of networks it trains at once, and how many steps fill about a second."""

    name: str
    contender: contenders.Contender
    networks: int
    steps: int


ENTRIES = (
    Entry("PyTorch module, data loader, autograd", contenders.pytorch_loop, 1, 500),
    Entry("JAX vmap + fori_loop", contenders.jax_scan, 32, 2000),
    Entry("JAX vmap + fori_loop", contenders.jax_scan, 400, 200),
    Entry("torch.bmm, all networks at once", contenders.torch_bmm, 100, 1000),
    Entry("torch.bmm, all networks at once", contenders.torch_bmm, 400, 300),
    Entry("torch.bmm, all networks at once", contenders.torch_bmm, 1600, 100),
    Entry("plain Numba loops", contenders.numba_loops, 8, 20_000),
    Entry("fused kernel, float64", contenders.fused_kernel_double, 32, 50_000),
    Entry("fused kernel, float32", contenders.fused_kernel, 32, 100_000),
)
OURS = ENTRIES[-1].name
FMA_PER_STEP = 2 * contenders.BATCH * 32 * 16
"""Multiply-adds of the two matrix products of a step; tanh and the rest come on top."""


@njit
def _multiply_add(memory: Any, rounds: int) -> None:
    a, b, c, d = load(memory, 0), load(memory, 1), load(memory, 2), load(memory, 3)
    e, f, g, h = load(memory, 4), load(memory, 5), load(memory, 6), load(memory, 7)
    k, m, p, q = load(memory, 10), load(memory, 11), load(memory, 12), load(memory, 13)
    x, y = load(memory, 8), load(memory, 9)
    for _ in range(rounds):
        a, b, c, d = fma(a, x, y), fma(b, x, y), fma(c, x, y), fma(d, x, y)
        e, f, g, h = fma(e, x, y), fma(f, x, y), fma(g, x, y), fma(h, x, y)
        k, m, p, q = fma(k, x, y), fma(m, x, y), fma(p, x, y), fma(q, x, y)
    store(a + b + c + d + e + f + g + h + k + m + p + q, memory, 0)


def multiply_adds_per_ns() -> float:
    """Single-precision multiply-adds per nanosecond of this processor: twelve independent chains."""
    lanes = Vector(float32).lanes
    memory = np.full((14, lanes), 0.5, np.float32)
    _multiply_add(memory, 1)
    rounds = 10_000_000
    start = time.perf_counter()
    _multiply_add(memory, rounds)
    return 12 * lanes * rounds / (time.perf_counter() - start) / 1e9


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    torch.set_num_threads(1)
    entries = [e for e in ENTRIES if e.contender is not contenders.jax_scan or find_spec("jax")]
    sizes = {entry.networks for entry in entries}
    ensembles = {n: sample_ensemble(n_models=n, inv_sigma_w=8.0, seed=0, n_samples=1000) for n in sizes}
    runs = {entry: entry.contender(ensembles[entry.networks]) for entry in entries}

    print("Do they agree? Largest difference from float64 after 200 steps, relative to the largest weight:")
    for entry, run in runs.items():
        reference = contenders.fused_kernel_double(ensembles[entry.networks])(AGREEMENT_STEPS)
        error = np.abs(run(AGREEMENT_STEPS) - reference).max() / np.abs(reference).max()
        print(f"  {entry.name:40} {entry.networks:5} networks  {error:.1e}", flush=True)
        if error > 1e-4:
            sys.exit(f"{entry.name} trains something else: no times are taken")

    nanoseconds = dict.fromkeys(entries, float("inf"))
    peak = 0.0
    for number in range(ROUNDS):
        peak = max(peak, multiply_adds_per_ns())
        for entry, run in runs.items():
            start = time.perf_counter()
            run(entry.steps)
            each = (time.perf_counter() - start) * 1e9 / entry.networks / entry.steps
            nanoseconds[entry] = min(nanoseconds[entry], each)
        print(f"round {number + 1} of {ROUNDS} done", flush=True)

    ours = next(ns for entry, ns in nanoseconds.items() if entry.name == OURS)
    rows = [
        {"name": e.name, "networks": e.networks, "nanoseconds": round(ns, 1), "ratio": round(ns / ours, 2)}
        for e, ns in nanoseconds.items()
    ]
    result = {
        "unit": "nanoseconds per network and SGD step, one processor",
        "rows": rows,
        "multiply_adds_per_ns": round(peak, 1),
        "fraction_of_peak": round(FMA_PER_STEP / ours / peak, 3),
        "processor": processor(),
        "system": f"{platform.system()} {platform.machine()}, {os.cpu_count()} logical processors",
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
    }
    OUTPUT.write_text(json.dumps(result, indent=1) + "\n")
    for row in rows:
        print("{name:40} {networks:5} networks {nanoseconds:12.1f} ns  {ratio:9.1f} x".format(**row))
    print(
        f"{result['fraction_of_peak']:.0%} of the {peak:.0f} multiply-adds per ns go into the matrix products"
    )


if __name__ == "__main__":
    main()
