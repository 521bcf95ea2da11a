"""The sweep: what is computed, that the configuration alone decides the bits, and what survives what."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import struct
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from phasebook.network import sample_ensemble
from phasebook.runs import block as block_module
from phasebook.runs import store, target
from phasebook.runs.block import compute_block, weights_hash
from phasebook.runs.checks import InvalidConfig
from phasebook.runs.config import Config
from phasebook.runs.dataset import read_dataset
from phasebook.runs.load import cache_file, load_sweep
from phasebook.runs.store import SweepError, parts_folder
from phasebook.runs.sweep import run_sweep
from phasebook.runs.variables import CELL, VARIABLES

SMALL = Config(n_models=3, epochs=1, temperatures=(0.25, 4.0), inv_sigma_ws=(0.5, 8.0), n_samples=400)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> xr.Dataset:
    """`SMALL` in one go."""
    return swept(SMALL, tmp_path_factory.mktemp("small") / "a.nc")


def swept(config: Config, path: Path, **options: object) -> xr.Dataset:
    run_sweep(config, path, progress=False, **options)  # type: ignore[arg-type]
    return read_dataset(path)


# --- the data set --------------------------------------------------------------------------------------


def test_every_variable_is_described(small: xr.Dataset):
    assert list(small.data_vars) == list(VARIABLES)
    for name, variable in small.variables.items():
        assert {"long_name", "units", "equation"} <= set(variable.attrs), name
    for name in VARIABLES:
        assert small[name].dims[:3] == CELL
    assert small.attrs["seed"] == 0
    assert Config.from_json(small.attrs["config"]) == SMALL
    assert {"numpy", "numba", "python"} <= set(json.loads(small.attrs["versions"]))
    assert not any("/" in str(small.attrs[name]) for name in ("command", "hardware"))


def test_time_is_in_epochs(small: xr.Dataset):
    """400 samples in batches of 4: an epoch has 100 steps, and the first record after 0 is at 100 steps."""
    assert small["time"].values.tolist() == [0.0, 1.0]
    assert small["time"].attrs["units"] == "epoch"


def test_histories_end_in_the_values_at_t_f(small: xr.Dataset):
    for name in ("test_loss", "gradient_norm", "feature_overlap", "alignment", "feature_rms"):
        np.testing.assert_array_equal(small[f"{name}_history"].isel(time=-1), small[name])
    np.testing.assert_array_equal(small["gradient_norm_history"].isel(time=0), small["gradient_norm_initial"])


def test_loss_follows_from_weights_and_teacher(small: xr.Dataset):
    """Eq. (2.6) written out for one network: its teacher is drawn again, its weights are the stored ones."""
    cell = small.sel(temperature=4.0, inv_sigma_w=0.5, model=2)
    ensemble = sample_ensemble(n_models=3, temperature=4.0, inv_sigma_w=0.5, n_samples=400)
    first, teacher, readout = (layer[2] for layer in ensemble.teacher)
    features = np.tanh(ensemble.test_inputs[2, :100] @ first.T)
    difference = np.tanh(features @ cell["weights"].values.T) - np.tanh(features @ teacher.T)
    assert float(cell["test_loss"]) == pytest.approx(0.5 * np.mean((difference @ readout.T) ** 2), rel=1e-6)


def test_spectrum_belongs_to_the_weights(small: xr.Dataset):
    """Tr X = |W|^2 and det X = product of the levels."""
    weights = small["weights"].values.astype(float)
    levels = small["eigenvalues"].isel(time=-1).values
    np.testing.assert_allclose(levels.sum(-1), (weights**2).sum((-1, -2)), rtol=1e-12)
    x = weights @ np.swapaxes(weights, -1, -2)
    np.testing.assert_allclose(np.log(levels).sum(-1), np.linalg.slogdet(x)[1], rtol=1e-9, atol=1e-9)


def test_hash_is_that_of_the_stored_weights(small: xr.Dataset):
    for place in np.ndindex(2, 2, 3):
        numbers = small["weights"].values[place].ravel().tolist()
        digest = hashlib.blake2b(struct.pack("<512f", *numbers), digest_size=8).digest()
        assert int(small["weights_hash"].values[place]) == int.from_bytes(digest, "little")


def test_hash_sees_every_bit_but_not_the_kind_of_nan():
    weights = np.ones((2, 2), dtype=np.float32)
    nudged = weights.copy()
    nudged[1, 1] = np.nextafter(np.float32(1), np.float32(2))
    assert weights_hash(weights) != weights_hash(nudged)
    assert weights_hash(np.full(2, np.nan)) == weights_hash(-np.full(2, np.nan))
    assert weights_hash(weights.T.copy().T) == weights_hash(weights)


# --- the same bits ---------------------------------------------------------------------------------------


class OneByOne(Executor):
    """Runs each call when it is submitted, and counts."""

    def __init__(self) -> None:
        self.calls = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.calls += 1
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@pytest.mark.parametrize(("threads", "block_size"), [(1, 64), (2, 1), (2, 5)])
def test_threads_and_blocks_do_not_matter(small: xr.Dataset, tmp_path: Path, threads: int, block_size: int):
    assert swept(SMALL, tmp_path / "a.nc", threads=threads, block_size=block_size).equals(small)


def test_executor_does_not_matter(small: xr.Dataset, tmp_path: Path):
    executor = OneByOne()
    assert swept(SMALL, tmp_path / "a.nc", executor=executor, block_size=5).equals(small)
    assert executor.calls == 3


def test_processes_do_not_matter(small: xr.Dataset, tmp_path: Path):
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        assert swept(SMALL, tmp_path / "a.nc", executor=executor, threads=1, block_size=7).equals(small)


def test_grid_does_not_matter(small: xr.Dataset, tmp_path: Path):
    """A cell alone has the networks it has within a grid."""
    alone = swept(replace(SMALL, temperatures=4.0, inv_sigma_ws=0.5), tmp_path / "a.nc")
    assert alone.equals(small.sel(temperature=[4.0], inv_sigma_w=[0.5]))


def test_never_more_than_two_blocks_per_thread_are_out(tmp_path: Path):
    class Counting(OneByOne):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            written = len(list(parts_folder(tmp_path / "a.nc").glob("*.part")))
            assert self.calls - written < 2 * 2
            return super().submit(fn, *args, **kwargs)

    swept(SMALL, tmp_path / "a.nc", executor=Counting(), threads=2, block_size=1)


# --- going on --------------------------------------------------------------------------------------------


def test_more_networks_are_added_to_those_there(small: xr.Dataset, tmp_path: Path):
    path = tmp_path / "a.nc"
    swept(replace(SMALL, n_models=2), path)
    outcome = run_sweep(SMALL, path, progress=False)
    assert outcome.n_computed == 4
    assert read_dataset(path).equals(small)
    assert not parts_folder(path).exists()
    assert run_sweep(SMALL, path, progress=False).n_computed == 0
    assert run_sweep(replace(SMALL, n_models=1), path, progress=False).n_computed == 0
    assert read_dataset(path).equals(small)


def test_parts_of_a_larger_sweep_are_kept_for_it(small: xr.Dataset, tmp_path: Path):
    """Three networks per cell are begun and stopped, then one is wanted, then three again."""
    path = tmp_path / "a.nc"
    with pytest.raises(Stop):
        run_sweep(SMALL, path, executor=Stopping(after=8), block_size=1, threads=1, progress=False)
    assert run_sweep(replace(SMALL, n_models=1), path, progress=False).n_computed == 0
    assert read_dataset(path).sizes["model"] == 1
    assert run_sweep(SMALL, path, progress=False).n_computed == 12 - 8
    assert read_dataset(path).equals(small)


class Stop(BaseException):
    """What a kill looks like from inside: nothing that is written to handle errors may run."""


class Stopping(OneByOne):
    def __init__(self, *, after: int) -> None:
        super().__init__()
        self.after = after

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self.calls == self.after:
            raise Stop
        return super().submit(fn, *args, **kwargs)


def test_a_kill_at_any_file_operation_loses_nothing(
    small: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The sweep is stopped at its first touch of the disk, the next at its second, and so on to the end."""
    path = tmp_path / "a.nc"
    left = 0

    def counted(operation: Callable[..., object]) -> Callable[..., object]:
        def wrapper(*args: object, **kwargs: object) -> object:
            nonlocal left
            left -= 1
            if left == 0:
                raise Stop
            return operation(*args, **kwargs)

        return wrapper

    for owner, name in [
        (store.os, "fsync"),
        (Path, "replace"),
        (Path, "unlink"),
        (Path, "mkdir"),
        (Path, "rmdir"),
    ]:
        monkeypatch.setattr(owner, name, counted(getattr(owner, name)))
    stops, computed = 0, 0
    while True:
        left = stops + 1
        try:
            computed += run_sweep(SMALL, path, block_size=4, threads=1, progress=False).n_computed
            break
        except Stop:
            stops += 1
    left = 0
    run_sweep(SMALL, path, progress=False)
    assert stops >= 4
    assert read_dataset(path).equals(small)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.nc", "a.nc.lock"]


def test_damaged_part_is_computed_again_and_said_so(small: xr.Dataset, tmp_path: Path):
    path = tmp_path / "a.nc"
    with pytest.raises(Stop):
        run_sweep(SMALL, path, executor=Stopping(after=2), block_size=4, threads=1, progress=False)
    part = next(parts_folder(path).glob("*.part"))
    part.write_bytes(part.read_bytes()[:-100])
    said = Said()
    outcome = run_sweep(SMALL, path, block_size=4, progress=said)
    assert any("damaged" in line for line in said.lines)
    assert outcome.n_computed == 12 - 4
    assert read_dataset(path).equals(small)


class Said:
    """A `Progress` that remembers."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.total = self.done = 0

    def say(self, message: str) -> None:
        self.lines.append(message)

    def start(self, *, total: int, done: int) -> None:
        self.total, self.done = total, done

    def advance(self, networks: int) -> None:
        self.done += networks

    def close(self) -> None:
        assert self.done <= self.total


def test_seconds_add_up_over_sittings(tmp_path: Path):
    path = tmp_path / "a.nc"
    first = run_sweep(replace(SMALL, n_models=1), path, progress=False).seconds
    said = Said()
    assert run_sweep(SMALL, path, progress=said).seconds > first > 0
    assert (said.total, said.done) == (12, 12)


# --- what goes wrong -------------------------------------------------------------------------------------


def test_network_that_overflows_is_recorded(tmp_path: Path):
    """A learning rate of 4e200 is infinite in single precision; its neighbour is not touched."""
    said = Said()
    config = replace(SMALL, n_models=2, temperatures=(0.25, 1e200))
    run_sweep(config, tmp_path / "a.nc", progress=said)
    dataset = read_dataset(tmp_path / "a.nc")
    assert dataset["diverged"].sel(temperature=1e200).values.all()
    assert not dataset["diverged"].sel(temperature=0.25).values.any()
    assert np.isnan(dataset["eigenvalues"].sel(temperature=1e200).isel(time=-1)).all()
    assert np.isfinite(dataset["test_loss"].sel(temperature=0.25)).all()
    assert "4 are not finite" in said.lines[-1]


def test_full_disk_at_a_part_keeps_what_is_done(
    small: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "a.nc"
    whole, count = store.atomic_write, 0

    def fills_up(*args: object) -> None:
        nonlocal count
        count += 1
        if count > 3:  # the configuration and two parts
            raise OSError(28, "No space left on device")
        whole(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(store, "atomic_write", fills_up)
        with pytest.raises(SweepError, match="no room left"):
            run_sweep(SMALL, path, block_size=4, threads=1, progress=False)
    assert run_sweep(SMALL, path, progress=False).n_computed == 4
    assert read_dataset(path).equals(small)


def test_full_disk_at_the_end_keeps_what_is_done(small: xr.Dataset, tmp_path: Path):
    """`/dev/full` is a file on which every write finds the disk full."""
    path = tmp_path / "a.nc"
    (tmp_path / "a.nc.tmp").symlink_to("/dev/full")
    with pytest.raises(SweepError, match=r"no room left to write .*a\.nc"):
        run_sweep(SMALL, path, progress=False)
    assert not path.exists()
    assert run_sweep(SMALL, path, progress=False).n_computed == 0
    assert read_dataset(path).equals(small)


@pytest.mark.parametrize("name", ["a.nc", "folder"])
def test_other_settings_are_not_overwritten(small: xr.Dataset, tmp_path: Path, name: str):
    path = tmp_path / name
    small.to_netcdf(path, engine="h5netcdf")
    with pytest.raises(SweepError, match=r"other settings \(seed: 0 there, 1 here\)"):
        run_sweep(replace(SMALL, seed=1), path, progress=False)
    with pytest.raises(SweepError, match=r"temperatures: \[0.25, 4.0\] there"):
        run_sweep(replace(SMALL, temperatures=(0.25,)), path, progress=False)


def test_another_kernel_is_another_sweep(small: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    small.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    monkeypatch.setattr(target, "KERNEL_VERSION", 10**6)
    with pytest.raises(SweepError, match=r"version 1 of the kernel, this is 1000000"):
        run_sweep(SMALL, tmp_path / "a.nc", progress=False)


def test_parts_of_other_settings_are_not_mixed_in(tmp_path: Path):
    path = tmp_path / "a.nc"
    with pytest.raises(Stop):
        run_sweep(SMALL, path, executor=Stopping(after=2), block_size=4, threads=1, progress=False)
    with pytest.raises(SweepError, match="unfinished sweep with other settings"):
        run_sweep(replace(SMALL, seed=1), path, progress=False)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.99])
def test_truncated_file_is_refused(small: xr.Dataset, tmp_path: Path, share: float):
    path = tmp_path / "a.nc"
    small.to_netcdf(path, engine="h5netcdf")
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(SweepError, match="not a readable NetCDF-4 file"):
        run_sweep(SMALL, path, progress=False)


def test_foreign_files_are_refused(small: xr.Dataset, tmp_path: Path):
    path = tmp_path / "a.nc"
    for foreign in (
        xr.Dataset({"rain": ("day", [1.0, 2.0])}),
        small.drop_vars("weights_hash"),
        small.isel(model=[1]),
        small.drop_attrs(),
        small.assign_attrs(config="{}"),
    ):
        foreign.to_netcdf(path, engine="h5netcdf")
        with pytest.raises(SweepError, match="not a data set of phasebook"):
            run_sweep(SMALL, path, progress=False)


def test_one_flipped_bit_in_the_weights_is_noticed(small: xr.Dataset, tmp_path: Path):
    """The large variables carry checksums."""
    path = tmp_path / "a.nc"
    run_sweep(replace(SMALL, n_models=20), path, progress=False)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(SweepError, match="not a readable"):
        read_dataset(path)


@pytest.mark.parametrize(("target_name", "words"), [("", "folder"), ("missing/a.nc", "there is no folder")])
def test_targets_that_cannot_be(tmp_path: Path, target_name: str, words: str):
    with pytest.raises(SweepError, match=words):
        run_sweep(SMALL, tmp_path / target_name, progress=False)


def test_target_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(self: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(SweepError, match=r"cannot write .*a\.nc: Permission denied"):
        run_sweep(SMALL, tmp_path / "a.nc", progress=False)


# --- the cache -------------------------------------------------------------------------------------------

FEW = {"temperatures": (0.25, 4.0), "inv_sigma_ws": (0.5, 8.0), "n_samples": 400}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PHASEBOOK_CACHE", str(tmp_path / "new" / "cache"))
    return tmp_path / "new" / "cache"


def test_load_sweep_computes_once(small: xr.Dataset, cache: Path, monkeypatch: pytest.MonkeyPatch):
    first = load_sweep("smoke", n_models=3, progress=False, **FEW)
    assert first.equals(small)
    assert (first.attrs["source"], first.attrs["scale"]) == ("computed", "smoke")
    monkeypatch.setattr(block_module, "train", None)
    again = load_sweep("smoke", n_models=3, **FEW)
    assert again.equals(small)
    assert again.attrs["source"] == "cache"
    fewer = load_sweep("smoke", n_models=2, **FEW)
    assert fewer.equals(small.isel(model=slice(2)))
    assert (fewer.attrs["n_models"], Config.from_json(fewer.attrs["config"]).n_models) == (2, 2)


def test_cache_keeps_settings_apart(cache: Path, monkeypatch: pytest.MonkeyPatch):
    names = {
        cache_file("book", config) for config in (SMALL, replace(SMALL, seed=1), replace(SMALL, epochs=2))
    }
    assert len(names) == 3
    assert cache_file("book", SMALL) == cache_file("book", replace(SMALL, n_models=50))
    monkeypatch.setattr(target, "KERNEL_VERSION", 10**6)
    assert cache_file("book", SMALL) not in names
    monkeypatch.delenv("PHASEBOOK_CACHE")
    assert cache_file("book", SMALL).parent.name == "phasebook"


def test_load_sweep_refuses_what_it_does_not_know(cache: Path):
    with pytest.raises(InvalidConfig, match="scale must be smoke, book or paper, got huge"):
        load_sweep("huge")
    with pytest.raises(InvalidConfig, match="models is not a setting"):
        load_sweep("smoke", models=3)
    assert not cache.exists()


def test_compute_block_needs_nothing_but_its_arguments(small: xr.Dataset):
    """One network alone, as a worker far away would compute it."""
    block = compute_block(SMALL, [(4.0, 0.5, 2)])
    cell = small.sel(temperature=4.0, inv_sigma_w=0.5, model=2)
    for name in VARIABLES:
        np.testing.assert_array_equal(block[name][0], cell[name].values)
