"""`phasebook verify`: what is true passes, one bit that is not fails, and the choice of networks is fair."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import package_data
import pytest
import xarray as xr

from phasebook.cli import execute
from phasebook.runs import verify
from phasebook.runs.block import weights_hash
from phasebook.runs.checks import InvalidConfig
from phasebook.runs.compare import ROUNDING, tolerance
from phasebook.runs.config import SCALES, Config
from phasebook.runs.cost import Measurement
from phasebook.runs.dataset import read_dataset, write_dataset
from phasebook.runs.packaged import FOLDER
from phasebook.runs.store import SweepError
from phasebook.runs.sweep import run_sweep
from phasebook.runs.verify import draw, verify_file

SMALL = Config(n_models=3, epochs=1, temperatures=(0.25, 4.0), inv_sigma_ws=(0.5, 8.0), n_samples=400)
EVERYTHING = ["--cells", "4", "--networks", "3"]


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("verify") / "a.nc"
    run_sweep(SMALL, path, progress=False)
    return path


@pytest.fixture(scope="module")
def summary(computed: Path) -> xr.Dataset:
    """As book.nc is packaged: no weights, rounded."""
    return package_data.reduce(read_dataset(computed), package_data.SUMMARY)


def changed(dataset: xr.Dataset, name: str, change: Callable[[np.ndarray], object]) -> xr.Dataset:
    copy = dataset.copy(deep=True)
    change(copy[name].values)
    return copy


def outcome(dataset: xr.Dataset, path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    write_dataset(dataset, path)
    capsys.readouterr()
    code = execute(["verify", str(path), *EVERYTHING])
    return code, capsys.readouterr().out.splitlines()


def flip_lowest_bit(place: tuple[int, ...], kind: str) -> Callable[[np.ndarray], None]:
    def flip(values: np.ndarray) -> None:
        values.view(kind)[place] ^= 1

    return flip


def test_what_is_true_passes(computed: Path, summary: xr.Dataset, tmp_path: Path, capsys):
    whole = read_dataset(computed)
    for dataset in (whole, summary, package_data.reduce(whole, package_data.LONG_RUN[0])):
        code, lines = outcome(dataset, tmp_path / "b.nc", capsys)
        assert code == 0
        assert [line.split()[0] for line in lines[:4]] == ["ok"] * 4
        assert lines[4].endswith("b.nc: verified: 12 networks in 4 cells came out the same")
        assert len(lines) == 5


@pytest.mark.parametrize(
    ("name", "flip"),
    [
        ("weights", flip_lowest_bit((1, 0, 2, 7, 30), "uint32")),
        ("weights_hash", flip_lowest_bit((1, 0, 2), "uint64")),
    ],
)
def test_one_bit_of_one_weight_or_hash_fails(computed: Path, tmp_path: Path, capsys, name: str, flip):
    code, lines = outcome(changed(read_dataset(computed), name, flip), tmp_path / "b.nc", capsys)
    assert code == 1
    failed = [line for line in lines if line.startswith("FAILED")]
    assert len(failed) == 2
    assert "T = 4        1/sigma_W = 0.5         networks 2: the weights do not have their hash" in failed[0]
    assert "T = 4        1/sigma_W = 0.5         networks 0 1 2: other weights in 2" in failed[1]
    assert "NOT VERIFIED: 1 of 4 cells failed, and 1 other checks" in lines[-1]


def test_one_bit_of_a_weight_and_a_hash_that_agrees_with_it_fails(computed: Path, tmp_path: Path, capsys):
    """Somebody who changes a weight and its hash together is found out by training alone."""
    forged = changed(read_dataset(computed), "weights", flip_lowest_bit((0, 1, 1, 0, 0), "uint32"))
    forged["weights_hash"].values[0, 1, 1] = weights_hash(forged["weights"].values[0, 1, 1])
    code, lines = outcome(forged, tmp_path / "b.nc", capsys)
    assert code == 1
    assert ["other weights in 1" in line for line in lines if line.startswith("FAILED")] == [True]


def test_one_bit_of_a_hash_without_weights_fails(summary: xr.Dataset, tmp_path: Path, capsys):
    wrong = changed(summary, "weights_hash", flip_lowest_bit((0, 0, 0), "uint64"))
    code, lines = outcome(wrong, tmp_path / "b.nc", capsys)
    assert code == 1
    assert "NOT VERIFIED: 1 of 4 cells failed" in lines[-1]


@pytest.mark.parametrize("packaged", [False, True])
@pytest.mark.parametrize("name", ["test_loss", "alignment", "averaged_rate", "gradient_norm_history"])
def test_observable_that_is_off_fails(
    computed: Path, summary: xr.Dataset, tmp_path: Path, capsys, name: str, packaged: bool
):
    """By three times what rounding allows, in one network at one time."""
    dataset = summary if packaged else read_dataset(computed)
    place = (1, 1, 2, -1)[: dataset[name].ndim]
    value = dataset[name].values[place].astype(float)
    rounding = float(dataset[name].attrs.get("rounding", 0))
    allowed = float(tolerance(name, np.array(value), rounding=rounding, t_f=1.0))
    wrong = changed(dataset, name, lambda values: values.__setitem__(place, value + 3 * allowed))
    code, lines = outcome(wrong, tmp_path / "b.nc", capsys)
    assert code == 1
    assert f"{name} differs by" in "".join(line for line in lines if line.startswith("FAILED"))


def test_tolerance_is_rounding_and_no_more(computed: Path):
    """The same networks in other company, another layout and other threads stay far within it."""
    report = verify_file(computed, cells=4, networks=2, seed=3, threads=1, progress=False)
    assert report.verified
    assert max(cell.worst for cell in report.cells) < 0.01
    assert float(tolerance("test_loss", np.array(2.0), rounding=0.0, t_f=1.0)) == 2 * ROUNDING


def test_overflow_is_no_difference(tmp_path: Path):
    """Networks that diverged: infinities and NaN agree with themselves, also in single precision."""
    path = tmp_path / "a.nc"
    run_sweep(replace(SMALL, n_models=1, temperatures=(64.0, 1e200)), path, progress=False)
    assert verify_file(path, progress=False).verified
    write_dataset(package_data.reduce(read_dataset(path), package_data.SUMMARY), path)
    assert verify_file(path, progress=False).verified


def test_manifest_beside_the_file_must_describe_it(computed: Path, tmp_path: Path):
    path = tmp_path / "a.nc"
    path.write_bytes(computed.read_bytes())
    path.with_suffix(".json").write_text(json.dumps({"sha256": "0" * 64}))
    report = verify_file(path, cells=1, networks=1, progress=False)
    assert not report.verified
    assert "SHA-256 differs" in report.lines()[0]


def test_every_network_is_drawn_equally_often():
    config = Config(n_models=5, epochs=1, temperatures=(1.0, 2.0, 4.0), inv_sigma_ws=(1.0, 2.0))
    drawn = [draw(config, cells=2, networks=2, seed=seed) for seed in range(600)]
    for networks in drawn:
        assert len(set(networks)) == 4
        assert len({network[:2] for network in networks}) == 2
    counts = Counter(network for networks in drawn for network in networks)
    assert set(counts) == set(config.networks())
    expected = 600 * 4 / 30
    assert all(abs(count - expected) < 5 * expected**0.5 for count in counts.values())
    assert drawn[0] == draw(config, cells=2, networks=2, seed=0) != drawn[1]


def test_one_vector_by_default():
    """At paper time a network costs a minute alone and the same minute together with fifteen others."""
    paper = replace(SCALES["paper"], n_models=4)
    assert len(draw(paper, cells=16)) == len(draw(paper, cells=4)) == 16
    assert len(draw(replace(paper, n_models=1), cells=4)) == 4
    assert len(draw(paper, cells=4, networks=2, max_steps=5 * 10**8)) == 4
    with pytest.raises(InvalidConfig, match="max_steps must be a whole number from 200000000"):
        draw(paper, cells=4, networks=2, max_steps=10**8)


def test_time_left_is_told_while_nothing_else_happens(
    computed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(verify, "TELL_EVERY", 0.001)
    monkeypatch.setattr(verify, "_seconds_of_a_block", lambda config: 100.0)
    assert execute(["verify", str(computed), "--cells", "1"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "training 3 networks again, 100 SGD steps each: about 01:40 on this machine"
    assert lines[1] in ("about 01:40 left", "about 01:39 left")


def test_time_is_foretold_by_a_short_trial(monkeypatch: pytest.MonkeyPatch):
    """In proportion to the steps; nothing is tried where the trial would be as long as the run."""

    def made_up(*, networks: int, epochs: int, widths: tuple[int, ...]) -> Measurement:
        return Measurement(networks, 1000 * epochs, widths, seconds=0.0, elapsed=3.0 + 0.01 * epochs)

    monkeypatch.setattr(verify, "time_block", made_up)
    config = Config(n_models=1, epochs=100_000)
    assert verify._seconds_of_a_block(config) == pytest.approx(1000)
    assert verify._seconds_of_a_block(replace(config, epochs=99)) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cells", "0"], "--cells must be a whole number"),
        (["--cells", "many"], "--cells must be a whole number"),
        (["--networks", "4"], "--networks must be a whole number from 1 to 3, got 4"),
        (["--seed", "-1"], "--seed must be a whole number"),
        (["--max-steps", "10"], "--max-steps must be a whole number from 300"),
        (["--threads", "0"], "--threads must be a whole number"),
    ],
)
def test_slips(computed: Path, capsys, arguments: list[str], words: str):
    assert execute(["verify", str(computed), *arguments]) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert words in errors
    assert errors.count("\n") == 1


def test_files_that_cannot_be_verified(computed: Path, tmp_path: Path, capsys, monkeypatch):
    assert execute(["verify", str(tmp_path / "none.nc")]) == 2
    assert "there is no file" in capsys.readouterr().err
    (tmp_path / "cut.nc").write_bytes(computed.read_bytes()[:-1000])
    assert execute(["verify", str(tmp_path / "cut.nc")]) == 2
    assert "not a readable NetCDF-4 file" in capsys.readouterr().err
    monkeypatch.setattr(verify, "KERNEL_VERSION", 10**6)
    with pytest.raises(SweepError, match="version 1 of the kernel, this is 1000000"):
        verify_file(computed)


SWEEPS = [path for name in ("book", "paper_time*") for path in sorted(FOLDER.glob(f"{name}.nc"))]


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_packaged_files_are_whole(path: Path):
    """Without training: every stored weight has its hash, and the manifest describes the file."""
    dataset = read_dataset(path)
    assert verify.hash_problems(dataset) == []
    assert path.with_suffix(".json").exists()
    assert verify.manifest_problem(path) is None


def test_packaged_book_is_what_training_gives():
    """Sixteen networks; `make book` trains all of them."""
    report = verify_file(FOLDER / "book.nc", cells=4, networks=4, seed=1, progress=False)
    assert report.verified, report.lines()
