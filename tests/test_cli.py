"""The command: one clear line for every slip, and a sweep that any signal may stop."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
import xarray as xr
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st
from nbclient import NotebookClient

import phasebook
from phasebook.cli import execute
from phasebook.runs.config import SCALES
from phasebook.runs.dataset import read_dataset
from phasebook.runs.store import parts_folder
from phasebook.runs.sweep import run_sweep

ROOT = Path(__file__).parents[1]
CELLS = ["--temperature", "0.25", "2^2", "--inv-sigma-w", "1", "2^3"]
ONE_NETWORK = ["--scale", "smoke", "--models", "1", "--temperature", "1", "--inv-sigma-w", "1"]


def start(*arguments: str | Path, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-m", "phasebook", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, **options)


def wait_for(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Until it holds; the process must live so long."""
    limit = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < limit
        time.sleep(0.004)


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command that must fail; gives its one line."""

    def run(*arguments: str | Path) -> str:
        capsys.readouterr()
        assert execute([str(argument) for argument in arguments]) == 2
        output, errors = capsys.readouterr()
        assert output == ""
        assert errors.count("\n") == 1
        assert errors.endswith("\n")
        assert not re.search("Traceback|usage:", errors)
        return errors.rstrip()

    return run


# --- slips -----------------------------------------------------------------------------------------------


def test_the_example_of_the_style_guide(refused: Callable[..., str], tmp_path: Path):
    line = refused("sweep", "--scale", "smoke", "--temperature", "-1", "--out", tmp_path / "a.nc")
    assert line == (
        "phasebook sweep: --temperature must be a positive number, got -1 (the paper's grid: 2^-5 ... 2^6)"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scale", "huge"], "--scale must be smoke, book or paper, got huge"),
        (["--temperature", "0"], "--temperature must be a positive number, got 0 "),
        (["--temperature", "1", "nan"], "--temperature must be a positive number, got nan "),
        (["--temperature", "inf"], "--temperature must be a positive number, got inf "),
        (["--temperature", "warm"], "--temperature must be a positive number, got warm "),
        (["--temperature", "2^x"], "got 2^x "),
        (["--temperature", "9^9^9"], "got 9^9^9 "),
        (["--temperature", "1", "2", "1.0"], "--temperature must be different numbers, got 1 twice"),
        (["--inv-sigma-w", "-0.5"], "--inv-sigma-w must be a positive number, got -0.5 "),
        (["--inv-sigma-w", "NaN"], "--inv-sigma-w must be a positive number"),
        (["--models", "0"], "--models must be a whole number from 1 to 100000, got 0"),
        (["--models", "-3"], "--models must be a whole number"),
        (["--models", "2.5"], "got 2.5"),
        (["--models", ""], "got nothing"),
        (["--epochs", "0"], "--epochs must be a whole number"),
        (["--epochs", "1e400"], "--epochs must be a whole number"),
        (["--threads", "0"], "--threads must be a whole number"),
        (["--threads", "two"], "--threads must be a whole number from 1 to 10000, got two"),
        (["--seed", "-1"], "--seed must be a whole number"),
        (["--batch-size", "4001"], "--batch-size must be a whole number from 1 to 4000"),
        (["--order", "random"], "--order must be fixed, shuffled or with_replacement, got random"),
        (["--precision", "half"], "--precision must be float32 or float64, got half"),
        (["--modles", "3"], "--modles"),
        (["--model", "3"], "--model"),
        (["--temperature"], "--temperature: expected at least one argument"),
    ],
)
def test_bad_settings(refused: Callable[..., str], tmp_path: Path, arguments: list[str], words: str):
    out = tmp_path / "a.nc"
    line = refused("sweep", "--scale", "smoke", "--out", out, *arguments)
    assert words in line
    assert line.startswith("phasebook")
    assert list(tmp_path.iterdir()) == []


number = st.one_of(st.floats().map(str), st.integers().map(str), st.text(max_size=8))
options = ["--temperature", "--inv-sigma-w", "--models", "--epochs", "--threads", "--seed", "--batch-size"]


@settings(max_examples=50)
@given(option=st.sampled_from(options), value=number)
def test_whatever_is_given_is_taken_or_refused(option: str, value: str):
    """No value of any option ends in a traceback; the target is a folder that is not there."""
    try:
        assert execute(["sweep", *ONE_NETWORK, "--out", "/missing/folder/a.nc", f"{option}={value}"]) == 2
    except SystemExit as stop:
        raise AssertionError("the interpreter was left") from stop


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "which command"),
        (["swepe"], "swepe"),
        (["sweep"], "--out"),
        (["info"], "FILE.nc"),
    ],
)
def test_bad_commands(refused: Callable[..., str], arguments: list[str], words: str):
    assert words in refused(*arguments)


def test_targets_that_cannot_be(refused: Callable[..., str], tmp_path: Path):
    assert "is a folder" in refused("sweep", *ONE_NETWORK, "--out", tmp_path)
    assert "there is no folder" in refused("sweep", *ONE_NETWORK, "--out", tmp_path / "missing" / "a.nc")
    assert "there is no folder" in refused("sweep", *ONE_NETWORK, "--out", "/dev/null/a.nc")
    assert "File name too long" in refused("sweep", *ONE_NETWORK, "--out", tmp_path / ("a" * 300))
    (tmp_path / "text.nc").write_text("temperature, loss")
    assert "not a readable NetCDF-4 file" in refused("sweep", *ONE_NETWORK, "--out", tmp_path / "text.nc")
    assert "not a readable NetCDF-4 file" in refused("info", tmp_path / "text.nc")
    assert (tmp_path / "text.nc").read_text() == "temperature, loss"


def test_disk_that_fills_up(refused: Callable[..., str], tmp_path: Path):
    """A limit on the size of files stands for the disk; the system call fails all the same."""
    command = ["sweep", "--scale", "smoke", *CELLS, "--out", tmp_path / "a.nc"]
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        assert execute([str(argument) for argument in command]) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not (tmp_path / "a.nc").exists()
    assert execute([str(argument) for argument in command]) == 0


# --- a sweep ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command at scale smoke, on a small grid."""
    path = tmp_path_factory.mktemp("smoke") / "a.nc"
    assert execute(["sweep", "--scale", "smoke", *CELLS, "--threads", "1", "--out", str(path)]) == 0
    return path


def test_threads_do_not_matter(smoke: Path, tmp_path: Path):
    path = tmp_path / "b.nc"
    assert execute(["sweep", "--scale", "smoke", *CELLS, "--threads", "2", "--out", str(path)]) == 0
    assert read_dataset(path).equals(read_dataset(smoke))


def test_the_command_is_kept_and_repeats_the_sweep(smoke: Path, tmp_path: Path):
    """The stored command, with a file of its own, gives the same data set."""
    words = read_dataset(smoke).attrs["command"].split()
    assert words[:2] == ["phasebook", "sweep"]
    assert words[-2:] == ["--out", "FILE.nc"]
    assert execute([*words[1:-1], str(tmp_path / "b.nc")]) == 0
    assert read_dataset(tmp_path / "b.nc").equals(read_dataset(smoke))


def test_all_options_arrive(tmp_path: Path):
    arguments = (
        "--scale smoke --models 1 --epochs 2 --temperature 1e-1 --inv-sigma-w 2^-1 --seed 5 --batch-size 8 "
        "--order shuffled --precision float64"
    )
    assert execute(["sweep", *arguments.split(), "--out", str(tmp_path / "a.nc")]) == 0
    dataset = read_dataset(tmp_path / "a.nc")
    assert (dataset["temperature"].item(), dataset["inv_sigma_w"].item()) == (0.1, 0.5)
    assert dataset["weights"].dtype == "float64"
    expected = {"epochs": 2, "steps": 1000, "seed": 5, "batch_size": 8, "order": "shuffled", "n_models": 1}
    assert {name: dataset.attrs[name] for name in expected} == expected


def test_done_is_done(smoke: Path, capsys: pytest.CaptureFixture[str]):
    before = smoke.read_bytes()
    assert execute(["sweep", "--scale", "smoke", *CELLS, "--out", str(smoke)]) == 0
    assert "nothing to do" in capsys.readouterr().err
    assert smoke.read_bytes() == before


def test_info_in_about_ten_lines(smoke: Path, capsys: pytest.CaptureFixture[str]):
    assert execute(["info", str(smoke)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert 8 <= len(lines) <= 12
    text = "\n".join(lines)
    for words in (
        "2 x 2 cells x 4 = 16 networks",
        "2^-2, 2^2",
        "t_f = 1 epochs, 1000 SGD steps",
        "seed 0",
        "kernel",
    ):
        assert words in text


def test_info_about_what_is_not_there(refused: Callable[..., str], tmp_path: Path, smoke: Path):
    assert "there is no file" in refused("info", tmp_path / "a.nc")
    parts_folder(tmp_path / "a.nc").mkdir()
    assert "is not finished (0 blocks" in refused("info", tmp_path / "a.nc")
    cut = tmp_path / "cut.nc"
    cut.write_bytes(smoke.read_bytes()[:-1000])
    assert "truncated" in refused("info", cut)
    xr.Dataset({"rain": ("day", [1.0])}).to_netcdf(cut, engine="h5netcdf")
    assert "not a data set of phasebook" in refused("info", cut)


def test_overflow_is_mentioned(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    arguments = ["--scale", "smoke", "--models", "2", "--temperature", "1", "1e100", "--inv-sigma-w", "1"]
    assert execute(["sweep", *arguments, "--out", str(tmp_path / "a.nc")]) == 0
    assert "2 are not finite" in capsys.readouterr().err.splitlines()[-1]
    assert execute(["info", str(tmp_path / "a.nc")]) == 0
    assert "2 with weights that are not finite" in capsys.readouterr().out


# --- signals and second processes ------------------------------------------------------------------------

SECONDS_LONG = "--scale smoke --models 128 --epochs 20 --temperature 1 4 --inv-sigma-w 1 8"


def test_killed_in_the_middle_and_taken_up_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """SIGKILL after the first block, then the same command: the bits of a run that nobody disturbed.

    The undisturbed one is cut into other blocks.
    """
    out = tmp_path / "a.nc"
    process = start("sweep", *SECONDS_LONG.split(), "--threads", "1", "--out", out)
    wait_for(lambda: list(parts_folder(out).glob("*.part")), process)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not out.exists()
    finished = len(list(parts_folder(out).glob("*.part")))
    assert 1 <= finished < 8

    assert execute(["sweep", *SECONDS_LONG.split(), "--out", str(out)]) == 0
    assert f"{512 - 64 * finished} of 512 networks to train" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.nc", "a.nc.lock"]

    config = replace(
        SCALES["smoke"], n_models=128, epochs=20, temperatures=(1.0, 4.0), inv_sigma_ws=(1.0, 8.0)
    )
    run_sweep(config, tmp_path / "b.nc", block_size=100, progress=False)
    assert read_dataset(out).equals(read_dataset(tmp_path / "b.nc"))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_within_a_block_that_takes_minutes(tmp_path: Path, number: signal.Signals, code: int):
    """It stops at once, says how to go on in one line, and leaves a state to go on from."""
    out = tmp_path / "a.nc"
    arguments = ["--scale", "paper", "--models", "1", "--temperature", "1", "--inv-sigma-w", "1"]
    process = start("sweep", *arguments, "--out", out)
    wait_for(lambda: (parts_folder(out) / "config.json").exists(), process)
    time.sleep(0.5)
    process.send_signal(number)
    try:
        _, errors = process.communicate(timeout=60)  # the block takes minutes
    finally:
        process.kill()
    assert process.returncode == code
    assert errors.splitlines()[1:] == [
        "phasebook: interrupted; what is finished is kept, the same command goes on from there"
    ]
    assert parts_folder(out).is_dir()


def test_two_processes_asked_for_the_same(smoke: Path, tmp_path: Path):
    """Both wait for a third, held by this test; then one computes, and the other finds it done."""
    out = tmp_path / "a.nc"
    command = ["sweep", "--scale", "smoke", *CELLS, "--threads", "1", "--out", out]
    with FileLock(tmp_path / "a.nc.lock"):
        processes = [start(*command), start(*command)]
        for process in processes:
            assert process.stderr is not None
            assert "another process is computing" in process.stderr.readline()
    reports = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sum("nothing to do" in report for report in reports) == 1
    assert sum("networks to train" in report for report in reports) == 1
    assert read_dataset(out).equals(read_dataset(smoke))
    assert not parts_folder(out).exists()


# --- the package -----------------------------------------------------------------------------------------


def test_version_is_one(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stop:
        execute(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"phasebook {phasebook.__version__}\n"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == phasebook.__version__
    assert project["scripts"]["phasebook"] == "phasebook.cli:main"


def test_every_public_name_is_there():
    for name in phasebook.__all__:
        assert getattr(phasebook, name) is not None
    assert set(phasebook.__all__) <= set(dir(phasebook))
    assert phasebook.network.PAPER_WIDTHS == (3, 32, 16, 1)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        phasebook.nonsense  # noqa: B018


def test_importing_is_light_and_a_sweep_needs_no_torch(tmp_path: Path):
    program = f"""
import sys
import phasebook
import phasebook.cli
assert not {{"numpy", "numba", "torch", "xarray", "matplotlib"}} & set(sys.modules)
assert phasebook.cli.execute({["sweep", *ONE_NETWORK, "--out", str(tmp_path / "a.nc")]!r}) == 0
assert not {{"torch", "matplotlib"}} & set(sys.modules)
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, "-W", "error", "-c", program], check=True, env=environment, capture_output=True
    )


def test_in_a_notebook_nothing_goes_to_stderr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """One line of output, rewritten; the second time, from the cache, none."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PHASEBOOK_CACHE", str(tmp_path))
    cell = "import phasebook\nsweep = phasebook.load_sweep('smoke', n_models=1)"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for _ in range(2)])
    NotebookClient(notebook, kernel_name="python3", timeout=60).execute()
    (line,) = notebook.cells[0].outputs
    assert line.output_type == "display_data"
    assert "144 networks in" in line.data["text/plain"]
    assert notebook.cells[1].outputs == []
