"""How fast are the spheres, and beside what? One run, one processor, ratios.

    python benchmarks/packing.py           # writes benchmarks/packing.json, which a page of the book shows

Biased random organization and matched SGD in the active phase (phi = 0.63, kick 0.1 D), the activity measured
at every step. All contenders do the same steps with the same bits (checked), are bound to the same processor
and take turns; of each the fastest round counts, in processor time. freud and vesin take part where they are
installed.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from packing_contenders import Search, freud_pairs, kdtree_pairs, numpy_steps, vesin_pairs

from phasebook.runs.provenance import processor
from phasebook.systems.random_organization import BRO, SGD, Packing, evolve, matched_sgd, random_packing

ROUNDS = 3
KICK, PACKING_FRACTION = 0.1, 0.63
RELAXED = 200
"""Steps before the clock starts, so that the random start is forgotten."""

RULES: dict[str, BRO | SGD] = {"BRO": BRO(KICK), "SGD": matched_sgd(KICK)}
SIZES = (1_000, 10_000, 100_000, 1_000_000)
PAIRED = (1_000, 100_000)
"""Sizes at which the others take part."""

OTHERS: dict[str, tuple[str, Search]] = {
    "NumPy, scipy KDTree": ("scipy", kdtree_pairs),
    "NumPy, freud": ("freud", freud_pairs),
    "NumPy, vesin": ("vesin", vesin_pairs),
}
OURS = "phasebook"
OUTPUT = Path(__file__).with_suffix(".json")


@dataclass(frozen=True)
class Entry:
    """A contender at one size: `run` makes `steps` steps."""

    name: str
    rule: str
    particles: int
    steps: int
    run: Callable[[int], object]


def entries(rule: str, packing: Packing) -> list[Entry]:
    """Ours, and where the size asks for it the others; each about a second."""
    law, n = RULES[rule], packing.n_particles
    steps = max(2_000_000 // n, 2)
    found = [Entry(OURS, rule, n, steps, lambda k: evolve(packing, law, n_steps=k))]
    if n in PAIRED:
        for name, (module, search) in OTHERS.items():
            if find_spec(module):
                slow = max(200_000 // n, 1)
                found.append(
                    Entry(
                        name,
                        rule,
                        n,
                        slow,
                        lambda k, s=search: numpy_steps(packing, law, n_steps=k, search=s),
                    )
                )
    return found


def check(packing: Packing, law: BRO | SGD) -> None:
    """Stop if a contender does something else."""
    small = replace(packing, step=0)
    expected = evolve(small, law, n_steps=3)[0].coordinates
    for name, (module, search) in OTHERS.items():
        if find_spec(module):
            found, _ = numpy_steps(small, law, n_steps=3, search=search)
            if not np.array_equal(found, expected):
                raise SystemExit(f"{name} moves the particles elsewhere: no times are taken")


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    everyone: list[Entry] = []
    for rule, law in RULES.items():
        for n in SIZES:
            start = random_packing(n_particles=n, packing_fraction=PACKING_FRACTION, seed=1)
            packing, series = evolve(start, law, n_steps=RELAXED if n < 10**6 else RELAXED // 4)
            print(f"{rule}, N = {n}: activity {series.activity[-1]:.3f}", flush=True)
            if n == min(SIZES):
                check(packing, law)
            everyone += entries(rule, packing)

    nanoseconds = dict.fromkeys(range(len(everyone)), float("inf"))
    for number in range(ROUNDS):
        for place, entry in enumerate(everyone):
            start_time = time.process_time()
            entry.run(entry.steps)
            each = (time.process_time() - start_time) * 1e9 / entry.particles / entry.steps
            nanoseconds[place] = min(nanoseconds[place], each)
        print(f"round {number + 1} of {ROUNDS} done", flush=True)

    ours = {(e.rule, e.particles): nanoseconds[place] for place, e in enumerate(everyone) if e.name == OURS}
    rows: list[dict[str, Any]] = [
        {
            "name": e.name,
            "rule": e.rule,
            "particles": e.particles,
            "nanoseconds": round(nanoseconds[place], 1),
            "ratio": round(nanoseconds[place] / ours[e.rule, e.particles], 2),
        }
        for place, e in enumerate(everyone)
    ]
    result = {
        "unit": "nanoseconds of one processor per particle and step, activity measured at every step",
        "packing_fraction": PACKING_FRACTION,
        "kick": KICK,
        "rows": rows,
        "processor": processor(),
        "system": f"{platform.system()} {platform.machine()}, {os.cpu_count()} logical processors",
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "scipy", "numba")},
            **{
                name: version(package)
                for name, package in (("freud", "freud-analysis"), ("vesin", "vesin"))
                if find_spec(name)
            },
        },
    }
    OUTPUT.write_text(json.dumps(result, indent=1) + "\n")
    for row in rows:
        print("{rule} {name:22} N = {particles:8} {nanoseconds:10.1f} ns  {ratio:7.2f} x".format(**row))


if __name__ == "__main__":
    main()
