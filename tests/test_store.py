"""Parts of an unfinished sweep: what is written is read back, and what is damaged is noticed."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phasebook.runs import store
from phasebook.runs.store import DamagedPart, PartStore, SweepError, atomic_write, read_part


def a_block(models: list[int]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    return {
        "model": np.array(models),
        "weights": rng.standard_normal((len(models), 4, 3)).astype(np.float32),
        "test_loss": np.array([np.nan, np.inf, -0.0][: len(models)]),
        "seconds": np.array(0.5),
    }


@pytest.fixture
def parts(tmp_path: Path) -> PartStore:
    opened = PartStore(tmp_path / "a.nc")
    opened.open("one sweep")
    return opened


def test_a_block_comes_back_as_it_went(parts: PartStore):
    """Types, shapes and bits, not-a-number and minus zero included."""
    block = a_block([0, 1, 2])
    parts.write(block, first=0, last=2)
    (path,) = parts.paths()
    again = read_part(path)
    assert again.keys() == block.keys()
    for name, array in block.items():
        assert again[name].dtype == array.dtype
        assert again[name].shape == array.shape
        assert again[name].tobytes() == array.tobytes()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), cut=st.booleans())
def test_any_damage_is_noticed(parts: PartStore, where: float, bit: int, cut: bool):
    """One bit changed or the end missing, anywhere in the file."""
    parts.write(a_block([0, 1]), first=0, last=1)
    (path,) = parts.paths()
    content = bytearray(path.read_bytes())
    place = int(where * len(content))
    if cut:
        del content[place:]
    else:
        content[place] ^= 1 << bit
    path.write_bytes(content)
    with pytest.raises(DamagedPart):
        read_part(path)


def test_folder_belongs_to_one_sweep(parts: PartStore):
    PartStore(parts.target).open("one sweep")
    with pytest.raises(SweepError, match="other settings"):
        PartStore(parts.target).open("another sweep")


def test_a_killed_write_leaves_nothing_that_counts(parts: PartStore):
    """A temporary file without its rename is not a part, and goes when the sweep is taken up again."""
    leftover = parts.folder / "000000000-000000001.part.tmp"
    leftover.write_bytes(b"half of a bl")
    assert parts.paths() == []
    parts.open("one sweep")
    assert not leftover.exists()


def test_only_parts_inside_the_finished_file_are_removed(parts: PartStore):
    parts.write(a_block([0, 1]), first=0, last=1)
    parts.write(a_block([1, 2]), first=2, last=3)
    parts.remove_below(2)
    assert [path.name for path in parts.paths()] == ["000000002-000000003.part"]
    parts.remove_below(3)
    assert not parts.folder.exists()


def test_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "file"
    atomic_write(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        atomic_write(path, b"new, ", b"and longer")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "no room left to write .*make room and run the same command"),
        (errno.EDQUOT, "no room left"),
        (errno.EROFS, "cannot write .*Read-only file system"),
        (errno.EACCES, "cannot write .*Permission denied"),
    ],
)
def test_the_system_is_quoted_in_one_line(
    parts: PartStore, monkeypatch: pytest.MonkeyPatch, number: int, words: str
):
    def refuse(*_: object) -> None:
        raise OSError(number, store.os.strerror(number))

    monkeypatch.setattr(store, "atomic_write", refuse)
    with pytest.raises(SweepError, match=words) as caught:
        parts.write(a_block([0]), first=0, last=0)
    assert "\n" not in str(caught.value)
