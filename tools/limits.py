"""Does every chapter fit where Binder runs it? One core, 2 GB, under two minutes, nothing computed before.

    python tools/limits.py                 # every chapter; writes benchmarks/limits.json, which a page shows
    python tools/limits.py time dyson      # these alone; the others keep what was measured

Each chapter runs in a process of its own that is bound to one core, with an empty cache of results, no
compiled kernel and the packaged data: what somebody meets who opens it on Binder as the first chapter. The
memory is that of the runner and its kernel together, looked at ten times a second; above the limit they are
ended. On a busy machine the clock says how long others kept the core, so the processor's own time stands
beside it: that is what a free core takes.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from run_chapter import BOOK
from tidy_chapters import is_notebook

from phasebook.figures.execution import outcome
from phasebook.runs.provenance import processor

RUNNER = Path(__file__).with_name("run_chapter.py")
OUTPUT = BOOK.parent / "benchmarks" / "limits.json"
CORES = 1
MEMORY = 2 * 10**9
"""Bytes; a little less than the 2 GiB that Binder grants."""
SECONDS = 120
PATIENCE = 10
"""A chapter is given up after this many times its limit on the clock."""


def main() -> int:
    chapters = sorted(
        path.stem for path in BOOK.glob("*.md") if is_notebook(path.read_text(encoding="utf-8"))
    )
    wanted = sys.argv[1:] or chapters
    if unknown := set(wanted) - set(chapters):
        print(
            f"limits: no chapter {', '.join(sorted(unknown))} (there are {', '.join(chapters)})",
            file=sys.stderr,
        )
        return 2
    kept = (
        json.loads(OUTPUT.read_text(encoding="utf-8"))["chapters"] if sys.argv[1:] and OUTPUT.exists() else {}
    )
    measured = {name: entry for name, entry in kept.items() if name in chapters}
    for name in wanted:
        measured[name] = measure(name)
        print(f"{name:16}", measured[name], flush=True)
    report = {"limits": {"cores": CORES, "bytes": MEMORY, "seconds": SECONDS}, "machine": machine()}
    report["chapters"] = dict(sorted(measured.items()))
    OUTPUT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return int(any(outcome(entry, report["limits"]) != "runs" for entry in measured.values()))


def measure(name: str) -> dict[str, Any]:
    """Run one chapter within the limits.

    Returns:
        Seconds on the clock and of the processor, the largest memory in bytes, the load of the machine
        (runnable processes, averaged over the last minute), and how it ended: "well", "in an error", "out of
        memory" or "out of time".
    """
    with tempfile.TemporaryDirectory() as empty:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PHASEBOOK_")}
        environment |= {"PHASEBOOK_CACHE": empty, "NUMBA_CACHE_DIR": empty}
        environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        report = Path(empty) / "errors.txt"
        cpu_before, started = children_cpu(), time.monotonic()
        with report.open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, RUNNER, name],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                preexec_fn=on_one_core,
            )
        ended, peak = watch(process, started)
        if ended == "in an error":
            print(report.read_text(encoding="utf-8", errors="replace")[-3000:], file=sys.stderr)
    return {
        "seconds": round(time.monotonic() - started, 1),
        "cpu_seconds": round(children_cpu() - cpu_before, 1),
        "bytes": peak,
        "load": round(os.getloadavg()[0], 1),
        "ended": ended,
    }


def watch(process: subprocess.Popen[bytes], started: float) -> tuple[str, int]:
    """Wait for a process and its children, ended where they take too much: how, and peak memory."""
    tree, peak = psutil.Process(process.pid), 0
    while process.poll() is None:
        peak = max(peak, memory(tree))
        late = time.monotonic() - started > PATIENCE * SECONDS
        if peak > MEMORY or late:
            for child in (*tree.children(recursive=True), tree):
                child.kill()
            process.wait()
            return "out of time" if late else "out of memory", peak
        time.sleep(0.1)
    return "in an error" if process.returncode else "well", peak


def memory(tree: psutil.Process) -> int:
    """Bytes resident, of a process and all below it."""
    total = 0
    try:
        for process in (tree, *tree.children(recursive=True)):
            total += process.memory_info().rss
    except psutil.NoSuchProcess:
        pass  # it ended while we looked
    return total


def children_cpu() -> float:
    """Seconds of processor that ended children have used, and theirs."""
    times = os.times()
    return times.children_user + times.children_system


def on_one_core() -> None:
    """Bind the calling process, and all it starts, to the last of the cores it may use."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def machine() -> dict[str, str | int]:
    """What the numbers depend on."""
    return {"processor": processor(), "cores": os.cpu_count() or 1, "python": platform.python_version()}


if __name__ == "__main__":
    sys.exit(main())
