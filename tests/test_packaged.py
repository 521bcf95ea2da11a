"""Packaged data: how it is made, and the rule when it is used."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import package_data
import pytest
import verify_packaged
import xarray as xr

from phasebook.boundaries import READINGS, signal_and_noise
from phasebook.figures.provenance import provenance
from phasebook.runs import load, packaged
from phasebook.runs.config import SCALES, Config
from phasebook.runs.dataset import config_of, read_dataset
from phasebook.runs.load import load_sweep
from phasebook.runs.store import SweepError
from phasebook.runs.sweep import run_sweep
from phasebook.runs.variables import VARIABLES
from phasebook.theory.spacing_terms import spacing_terms

FEW = {"temperatures": (0.25, 4.0), "inv_sigma_ws": (0.5, 8.0), "epochs": 1}
SMALL = replace(SCALES["book"], n_models=3, **FEW)


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("packaged") / "cell.nc"
    run_sweep(SMALL, path, scale="book", progress=False)
    return path


@pytest.fixture
def package(computed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packaged data with `SMALL` in it, and an empty cache."""
    folder = tmp_path / "data"
    folder.mkdir()
    package_data.package(computed, folder)
    monkeypatch.setattr(packaged, "FOLDER", folder)
    monkeypatch.setenv("PHASEBOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PHASEBOOK_NO_PACKAGED", raising=False)
    return folder / "book.nc"


def forbid_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("nothing should be computed")

    monkeypatch.setattr(load, "run_sweep", refuse)


# --- making it -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("digits", [12, 24])
def test_rounding_is_to_the_nearest(digits: int):
    values = np.random.default_rng(0).lognormal(0, 8, 10_000) * np.tile([1, -1], 5000)
    again = package_data.rounded(values, digits).astype(float)
    error = np.abs(again / values - 1).max()
    assert 0.9 * 2.0**-digits < error <= 2.0**-digits
    fractions = np.frexp(again)[0] * 2.0**digits
    np.testing.assert_array_equal(fractions, np.round(fractions))
    special = np.array([0.0, np.inf, -np.inf, np.nan])
    np.testing.assert_array_equal(package_data.rounded(special, digits), special)
    assert np.isinf(package_data.rounded(np.array([1e300]), digits))


def test_same_sweep_gives_the_same_bytes(computed: Path, tmp_path: Path):
    first, second = tmp_path / "1", tmp_path / "2"
    for folder in (first, second):
        folder.mkdir()
        assert package_data.main([str(computed), "--out", str(folder)]) == 0
    for name in ("book.nc", "book.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_manifest_says_how_to_make_and_check_the_file(package: Path):
    manifest = json.loads(package.with_suffix(".json").read_text())
    assert manifest["sha256"] == sha256(package.read_bytes()).hexdigest()
    assert manifest["command"].startswith("phasebook sweep --scale book")
    assert {"phasebook_version", "kernel_version", "seed", "hardware", "seconds"} <= set(manifest)
    assert Config.from_json(json.dumps(manifest["config"])) == SMALL


def test_what_was_reduced_is_said_and_small(computed: Path, package: Path):
    whole, small = read_dataset(computed), read_dataset(package)
    assert set(whole.data_vars) - set(small.data_vars) == {"eigenvalues", "weights"}
    assert small["weights_hash"].equals(whole["weights_hash"])
    for name, variable in small.data_vars.items():
        bound = variable.attrs.get("rounding", 0.0)
        np.testing.assert_allclose(variable, whole[name], rtol=bound * 1.001, atol=0, err_msg=str(name))
    assert "histories to 12 binary digits" in small.attrs["reduced"]


def test_names_and_what_is_refused(computed: Path, package: Path, capsys: pytest.CaptureFixture[str]):
    dataset = read_dataset(computed)
    paper = dataset.assign_attrs(scale="paper")
    assert package_data.name_of(dataset, computed) == "book"
    assert package_data.name_of(paper, computed) == "paper_time_cell"
    grid = paper.assign_attrs(config=replace(SCALES["paper"], n_models=3).to_json())
    assert package_data.name_of(grid, computed) == "paper_time"
    assert package_data.main([str(package)]) == 2
    assert "is packaged already" in capsys.readouterr().err


def test_too_large_a_file_is_rounded_more_and_then_refused(computed: Path, monkeypatch: pytest.MonkeyPatch):
    dataset = read_dataset(computed)
    size = {
        r.digits: len(package_data.to_bytes(package_data.reduce(dataset, r))) for r in package_data.LONG_RUN
    }
    assert size[12] < size[16] < size[24]
    monkeypatch.setattr(package_data, "LARGEST_MB", (size[16] + 1) / 1e6)
    small, _ = package_data.smallest_loss(dataset, package_data.LONG_RUN)
    assert "histories to 16 binary digits" in small.attrs["reduced"]
    assert small["weights"].equals(dataset["weights"])
    monkeypatch.setattr(package_data, "LARGEST_MB", 0.001)
    with pytest.raises(SweepError, match=r"more than 0\.001 MB: package fewer networks"):
        package_data.smallest_loss(dataset, package_data.LONG_RUN)


# --- the rule --------------------------------------------------------------------------------------------


def test_packaged_where_there_is_no_cache(package: Path, computed: Path, monkeypatch: pytest.MonkeyPatch):
    forbid_training(monkeypatch)
    sweep = load_sweep("book", n_models=3, **FEW)
    assert sweep.attrs["source"] == "packaged"
    assert set(sweep.data_vars) == set(VARIABLES)
    np.testing.assert_allclose(sweep["test_loss"], read_dataset(computed)["test_loss"], rtol=1e-7)
    assert "packaged, verified by phasebook verify" in provenance(sweep)


def test_part_of_a_packaged_grid(package: Path, computed: Path, monkeypatch: pytest.MonkeyPatch):
    """One cell and fewer networks than there are: the numbers they have within the grid."""
    forbid_training(monkeypatch)
    cell = load_sweep("book", n_models=2, epochs=1, temperatures=4.0, inv_sigma_ws=0.5)
    whole = read_dataset(computed).sel(temperature=[4.0], inv_sigma_w=[0.5]).isel(model=slice(2))
    assert cell["weights_hash"].equals(whole["weights_hash"])
    assert config_of(cell) == replace(SMALL, n_models=2, temperatures=(4.0,), inv_sigma_ws=(0.5,))


def test_what_was_left_out_is_computed_when_looked_at(package: Path, computed: Path):
    """Not before, exactly, and once: from then on the cache has it."""
    sweep = load_sweep("book", n_models=3, progress=False, **FEW)
    cell = sweep["weights"].sel(temperature=4.0).isel(model=[0, 2], inv_sigma_w=1)
    assert not (package.parents[1] / "cache").exists()
    whole = read_dataset(computed)
    assert cell.equals(whole["weights"].sel(temperature=4.0).isel(model=[0, 2], inv_sigma_w=1))
    assert sweep["eigenvalues"].equals(whole["eigenvalues"])
    assert load_sweep("book", n_models=3, **FEW).attrs["source"] == "cache"


def test_nothing_more_is_computed_than_is_looked_at(package: Path, monkeypatch: pytest.MonkeyPatch):
    asked: list[Config] = []

    def noted(config: Config, *args: object, **kwargs: object) -> object:
        asked.append(config)
        return run_sweep(config, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(load, "run_sweep", noted)
    sweep = load_sweep("book", n_models=3, progress=False, **FEW)
    cell = {"temperature": 4.0, "inv_sigma_w": 0.5}
    assert sweep["weights"].sel(cell).isel(model=slice(0)).values.shape == (0, 16, 32)
    for name in ("weights", "eigenvalues", "weights"):
        assert np.isfinite(sweep[name].sel(cell)).all()
    assert [(one.temperatures, one.inv_sigma_ws) for one in asked] == [((4.0,), (0.5,))]


def test_the_forces_come_with_the_sweep(package: Path, computed: Path, monkeypatch: pytest.MonkeyPatch):
    """No weights and no training: yet K_S and V_S of any part, under any reading, as from the weights."""
    forbid_training(monkeypatch)
    part = {"temperature": [4.0], "inv_sigma_w": [0.5, 8.0], "model": [0, 2]}
    sweep = load_sweep("book", n_models=3, progress=False, **FEW)
    kept = signal_and_noise(sweep.sel(part), readings=READINGS[1:3])
    there = signal_and_noise(read_dataset(computed).sel(part), readings=READINGS[1:3])
    assert list(kept["reading"].values) == [one.name for one in READINGS[1:3]]
    for name, values in there.data_vars.items():
        np.testing.assert_allclose(kept[name], values, rtol=1e-6, atol=1e-12, err_msg=str(name))


def test_the_terms_come_with_the_sweep(package: Path, computed: Path, monkeypatch: pytest.MonkeyPatch):
    forbid_training(monkeypatch)
    sweep = load_sweep("book", n_models=3, progress=False, **FEW)
    there = spacing_terms(read_dataset(computed), n_models=2)
    kept = spacing_terms(sweep, n_models=2)
    assert kept.attrs == there.attrs
    for name, values in there.data_vars.items():
        np.testing.assert_allclose(kept[name], values, rtol=1e-6, atol=1e-9, err_msg=str(name))
    assert spacing_terms(sweep, n_models=2, at="start")["spacing"].notnull().all()


def test_forces_of_another_sweep_are_refused(package: Path):
    manifest = json.loads(package.with_suffix(".json").read_text())
    content = package.read_bytes() + b" "
    package.write_bytes(content)
    package.with_suffix(".json").write_text(json.dumps({**manifest, "sha256": sha256(content).hexdigest()}))
    with pytest.raises(SweepError, match="not made from"):
        signal_and_noise(load_sweep("book", n_models=3, progress=False, **FEW))


def test_packaged_forces_are_those_of_the_networks():
    """Three networks of the book's sweep, trained here."""
    place: Any = {"temperatures": (2.0,), "inv_sigma_ws": (0.25,)}
    kept = signal_and_noise(load_sweep("book", packaged=True, n_models=3, **place))
    there = signal_and_noise(load_sweep("book", packaged=False, n_models=3, progress=False, **place))
    for name, values in there.data_vars.items():
        np.testing.assert_allclose(kept[name], values, rtol=1e-5, err_msg=str(name))


@pytest.mark.parametrize("asked", [{"n_models": 4}, {"seed": 1}, {"inv_sigma_ws": (0.5, 4.0)}])
def test_computed_where_the_package_has_it_not(package: Path, asked: dict[str, object]):
    settings = {"n_models": 3, **FEW, **asked}
    assert load_sweep("book", progress=False, **settings).attrs["source"] == "computed"


def test_another_kernel_is_another_sweep(package: Path, monkeypatch: pytest.MonkeyPatch):
    assert packaged.find(SMALL) is not None
    monkeypatch.setattr(packaged, "KERNEL_VERSION", 10**6)
    assert packaged.find(SMALL) is None


def test_environment_forbids_packaged_data(package: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PHASEBOOK_NO_PACKAGED", "1")
    assert load_sweep("book", n_models=3, packaged=True, **FEW).attrs["source"] == "packaged"
    assert load_sweep("book", n_models=3, progress=False, **FEW).attrs["source"] == "computed"
    monkeypatch.delenv("PHASEBOOK_NO_PACKAGED")
    assert load_sweep("book", n_models=3, **FEW).attrs["source"] == "cache"
    assert not packaged.allowed(False)


def test_damaged_package_is_refused(package: Path):
    content = bytearray(package.read_bytes())
    content[len(content) // 2] ^= 1
    package.write_bytes(content)
    with pytest.raises(SweepError, match=r"is not the file that book\.json describes"):
        load_sweep("book", n_models=3, **FEW)


def test_packaged_file_is_not_extended(package: Path):
    with pytest.raises(SweepError, match="packaged, rounded data set; choose another --out"):
        run_sweep(replace(SMALL, n_models=4), package, progress=False)


def test_paper_scale_is_never_computed_unasked(package: Path, monkeypatch: pytest.MonkeyPatch):
    forbid_training(monkeypatch)
    with pytest.raises(
        SweepError, match=r"14400 networks x 1e\+08 SGD steps .* core-hours, too long"
    ) as error:
        load_sweep("paper")
    assert str(error.value).endswith("to compute it: phasebook sweep --scale paper --out FILE.nc")
    monkeypatch.setenv("PHASEBOOK_NO_PACKAGED", "1")
    with pytest.raises(SweepError, match="packaged=True takes what comes with the package"):
        load_sweep("paper", n_models=1)


def test_of_a_long_sweep_one_gets_what_there_is(package: Path, monkeypatch: pytest.MonkeyPatch):
    """As many networks as there are, if the number is left open; an error that says how many, if not."""
    monkeypatch.setattr(load, "LARGEST", 1)
    forbid_training(monkeypatch)
    sweep = load_sweep("book", **FEW)  # a hundred by the scale
    assert (sweep.sizes["model"], sweep.attrs["n_models"], sweep.attrs["source"]) == (3, 3, "packaged")
    with pytest.raises(SweepError, match="3 networks per cell are there: n_models=3"):
        load_sweep("book", n_models=4, **FEW)


def test_cells_of_figure_6_come_with_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """The real files: sixteen networks in each, and the loss that the paper's Figure 2 shows there."""
    forbid_training(monkeypatch)
    monkeypatch.setenv("PHASEBOOK_CACHE", str(tmp_path))
    ordered = load_sweep("paper", packaged=True, temperatures=2**-5, inv_sigma_ws=2**3)
    assert ordered.sizes["model"] >= 16
    assert float(ordered["time"][-1]) == 100_000
    assert -7.1 < np.log10(2 * float(ordered["test_loss"].mean())) < -6.3
    for temperature, inv_sigma_w in ((2**-5, 2**-8), (2**2, 2**3)):
        cell = load_sweep("paper", packaged=True, temperatures=temperature, inv_sigma_ws=inv_sigma_w)
        assert cell["weights"].shape[2:] == (cell.sizes["model"], 16, 32)


def test_book_comes_with_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    forbid_training(monkeypatch)
    monkeypatch.setenv("PHASEBOOK_CACHE", str(tmp_path))
    sweep: xr.Dataset = load_sweep("book", packaged=True)
    assert sweep["test_loss"].shape == (12, 12, 100)
    assert (packaged.FOLDER / "book.nc").stat().st_size < 10e6


def test_make_book_forbids_packaged_data_and_proves_them():
    makefile = (packaged.FOLDER.parents[1] / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^\$\(BUILT\) \$\(VERIFIED\) sweep: export PHASEBOOK_NO_PACKAGED := 1$", makefile, re.M)
    assert re.search(r"^book: \$\(VERIFIED\) \$\(BUILT\)", makefile, re.MULTILINE)
    assert "tools/verify_packaged.py" in makefile


def test_whole_book_is_compared_network_by_network(computed: Path):
    """One bit of one hash out of all, wherever it is."""
    whole = read_dataset(computed)
    assert verify_packaged.compare(whole, whole) == ""
    wrong = whole.copy(deep=True)
    wrong["weights_hash"].values[1, 0, 2] ^= np.uint64(1)
    assert verify_packaged.compare(wrong, whole) == (
        "1 of 12 networks have other weights here, the first at T = 4, 1/sigma_W = 0.5, network 2"
    )
