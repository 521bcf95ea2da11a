"""Where an unfinished sweep is kept: one file per finished block, beside the target.

Every file is written under a temporary name, flushed to the disk and then renamed, and carries a checksum, so
that a process killed at any moment loses no more than the blocks it was working on.
"""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

import numpy as np

from phasebook.runs.variables import Block

MAGIC = b"phasebook part 1\n"
DIGEST_SIZE = 32
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class SweepError(Exception):
    """Something the user must decide or mend; the message is one line."""


class DamagedPart(Exception):
    """A part whose bytes are not those that were written."""


class PartStore:
    """The parts of an unfinished sweep, in the folder `FILE.nc.parts` beside the target `FILE.nc`."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.folder = parts_folder(target)

    def open(self, identity: str) -> None:
        """Make the folder, or check that it belongs to the sweep `identity`.

        Raises:
            SweepError: it belongs to another one, or cannot be written.
        """
        config = self.folder / "config.json"
        with writing(self.target):
            self.folder.mkdir(exist_ok=True)
            for leftover in self.folder.glob("*.tmp"):
                leftover.unlink()
            if config.exists():
                if config.read_text(encoding="utf-8", errors="replace") != identity:
                    raise SweepError(
                        f"{self.folder} holds an unfinished sweep with other settings or of another version; "
                        "finish it with its own command, delete it, or choose another --out"
                    )
            else:
                atomic_write(config, identity.encode())

    def paths(self) -> list[Path]:
        return sorted(self.folder.glob("*.part"))

    def write(self, block: Block, *, first: int, last: int) -> None:
        """Keep a finished block; `first` and `last` are the numbers of its outer networks in the sweep."""
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **block)
        payload = buffer.getbuffer()
        digest = blake2b(payload, digest_size=DIGEST_SIZE).digest()
        with writing(self.target):
            atomic_write(self.folder / f"{first:09d}-{last:09d}.part", MAGIC, digest, payload)

    def remove_below(self, n_models: int) -> None:
        """Drop the parts whose networks all have numbers below `n_models`, and the folder once empty."""
        with writing(self.target):
            for path in self.paths():
                try:
                    finished = read_part(path)["model"].max() < n_models
                except DamagedPart:
                    finished = True
                if finished:
                    path.unlink()
            if not self.paths():
                with suppress(FileNotFoundError):
                    (self.folder / "config.json").unlink()
                self.folder.rmdir()


def read_part(path: Path) -> Block:
    """A block as it was given to `PartStore.write`.

    Raises:
        DamagedPart: the file is truncated or changed.
    """
    content = path.read_bytes()
    head, payload = content[: len(MAGIC) + DIGEST_SIZE], memoryview(content)[len(MAGIC) + DIGEST_SIZE :]
    if head != MAGIC + blake2b(payload, digest_size=DIGEST_SIZE).digest():
        raise DamagedPart(path.name)
    with np.load(io.BytesIO(payload), allow_pickle=False) as arrays:
        return dict(arrays)


def parts_folder(target: Path) -> Path:
    return target.with_name(target.name + ".parts")


def atomic_write(path: Path, *pieces: bytes | memoryview) -> None:
    """Write a file so that after a crash it is there whole, or as it was before."""
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(path.parent)


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """Turn what the operating system says about writing `target` into one line."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in NO_ROOM:
            raise SweepError(
                f"no room left to write {target} ({reason}); what is done is kept in {parts_folder(target)}: "
                "make room and run the same command"
            ) from error
        raise SweepError(f"cannot write {target}: {reason}") from error


def _sync_folder(folder: Path) -> None:
    """Make a rename last through a power failure, where the system can open folders (Windows cannot)."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
