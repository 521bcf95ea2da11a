"""A sweep on a Dask cluster: the bits of the local one, and nothing lost when parts of the cluster are."""

from __future__ import annotations

import logging
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
from distributed import LocalCluster

from phasebook.cli import execute
from phasebook.network import Network
from phasebook.runs import cluster as cluster_module
from phasebook.runs import workers
from phasebook.runs.cluster import dask_executor
from phasebook.runs.config import Config
from phasebook.runs.dataset import read_dataset
from phasebook.runs.store import SweepError, parts_folder
from phasebook.runs.sweep import run_sweep

SMALL = Config(n_models=12, epochs=5, temperatures=(0.25, 4.0), inv_sigma_ws=(0.5, 8.0))
GRID = ["--temperature", "0.25", "4", "--inv-sigma-w", "0.5", "8"]
COMMAND = ["sweep", "--scale", "smoke", "--models", "80", "--epochs", "5", *GRID]


@contextmanager
def local_cluster(*, processes: bool, n_workers: int, port: int = 0) -> Iterator[Any]:
    options: dict[str, Any] = {"dashboard_address": None, "silence_logs": logging.CRITICAL}
    with LocalCluster(
        n_workers=n_workers,
        threads_per_worker=1,
        processes=processes,
        protocol="tcp://",
        host="127.0.0.1",
        scheduler_port=port,
        **options,
    ) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> xr.Dataset:
    path = tmp_path_factory.mktemp("local") / "a.nc"
    run_sweep(SMALL, path, progress=False)
    return read_dataset(path)


def once_a_part_is_written(target: Path, act: Callable[[], object]) -> threading.Thread:
    """Do it in another thread, in the middle of a sweep."""

    def watch() -> None:
        limit = time.monotonic() + 60
        while not list(parts_folder(target).glob("*.part")) and time.monotonic() < limit:
            time.sleep(0.005)
        act()

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def test_worker_killed_in_the_middle_costs_nothing(expected: xr.Dataset, tmp_path: Path):
    """Two worker processes, one of them gets SIGKILL; the same bits as on threads of this process."""
    target = tmp_path / "a.nc"
    with (
        local_cluster(processes=True, n_workers=2) as cluster,
        dask_executor(cluster.scheduler_address) as (executor, threads),
    ):
        assert threads == 2
        victim = next(iter(cluster.workers.values())).pid
        thread = once_a_part_is_written(target, lambda: os.kill(victim, signal.SIGKILL))
        run_sweep(SMALL, target, executor=executor, threads=threads, block_size=4, progress=False)
        thread.join()
        assert victim not in [worker.pid for worker in cluster.workers.values()]
    assert read_dataset(target).equals(expected)


def test_scheduler_restart(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The sweep ends in one line; the same command with the new scheduler goes on from there."""
    target = tmp_path / "a.nc"
    with local_cluster(processes=False, n_workers=1) as cluster:
        address = cluster.scheduler_address
        arguments = [*COMMAND, "--executor", "dask", "--scheduler", address, "--out", str(target)]
        thread = once_a_part_is_written(target, cluster.close)
        assert execute(arguments) == 2
        thread.join()
    *_, last = capsys.readouterr().err.splitlines()
    assert last == (
        f"phasebook sweep: the scheduler at {address} is gone; "
        "what is finished is kept, the same command goes on from there"
    )
    kept = len(list(parts_folder(target).glob("*.part")))
    assert 1 <= kept < 5
    with local_cluster(processes=False, n_workers=1, port=int(address.rpartition(":")[2])):
        assert execute(arguments) == 0
    assert f"{320 - 64 * kept} of 320 networks to train" in capsys.readouterr().err
    assert execute([*COMMAND, "--out", str(tmp_path / "b.nc")]) == 0
    assert read_dataset(target).equals(read_dataset(tmp_path / "b.nc"))


def one_line(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert execute([*COMMAND, "--out", "/missing/a.nc", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_scheduler_that_cannot_be_reached(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(cluster_module, "ANSWER_WITHIN", 0.5)
    dask = ("--executor", "dask", "--scheduler")
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in one_line(capsys, *dask, "tcp://127.0.0.1:9")
    assert "no Dask scheduler answers at nonsense://x" in one_line(capsys, *dask, "nonsense://x")


def test_options_that_do_not_go_together(capsys: pytest.CaptureFixture[str]):
    words = "--scheduler and --executor dask go together: give both or neither"
    assert words in one_line(capsys, "--executor", "dask")
    assert words in one_line(capsys, "--scheduler", "tcp://127.0.0.1:9")
    assert "--executor must be threads or dask, got mpi" in one_line(capsys, "--executor", "mpi")


def test_dask_that_is_not_installed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cluster_module, "find_spec", lambda name: None)
    line = one_line(capsys, "--executor", "dask", "--scheduler", "tcp://127.0.0.1:9")
    assert line == "phasebook sweep: --executor dask needs Dask: pip install 'phasebook[scale]'"


def test_worker_with_another_kernel_is_refused():
    network: Network = (0.25, 0.5, 0)
    with pytest.raises(SweepError, match="a worker has version 1 of the kernel, and 2 is asked for"):
        workers.compute_on_worker(SMALL, [network], 2)


def test_slurm_snippet_of_the_page_asks_for_what_it_says():
    """There is no Slurm here, and perhaps no such network: this is the script it would submit."""
    page = (Path(__file__).parents[1] / "book" / "scale_out.md").read_text(encoding="utf-8")
    start = page.index("from dask_jobqueue import SLURMCluster")
    snippet = re.sub(r" *interface=.*\n", "", page[start : page.index("cluster.scale(", start)])
    names: dict[str, Any] = {}
    exec(snippet, names)
    with names["cluster"] as cluster:
        script = cluster.job_script()
    for line in ("-p PARTITION", "-A ACCOUNT", "--cpus-per-task=32", "--mem=30G", "-t 04:00:00"):
        assert f"#SBATCH {line}" in script, line
    assert "#SBATCH --hint=nomultithread" in script
    assert "--nworkers 32" in script
    assert "--nthreads 1" in script
