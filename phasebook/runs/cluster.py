"""A sweep on the workers of a Dask cluster."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager
from importlib.util import find_spec

from phasebook.runs.store import SweepError

ANSWER_WITHIN = 10.0
"""Seconds for a scheduler to answer."""
GO_ON = "what is finished is kept, the same command goes on from there"


@contextmanager
def dask_executor(
    scheduler: str, *, say: Callable[[str], None] = lambda message: None
) -> Iterator[tuple[Executor, int]]:
    """The workers behind the scheduler at `scheduler`, and how many threads they have together.

    Waits for the first worker, which on a queueing system may take its time.

    Raises:
        SweepError: Dask is not installed, nobody answers there, or the cluster is lost within the block.
    """
    if find_spec("distributed") is None:
        raise SweepError("--executor dask needs Dask: pip install 'phasebook[scale]'")
    from distributed import Client, KilledWorker

    # When a scheduler goes, the client prints tracebacks; our one line is what a user needs.
    log = logging.getLogger("distributed.client")
    level = log.level
    try:
        client = Client(scheduler, timeout=ANSWER_WITHIN, set_as_default=False)
    except (OSError, TimeoutError, ValueError, ImportError) as error:
        raise SweepError(f"no Dask scheduler answers at {scheduler} ({_first_line(error)})") from error
    log.setLevel(logging.CRITICAL)
    try:
        if not client.scheduler_info(n_workers=-1)["workers"]:
            say(f"{scheduler} has no worker yet: waiting for the first one")
            client.wait_for_workers(1)
        workers = client.scheduler_info(n_workers=-1)["workers"].values()
        yield client.get_executor(), sum(worker["nthreads"] for worker in workers)
    except KilledWorker as error:
        raise SweepError(f"workers of {scheduler} died again and again; {GO_ON}") from error
    except CancelledError as error:
        raise SweepError(f"the scheduler at {scheduler} is gone; {GO_ON}") from error
    finally:
        client.close(timeout=1)
        log.setLevel(level)


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
