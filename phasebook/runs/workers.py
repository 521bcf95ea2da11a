"""Handing blocks to threads, processes or machines: anything that is a `concurrent.futures.Executor`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice

from phasebook.network import Network
from phasebook.runs.block import compute_block
from phasebook.runs.config import Config
from phasebook.runs.store import SweepError
from phasebook.runs.variables import Block
from phasebook.sgd import KERNEL_VERSION

Numbered = tuple[int, Network]
"""A network and its number in the sweep."""


def computed(
    config: Config, blocks: Sequence[Sequence[Numbered]], *, executor: Executor | None, threads: int
) -> Iterator[tuple[Block, Sequence[Numbered]]]:
    """Compute `blocks` and give each one back, with its networks, as soon as it is there.

    Never more than two per thread are handed out, so that a cluster's scheduler or a pool holds little and an
    interruption has little to take back.
    """
    queue = iter(blocks)
    running: dict[Future[Block], Sequence[Numbered]] = {}
    with _pool(executor, threads) as pool:
        try:
            while True:
                for members in islice(queue, 2 * threads - len(running)):
                    networks = [network for _, network in members]
                    running[pool.submit(compute_on_worker, config, networks, KERNEL_VERSION)] = members
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield future.result(), running.pop(future)
        finally:
            for future in running:
                future.cancel()


def compute_on_worker(config: Config, networks: Sequence[Network], kernel_version: int) -> Block:
    """`compute_block`, on a worker that may be another machine with another installation.

    Raises:
        SweepError: its kernel is not the one that was asked for, and would give other bits.
    """
    if kernel_version != KERNEL_VERSION:
        raise SweepError(
            f"a worker has version {KERNEL_VERSION} of the kernel, and {kernel_version} is asked for: "
            "install the same phasebook everywhere"
        )
    return compute_block(config, networks)


@contextmanager
def _pool(executor: Executor | None, threads: int) -> Iterator[Executor]:
    """The caller's executor, or threads of our own that an interruption does not wait for."""
    if executor is not None:
        yield executor
        return
    pool = ThreadPoolExecutor(threads)
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
